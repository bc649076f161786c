"""Giving the callables of a module the signatures that were found, where Python looks for them.

The text is put before the documentation in the C structures, in one batch. No function is
replaced, so calls cost what they did.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from types import ModuleType
from typing import Any

from wadjet.native.signatures import _signatures, sidecar
from wadjet.native.signatures.census import Callable, callables
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.recover import recovered


def give(module: ModuleType) -> int:
    """Give the callables of a C module signatures; return how many have got one.

    A module of Python has none to be given. Raises MissingExtraError where they have to be
    read from machine code and cannot.
    """
    home = _signatures.home(module)
    if home is None:
        return 0
    image, base, build_id = home
    shared = not image or "/libpython" in image  # the image of many modules
    name = module.__name__ if shared else ""
    path = sidecar.path_of(image or "/proc/self/exe", build_id, name)
    kept = sidecar.load(path)
    if kept is None:  # in this process they may be known already, and would not be found again
        kept = _made[path] = _made.get(path) or made(module, base)
        sidecar.save(path, kept)
    written = _signatures.apply(base, kept.rows)
    if not kept.named:
        return written
    pairs = [(found, text) for name, text in kept.named if (found := _find(module, name))]
    _signatures.write(pairs)
    return written + len(pairs)


_made: dict[str, sidecar.Sidecar] = {}


@lru_cache(maxsize=1)
def _process() -> Process:
    return Process()


def made(module: ModuleType, base: int) -> sidecar.Sidecar:
    """Return what there is to be written for a module that is loaded at ``base``."""
    process = _process()
    rows: list[tuple[int, int, str]] = []
    named: list[tuple[str, str]] = []
    for each in callables(module):
        found = recovered(each, process)
        if found.known or found.shape is None or not is_writable(each):
            continue
        text = found.internal(own_name(each))
        kind, place = _place(each)
        loaded = process.loaded(place)
        if loaded is not None and loaded.base == base:
            rows.append((place - base, kind, text))
        else:
            named.append((each.name.removeprefix(f"{module.__name__}."), text))
    return sidecar.Sidecar(sidecar.packed(rows), tuple(named))


def is_writable(each: Callable) -> bool:
    """Whether a callable has a documentation that can be changed in place.

    A type of pybind11 is known by its ``__init__``; nanobind makes its documentation when asked.
    """
    if each.kind == "type":
        return not each.maker
    return _signatures.method(each.object) is not None


def own_name(each: Callable) -> str:
    """Return what a callable calls itself, which its text signature must begin with."""
    if each.kind == "type":
        return _signatures.slots(each.object)[4].rpartition(".")[2]
    definition = _signatures.method(each.object)
    name = each.name if definition is None else definition[3]
    return name.rpartition(".")[2]


def _place(each: Callable) -> tuple[int, int]:
    """Return what is changed for a callable, and its address."""
    if each.kind == "type":
        return sidecar.TYPE, id(each.object)
    definition = _signatures.method(each.object)
    assert definition is not None
    return sidecar.METHOD, definition[0]


def _find(module: ModuleType, name: str) -> Any:
    """Return what a dotted name stands for: a method as its type holds it."""
    owner, _, last = name.rpartition(".")
    try:
        holder: Any = attrgetter(owner)(module) if owner else module
        found = vars(holder)[last]
    except (AttributeError, KeyError, TypeError):
        return None
    return found.__func__ if isinstance(found, staticmethod) else found
