"""A stub file of what was found in a module: signatures without types, which nobody can read."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any

from wadjet.native.signatures import _signatures
from wadjet.native.signatures.census import Callable, unwrapped
from wadjet.native.signatures.recover import Signature
from wadjet.native.signatures.shape import is_name

_SUBCLASSED = 1 << 10  # Py_TPFLAGS_BASETYPE
_MODULES = {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__"}
_INHERITED = {"__doc__", "__module__", "__dict__", "__weakref__", "__new__", "__init__"}


def stub(module: types.ModuleType, found: list[tuple[Callable, Signature]]) -> str:
    """Return the stub of a module, given its callables and their signatures."""
    by_object = {id(each.object): (each, signature) for each, signature in found}
    lines: list[str] = []
    classes: dict[int, str] = {}
    for name, value in vars(module).items():
        if name in _MODULES or not is_name(name):
            continue
        if not isinstance(value, type) and id(value) in by_object:
            lines.append(_function(name, by_object[id(value)][1], ""))
        elif isinstance(value, type) and value.__module__ != "builtins":
            if id(value) in classes:
                lines.append(f"{name} = {classes[id(value)]}")
            else:
                classes[id(value)] = name
                lines += _class(name, value, by_object, classes)
        elif isinstance(value, bool | int | float | str | bytes):
            lines.append(f"{name}: {type(value).__name__}")
        else:
            lines.append(f"{name}: Any")
    return "\n".join([*_imports(lines), *lines, ""])


def _imports(lines: list[str]) -> Iterator[str]:
    """Yield the imports that a stub with these lines needs."""
    text = "\n".join(lines)
    words = [each for each in ("Any", "final") if re.search(rf"\b{each}\b", text)]
    if words:
        yield f"from typing import {', '.join(words)}\n"
    if "@disjoint_base" in text:
        yield "from typing_extensions import disjoint_base\n"


def _function(name: str, found: Signature, first: str) -> str:
    inside = "*args: Any, **kwargs: Any" if found.shape is None else found.shape.text()
    return f"def {name}({', '.join(filter(None, (first, inside)))}): ..."


def _class(
    name: str,
    kind: type,
    by_object: dict[int, tuple[Callable, Signature]],
    classes: dict[int, str],
) -> Iterator[str]:
    bases = [_base(each, classes) for each in kind.__bases__ if each is not object]
    yield from _marks(kind)
    yield f"class {name}({', '.join(bases)}):" if all(bases) and bases else f"class {name}:"
    body = [f"    {line}" for line in _members(kind, by_object)]
    yield from body or ["    ..."]


def _marks(kind: type) -> Iterator[str]:
    """Yield what a checker must know of a class: whether it can have subclasses, and others."""
    if not kind.__flags__ & _SUBCLASSED:
        yield "@final"
    elif kind.__base__ is not None and _fields(kind) != _fields(kind.__base__):
        yield "@disjoint_base"


def _fields(kind: type) -> tuple[int, int]:
    """Return the size of an object without its dict and its list of weak references."""
    words = (kind.__dictoffset__ != 0) + (kind.__weakrefoffset__ != 0)
    return kind.__basicsize__ - 8 * words, kind.__itemsize__


def _base(kind: type, classes: dict[int, str]) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else classes.get(id(kind), "")


def _members(kind: type, by_object: dict[int, tuple[Callable, Signature]]) -> Iterator[str]:
    if id(kind) in by_object:
        new, init, *_ = _signatures.slots(kind)
        plain = _signatures.slots(object)
        signature = by_object[id(kind)][1]
        if init not in (0, plain[1]):
            yield _function("__init__", signature, "self").replace("):", ") -> None:")
        elif new != plain[0]:
            yield _function("__new__", signature, "cls")
    for name, value in vars(kind).items():
        if name in _INHERITED or not is_name(name):
            continue
        found = by_object.get(id(unwrapped(value)))
        if found is not None:
            yield from _method(name, value, found[1])
        elif not name.startswith("__"):
            yield f"{name}: Any"


def _method(name: str, value: Any, found: Signature) -> Iterator[str]:
    if isinstance(value, staticmethod):
        yield "@staticmethod"
        yield _function(name, found, "")
    elif isinstance(value, types.ClassMethodDescriptorType | classmethod):
        yield "@classmethod"
        yield _function(name, found, "cls")
    else:
        yield _function(name, found, "self")
