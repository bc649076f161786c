"""The callables of a compiled module that is only read, such as one for another machine.

Method tables are found by their look: a name, a pointer to code, flags and a documentation, one
after the other up to an end of zeros. Who points to a table says whose it is.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wadjet.errors import ImageError
from wadjet.native.signatures import docline
from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.evidence import Found
from wadjet.native.signatures.machine import INIT_FAILED, KEYWORDS, VARARGS, Code, of_type
from wadjet.native.signatures.recover import Confidence, Signature, blended
from wadjet.native.signatures.shape import Shape
from wadjet.target.behavior import MINOR

_ROW, _FLAGS, _DOC = 32, 16, 24  # a PyMethodDef: its size, and where its flags and doc are
_CONVENTIONS = {0x1, 0x3, 0x4, 0x8, 0x80, 0x82, 0x282}
_MODIFIERS = 0x70  # METH_CLASS, METH_STATIC, METH_COEXIST
_MODULE_NAME, _MODULE_METHODS = 40, 64  # in a PyModuleDef
_TYPE_NAME, _TYPE_METHODS, _TYPE_INIT, _TYPE_NEW = 24, 232, 296, 312  # in a PyTypeObject
_SLOT_METHODS, _SLOT_INIT, _SLOT_NEW, _SLOTS_END = 64, 60, 65, 100  # of a PyType_Spec
_SPEC_SLOTS = 24
_LEAST_SIZE = 16  # of an object
_NAME = re.compile(r"[A-Za-z_]\w*")
_TAG = re.compile(r"cp(?:ython-)?3(\d+)")


class _Method(NamedTuple):
    name: str
    code: int
    flags: int
    doc: str


class _Owner(NamedTuple):
    """A module or a type: its name, and what is called when a type is (None for no type)."""

    name: str
    slots: tuple[int, int] | None = None


def images(path: Path) -> Iterator[tuple[str, Image, tuple[int, int]]]:
    """Yield the compiled modules of a file or a wheel: a name, the image, the Python version.

    Raises ImageError for what has none.
    """
    if path.suffix != ".whl":
        yield path.name, Image(path), _version(path.name)
        return
    found = False
    try:
        with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
            for name in wheel.namelist():
                if re.search(r"\.so(\.\d+)*$", name) and ".libs/" not in name:
                    found = True
                    yield name, Image(Path(wheel.extract(name, folder))), _version(path.name)
    except (OSError, zipfile.BadZipFile) as error:
        raise ImageError(f"{path} is no wheel that can be read ({error})") from None
    if not found:
        raise ImageError(f"{path} has no compiled modules", "it is all of Python")


def _version(name: str) -> tuple[int, int]:
    match = _TAG.search(name)
    return (3, int(match[1])) if match and "abi3" not in name else MINOR


def signatures(image: Image, version: tuple[int, int]) -> Iterator[Signature]:
    """Yield the signatures of the callables in an image."""
    code = Code(image, version)
    places = sorted(image.pointers())
    for table, methods in _tables(image, places):
        owner = _owner(image, places, table)
        if owner.slots is not None:
            yield _signature(owner.name, "type", _type(code, *owner.slots), "")
        kind = "method" if owner.slots is not None else "function"
        for each in methods:
            found = code.function(each.code, each.flags)
            yield _signature(f"{owner.name}.{each.name}", kind, found, each.doc)


def _signature(name: str, kind: str, found: Found | None, doc: str) -> Signature:
    blank = Signature(name, kind, None, "", Confidence.NONE)
    told: list[tuple[str, Shape]] = [
        ("documentation", shape) for shape in docline.shapes(doc, name)
    ]
    return blended(blank, found, told)


def _type(code: Code, init: int, new: int) -> Found | None:
    """Return what a type takes; one whose ``tp_new`` is not given may get it at run time."""
    generic = code.image.imports.get(new) == "PyType_GenericNew"
    return (
        of_type(
            None if generic or not new else code.function(new, VARARGS | KEYWORDS),
            code.function(init, VARARGS | KEYWORDS, INIT_FAILED) if init else None,
            plain_new=False,
            generic=generic or not new,
            plain_init=not init,
        )
        if init or new
        else None
    )


def _tables(image: Image, places: list[int]) -> Iterator[tuple[int, list[_Method]]]:
    """Yield each method table: where it begins, and its rows."""
    past = 0
    for place in places:
        if place < past:
            continue
        rows: list[_Method] = []
        at = place
        while (row := _method(image, at)) is not None:
            rows.append(row)
            at += _ROW
        if rows and image.pointer(at) == 0:
            past = at
            yield place, rows


def _method(image: Image, at: int) -> _Method | None:
    name, code = image.pointer(at), image.pointer(at + 8)
    if not name or not code or not image.is_code(code):
        return None
    flags = image.integer(at + _FLAGS)
    if flags & ~_MODIFIERS not in _CONVENTIONS or flags < 0:
        return None
    text = image.text(name)
    doc = image.pointer(at + _DOC)
    if text is None or not _NAME.fullmatch(text):
        return None
    return _Method(text, code, flags, (image.text(doc) or "") if doc else "")


def _owner(image: Image, places: list[int], table: int) -> _Owner:
    """Return whose a method table is: of a module, a static type, or a heap type."""
    for at in (place for place in places if image.pointer(place) == table):
        if image.integer(at - 8, 8) == _SLOT_METHODS:
            found = _spec(image, places, at - 8)
            if found is not None:
                return found
        name = _named(image, at - _TYPE_METHODS + _TYPE_NAME)
        start = at - _TYPE_METHODS
        if name and _is_object(image, start) and image.integer(start + 32, 8) >= _LEAST_SIZE:
            init, new = (image.pointer(start + off) or 0 for off in (_TYPE_INIT, _TYPE_NEW))
            new = start + _TYPE_NEW if start + _TYPE_NEW in image.imports else new
            return _Owner(name, (init, new))
        name = _named(image, at - _MODULE_METHODS + _MODULE_NAME)
        if name and _is_object(image, at - _MODULE_METHODS):
            return _Owner(name)
    return _Owner("?")


def _is_object(image: Image, at: int) -> bool:
    """Whether an object may be at an address: it is referred to, and has no type as yet."""
    known = at + 8 in image.imports
    return image.integer(at, 8) > 0 and (known or image.pointer(at + 8) in (0, None))


def _named(image: Image, at: int) -> str:
    """Return the dotted name that a pointer leads to; empty for anything else."""
    pointer = image.pointer(at)
    text = image.text(pointer) if pointer else None
    return text if text and all(map(_NAME.fullmatch, text.split("."))) else ""


def _spec(image: Image, places: list[int], slot: int) -> _Owner | None:
    """Return the heap type whose slots are around ``slot``."""
    while 0 < image.integer(slot - 16, 8) < _SLOTS_END:
        slot -= 16
    values: dict[int, int] = {}
    at = slot
    while 0 < (number := image.integer(at, 8)) < _SLOTS_END:
        values[number] = at + 8 if at + 8 in image.imports else image.pointer(at + 8) or 0
        at += 16
    for place in (each for each in places if image.pointer(each) == slot):
        name = _named(image, place - _SPEC_SLOTS)
        if name:
            return _Owner(name, (values.get(_SLOT_INIT, 0), values.get(_SLOT_NEW, 0)))
    return None
