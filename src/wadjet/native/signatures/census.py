"""Every C callable of a module: its functions, its types and their methods."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wadjet.native.signatures import _signatures

_METHODS = (types.MethodDescriptorType, types.ClassMethodDescriptorType)
CLASS, STATIC = 0x10, 0x20  # METH_CLASS, METH_STATIC


@dataclass(frozen=True, slots=True)
class Callable:
    """One C callable; ``kind`` is function, method or type, ``name`` its dotted name."""

    kind: str
    name: str
    object: Any
    owner: type | None = None

    @property
    def bound(self) -> str:
        """What ``inspect`` expects as its first parameter in a text signature; may be empty."""
        if self.kind == "type":
            return ""
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
    for name, value in sorted(vars(module).items()):
        if isinstance(value, types.BuiltinFunctionType) and not _is_elsewhere(value, module):
            if id(value) not in seen and _signatures.method(value):
                seen.add(id(value))
                yield Callable("function", f"{module.__name__}.{name}", value)
        elif isinstance(value, type) and not _is_elsewhere(value, module):
            yield from _of_type(value, f"{module.__name__}.{name}", seen)


def _is_elsewhere(value: Any, module: types.ModuleType) -> bool:
    """Whether an object says that it belongs to another module that is of C as well."""
    try:
        home = value.__module__
    except Exception:
        return False
    bound = getattr(value, "__self__", None)
    if isinstance(value, types.BuiltinFunctionType):
        return isinstance(bound, types.ModuleType) and bound is not module
    return home == "builtins" and module.__name__ != "builtins"


def _of_type(kind: type, name: str, seen: set[int]) -> Iterator[Callable]:
    if id(kind) in seen or not is_native(kind):
        return
    seen.add(id(kind))
    if _signatures.slots(kind)[0]:  # else it cannot be called
        yield Callable("type", name, kind)
    for each, value in sorted(vars(kind).items()):
        static = isinstance(value, staticmethod) and isinstance(
            value.__func__, types.BuiltinFunctionType
        )
        method = value.__func__ if static else value
        if (static or isinstance(method, _METHODS)) and id(method) not in seen:
            seen.add(id(method))
            yield Callable("method", f"{name}.{each}", method, kind)
        elif isinstance(value, type) and value.__module__ == kind.__module__:
            yield from _of_type(value, f"{name}.{each}", seen)


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
    if any(isinstance(value, types.FunctionType) for value in held.values()):
        return False
    return ("__dict__" not in held and "__weakref__" not in held) or any(
        isinstance(value, _METHODS) for value in held.values()
    )
