"""Every C callable of a module: its functions, its types and their methods."""

from __future__ import annotations

import builtins
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

from wadjet.native.signatures import _signatures, makers

_METHODS = (types.MethodDescriptorType, types.ClassMethodDescriptorType)
CLASS, STATIC = 0x10, 0x20  # METH_CLASS, METH_STATIC


@dataclass(frozen=True, slots=True)
class Callable:
    """One C callable; ``kind`` is function, method or type, ``name`` its dotted name.

    ``maker`` is the tool that wrote its code, empty for none.
    """

    kind: str
    name: str
    object: Any
    owner: type | None = None
    maker: str = ""
    static: bool = False

    @property
    def bound(self) -> str:
        """What ``inspect`` expects as its first parameter in a text signature; may be empty."""
        if self.kind == "type":
            return ""
        if self.maker:  # inspect takes them for bound to what keeps their record
            return "" if self.kind == "function" or self.static else "self"
        if self.kind == "function":
            return "$module"
        if isinstance(self.object, types.BuiltinFunctionType):  # a static method
            return ""
        return "$type" if isinstance(self.object, types.ClassMethodDescriptorType) else "$self"

    def signature(self) -> inspect.Signature | None:
        """Return what ``inspect`` says today, None where it knows nothing."""
        try:
            return inspect.signature(self.object)
        except Exception:  # it evaluates what the text names, which may be anything
            return None


def callables(module: types.ModuleType, seen: set[int] | None = None) -> Iterator[Callable]:
    """Yield the C callables that a module has for its own.

    What it has from another module is left to that one. ``seen`` holds the identities of
    objects that were met before, so that an alias is told of once.
    """
    seen = set() if seen is None else seen
    seen.add(id(module))
    for name, value in sorted(vars(module).items()):
        if _is_function(value) and not _is_elsewhere(value, module):
            if id(value) not in seen:
                seen.add(id(value))
                made = makers.maker(value)
                yield Callable("function", f"{module.__name__}.{name}", value, maker=made)
        elif isinstance(value, types.ModuleType):
            if id(value) not in seen and _is_within(value):
                yield from callables(value, seen)
        elif isinstance(value, type) and not _is_elsewhere(value, module):
            yield from _of_type(value, f"{module.__name__}.{name}", seen)


def _is_within(module: types.ModuleType) -> bool:
    """Whether a module was made by the one that it is in, and never imported."""
    held = vars(module)
    return held.get("__loader__") is None and not held.get("__file__")


def _is_function(value: Any) -> bool:
    """Whether an object is a function of C: by its method definition, or by who made it."""
    if isinstance(value, types.BuiltinFunctionType):
        return _signatures.method(value) is not None
    return bool(makers.maker(value)) and not isinstance(value, type)


def _is_elsewhere(value: Any, module: types.ModuleType) -> bool:
    """Whether an object says that it belongs to another module that is of C as well."""
    try:
        home = value.__module__
    except Exception:
        return False
    if makers.maker(value) and isinstance(home, str):
        return home != module.__name__ and _is_of_c(home)
    bound = getattr(value, "__self__", None)
    if isinstance(value, types.BuiltinFunctionType):
        return isinstance(bound, types.ModuleType) and bound is not module
    return module is not builtins and vars(builtins).get(value.__name__) is value


def _is_of_c(name: str) -> bool:
    """Whether a module that was imported is an extension."""
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return file.endswith(tuple(EXTENSION_SUFFIXES))


def _of_type(kind: type, name: str, seen: set[int]) -> Iterator[Callable]:
    if id(kind) in seen or not is_native(kind):
        return
    seen.add(id(kind))
    made = makers.maker(kind)
    if _signatures.slots(kind)[0] and (not made or makers.has_constructor(kind)):
        yield Callable("type", name, kind, maker=made)  # any other cannot be called
    for each, value in sorted(vars(kind).items()):
        method = unwrapped(value)
        if _is_method(method, value) and id(method) not in seen:
            seen.add(id(method))
            made = makers.maker(method)
            static = isinstance(value, staticmethod) or type(value).__name__ == "nb_func"
            yield Callable("method", f"{name}.{each}", method, kind, made, static)
        elif isinstance(value, type) and value.__module__ == kind.__module__:
            yield from _of_type(value, f"{name}.{each}", seen)


def unwrapped(value: Any) -> Any:
    """Return the function behind what a type holds, for a static method or one of the class."""
    return value.__func__ if isinstance(value, staticmethod | classmethod) else value


def _is_method(method: Any, held: Any) -> bool:
    """Whether a function that a type holds in some way is one of its methods, in C."""
    if isinstance(method, types.BuiltinFunctionType):
        return isinstance(held, staticmethod)
    return isinstance(method, _METHODS) or (
        bool(makers.maker(method)) and not isinstance(method, type)
    )


def is_native(kind: type) -> bool:
    """Whether a type was made by C code: no ``class`` statement leaves no ``__dict__`` entry."""
    flags = kind.__flags__
    heap = bool(flags & (1 << 9))
    return not heap or "__module__" not in vars(kind) or _made_by_spec(kind)


def _made_by_spec(kind: type) -> bool:
    """Whether a heap type is of C: no function of Python and none of its marks is in it."""
    if "__firstlineno__" in vars(kind) or "__annotations__" in vars(kind):
        return False
    held = vars(kind)
    if any(makers.maker(unwrapped(value)) for value in held.values()):
        return True
    if any(isinstance(value, types.FunctionType) for value in held.values()):
        return False
    return ("__dict__" not in held and "__weakref__" not in held) or any(
        isinstance(value, _METHODS) for value in held.values()
    )
