"""The machine code of this process: what it says of the callables that are here."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from wadjet.errors import ImageError
from wadjet.native.signatures import _signatures, memory
from wadjet.native.signatures.census import Callable
from wadjet.native.signatures.elf import Image
from wadjet.native.signatures.evidence import ANYTHING, Found, Reader
from wadjet.native.signatures.explore import Explorer
from wadjet.native.signatures.reading import Reading
from wadjet.native.signatures.searched import searched
from wadjet.native.signatures.shape import Shape, by_place
from wadjet.native.signatures.state import Count, Given, Layout, Value
from wadjet.target.behavior import MINOR, parser_offsets

VARARGS, KEYWORDS, NOARGS, ONE, FASTCALL, METHOD = 1, 2, 4, 8, 0x80, 0x200
_VECTOR = FASTCALL | KEYWORDS
_CLASSIC = VARARGS | KEYWORDS
INIT_FAILED = -1
"""What a ``tp_init`` returns with an error."""

_MARKS = {"cython": b".__reduce_cython__(self", "pyo3": b"pyo3_runtime"}
"""What only images have whose code a tool wrote; Cython's where it embeds signatures."""


def convention(flags: int) -> list[Value]:
    """Return what a function with these ``METH_`` flags is called with."""
    first: list[Value] = [Given("self")]
    if flags & METHOD:
        first.append(None)
    if flags & FASTCALL:
        first += [Given("items"), Count(0)]
        return [*first, Given("kwnames")] if flags & KEYWORDS else first
    first.append(Given("tuple"))
    return [*first, Given("kwargs")] if flags & KEYWORDS else first


class Code:
    """The code of one image, and what was read in it before."""

    def __init__(self, image: Image, version: tuple[int, int], base: int | None = None) -> None:
        """``base`` is where the image is loaded in this process, None where it is not."""
        self.image = image
        self._explorer = Explorer(image, Layout(keywords=parser_offsets(version)[1]))
        self._reader = (
            Reader(image, version)
            if base is None
            else Reader(image, version, lambda place: memory.string(base + place))
        )
        self._kept: dict[tuple[int, int, int], Found | None] = {}

    @cached_property
    def maker(self) -> str:
        """The tool that wrote the code, as far as it matters; empty for none."""
        marks = (each for each, mark in _MARKS.items() if self.image.has(mark))
        return next(marks, "")

    @staticmethod
    def by_flags(flags: int) -> Found | None:
        """Return what is known of a function by its flags alone."""
        if flags & NOARGS:
            return Found(Shape(), "flags")
        return Found(by_place(1, 1), "flags") if flags & ONE else None

    def function(self, address: int, flags: int, failure: int = 0) -> Found | None:
        """Return what the function at ``address`` takes, called as its flags say.

        ``failure`` is what it returns with an error: NULL, but for a ``tp_init``.
        """
        if flags & (NOARGS | ONE):
            return self.by_flags(flags)
        wanted = address, flags & (_VECTOR | VARARGS | METHOD), failure
        if wanted not in self._kept:
            given = convention(flags)

            def read(assumed: str | None = None) -> Reading:
                return self._explorer.read(address, given, assumed, failure)

            reading = read()
            names = bool(flags & KEYWORDS)
            found = searched(reading, read) if names else None
            self._kept[wanted] = self._reader.found(reading, names=names, searched=found)
        return self._kept[wanted]


def of_type(
    made: Found | None, started: Found | None, *, plain_new: bool, generic: bool, plain_init: bool
) -> Found | None:
    """Return what a type takes, by what its ``tp_new`` and its ``tp_init`` do.

    Plain are those of ``object``; generic is a ``tp_new`` that looks at no argument.
    """
    if plain_init and plain_new:
        return Found(Shape(), "slots")
    if plain_init and generic:
        return Found(ANYTHING, "slots")
    if plain_init:
        return made
    if plain_new or generic:
        return started
    return _narrower(made, started)


def _narrower(made: Found | None, started: Found | None) -> Found | None:
    """Return the one of two that says more; both ``tp_new`` and ``tp_init`` are called."""
    if made is None or started is None:
        return None
    loose = [each.source in ("comparisons", "unread") for each in (made, started)]
    if loose[0] != loose[1]:
        return started if loose[0] else made
    if made.shape.key == started.shape.key:
        return started
    return started._replace(exact=False)


class Loaded(NamedTuple):
    """Where an image is loaded."""

    base: int
    end: int
    path: str
    build_id: bytes


class Process:
    """The images of this process."""

    def __init__(self) -> None:
        self._codes: dict[str, Code | None] = {}
        self._images: list[Loaded] = []

    @cached_property
    def _plain(self) -> tuple[int, int]:
        new, init, *_ = _signatures.slots(object)
        return new, init

    def loaded(self, address: int) -> Loaded | None:
        """Return the image that an address lies in."""
        found = self._loaded(address)
        if found is None:  # it may have been loaded since
            self._images = images()
            found = self._loaded(address)
        return found

    def _loaded(self, address: int) -> Loaded | None:
        at = bisect_right(self._images, address, key=lambda image: image.base) - 1
        return self._images[at] if at >= 0 and address < self._images[at].end else None

    def code(self, loaded: Loaded) -> Code | None:
        """Return the code of an image; None where it cannot be read."""
        if loaded.path not in self._codes:
            try:
                image = Image(Path(loaded.path))
                self._codes[loaded.path] = Code(image, MINOR, loaded.base)
            except ImageError:
                self._codes[loaded.path] = None
        return self._codes[loaded.path]

    def found(self, callable_: Callable) -> Found | None:
        """Return what the machine code of a callable says."""
        if callable_.kind == "type":
            return self._type(callable_.object)
        definition = _signatures.method(callable_.object)
        return None if definition is None else self.function(definition[1], definition[2])

    def maker(self, callable_: Callable) -> str:
        """Return the tool that wrote the image of a function or a type; empty for none."""
        value = callable_.object
        if callable_.kind == "type":
            places = [each for each in _signatures.slots(value)[:2] if each]
        else:
            definition = _signatures.method(value)
            places = [] if definition is None else [definition[1]]
        codes = [self.code(place) for each in places if (place := self.loaded(each))]
        return next((code.maker for code in codes if code is not None and code.maker), "")

    def function(self, address: int, flags: int, failure: int = 0) -> Found | None:
        """Return what the function at an address takes, called as its flags say."""
        place = self.loaded(address)
        code = None if place is None else self.code(place)
        if place is None or code is None:
            return Code.by_flags(flags)
        return code.function(address - place.base, flags, failure)

    def _type(self, kind: type) -> Found | None:
        new, init, vectorcall, *_ = _signatures.slots(kind)
        plain_new, plain_init = new == self._plain[0], init in (0, self._plain[1])
        generic = self._name(new) == "PyType_GenericNew"
        found = of_type(
            None if plain_new or generic else self.function(new, _CLASSIC),
            None if plain_init else self.function(init, _CLASSIC, INIT_FAILED),
            plain_new=plain_new,
            generic=generic,
            plain_init=plain_init,
        )
        if vectorcall and (found is None or not found.exact):
            shorter = self.function(vectorcall, _VECTOR)
            return shorter if found is None or (shorter and shorter.exact) else found
        return found

    def _name(self, address: int) -> str:
        place = self.loaded(address)
        code = None if place is None else self.code(place)
        if place is None or code is None:
            return ""
        return code.image.names.get(address - place.base, "")


def images() -> list[Loaded]:
    """Return the images of this process, by address."""
    rows = (
        Loaded(base, end, path or "/proc/self/exe", build_id)
        for path, base, end, build_id in _signatures.images()
    )
    return sorted(rows)
