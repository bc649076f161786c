"""Functions and frames of a recording: their numbers in the file, and native ones by name."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wadjet.model.profile import Function
from wadjet.model.store import Writer

if TYPE_CHECKING:
    from wadjet.target.symbols import Symbol, Symbolizer

_PYTHON, _NATIVE, _TASK = range(3)
_Address = tuple[str, int]  # library, address in it


class Names:
    """Numbers functions and frames for the file; names native ones when it is done.

    ``separately``: also by lines that only files beside the libraries tell.
    """

    def __init__(self, writer: Writer, *, separately: bool) -> None:
        self._writer = writer
        self._symbols = _Symbols(separately=separately)
        self._numbers: dict[Function, int] = {}
        self._python: list[Function] = []  # by the number that the tree has for it
        self._libraries: list[str] = []
        self._function = array("i")
        self._line = array("i")
        self._native: list[tuple[int, int, int]] = []  # frame, library, address
        self._written = 0

    def add(
        self, functions: list[str], libraries: list[str], kind: bytes, a: bytes, b: bytes
    ) -> None:
        """Write what is new in the tree."""
        self._libraries.extend(libraries)
        texts = iter(functions)
        fresh: list[Function] = []
        for file, name, line in zip(texts, texts, texts, strict=True):
            self._python.append(Function(name, file, int(line)))
        start = len(self._function)
        rows = zip(column("i", kind), column("i", a), column("q", b), strict=True)
        for each, first, second in rows:
            if each == _PYTHON:
                self._function.append(self._number(self._python[first], fresh))
                self._line.append(second)
            elif each == _TASK:
                task = replace(self._python[first], kind="task")
                self._function.append(self._number(task, fresh))
                self._line.append(0)
            else:
                self._native.append((len(self._function), first, second))
                self._function.append(self._number(self._unnamed(first, second), fresh))
                self._line.append(0)
        self._write(fresh)
        self._writer.frames(self._function[start:], self._line[start:])

    def look_ahead(self) -> None:
        """Find the names of native frames that are known by now, in a thread."""
        self._symbols.look_ahead(self._addresses())

    def symbolize(self) -> None:
        """Give native frames the names and lines that their libraries know."""
        if not self._native:
            return
        fresh: list[Function] = []
        addresses = self._addresses()
        found = self._symbols.find(addresses)
        for (frame, _, _), (path, address) in zip(self._native, addresses, strict=True):
            symbol = found[path, address]
            if symbol is not None:
                function = Function(symbol.name, symbol.file or path, symbol.first_line, "native")
                self._function[frame] = self._number(function, fresh)
                self._line[frame] = symbol.line
        self._write(fresh)
        self._writer.replace_frames(self._function, self._line)

    def _addresses(self) -> list[_Address]:
        return [(self._library(library), address) for _, library, address in self._native]

    def seen(self) -> tuple[list[Function], array[int]]:
        """Return the functions, and the number of its function for each frame."""
        return list(self._numbers), self._function

    def files(self) -> set[str]:
        """Return the source files of the functions that were seen."""
        return {function.file for function in self._numbers if function.file}

    def _write(self, fresh: list[Function]) -> None:
        self._writer.functions(fresh)
        self._written += len(fresh)

    def _number(self, function: Function, fresh: list[Function]) -> int:
        number = self._numbers.setdefault(function, len(self._numbers))
        if number == self._written + len(fresh):
            fresh.append(function)
        return number

    def _library(self, number: int) -> str:
        return self._libraries[number] if number >= 0 else "[unknown]"

    def _unnamed(self, library: int, address: int) -> Function:
        path = self._library(library)
        return Function(f"{path.rpartition('/')[2]}+{address:#x}", path, 0, "native")


class _Symbols:
    """What is at addresses; to read a library takes a while, and may be begun in a thread."""

    def __init__(self, *, separately: bool) -> None:
        self._separately = separately
        self._symbolizer: Symbolizer | None = None
        self._found: dict[_Address, Symbol | None] = {}
        self._thread: threading.Thread | None = None

    def look_ahead(self, addresses: Sequence[_Address]) -> None:
        """Begin to find them, unless it is at work still."""
        if self._thread is not None and self._thread.is_alive():
            return
        if any(each not in self._found for each in addresses):
            self._thread = threading.Thread(target=self._look, args=(addresses,), daemon=True)
            self._thread.start()

    def find(self, addresses: Sequence[_Address]) -> dict[_Address, Symbol | None]:
        """Return what is at the addresses, None where that is not known."""
        if self._thread is not None:
            self._thread.join()
        self._look(addresses)
        return self._found

    def _look(self, addresses: Sequence[_Address]) -> None:
        """Find them, in one thread at a time."""
        if self._symbolizer is None:
            from wadjet.target.symbols import Symbolizer  # reads ELF: slow to import

            self._symbolizer = Symbolizer(separately=self._separately)
        for path, address in addresses:
            if (path, address) not in self._found:
                self._found[path, address] = self._symbolizer.find(path, address)


def column(code: str, data: bytes) -> array[int]:
    """Return bytes as a column."""
    column: array[int] = array(code)
    column.frombytes(data)
    return column
