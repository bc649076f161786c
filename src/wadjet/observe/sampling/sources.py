"""The source text that a recording keeps, so that it can be read on another machine.

The program's own files come first, then those of libraries, the costliest first, as long
as there is room: a program that imports pandas runs through a thousand files.
"""

from __future__ import annotations

import linecache
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from wadjet.model import columns
from wadjet.model.origin import is_library
from wadjet.model.profile import NO_NODE, Function, Samples

OWN_ROOM = 8 << 20
"""Characters of the program's own files that are kept at most."""

LIBRARY_ROOM = 3 << 18
"""Characters of libraries' files that are kept at most."""

_LARGEST = 1 << 20  # bytes of a file
_SUFFIXES = (".py", ".pyw", ".pyx", ".c", ".h", ".cc", ".cpp", ".rs")


class Costs:
    """What each node of a growing call tree has cost, by metric."""

    def __init__(self, metrics: int) -> None:
        self._parent, self._frame = array("i"), array("i")
        self._spent = [array("q") for _ in range(metrics)]

    def add_nodes(self, parent: array[int], frame: array[int]) -> None:
        """Take new nodes, given as columns."""
        self._parent += parent
        self._frame += frame
        for spent in self._spent:
            spent.frombytes(bytes(len(parent) * spent.itemsize))

    def add_samples(self, samples: Samples) -> None:
        """Take new samples, of nodes that are known."""
        for spent, column in zip(self._spent, samples.values, strict=True):
            columns.scatter(spent, samples.node, column)

    def by_file(
        self, functions: Sequence[Function], frame_function: Sequence[int]
    ) -> Mapping[str, float]:
        """Return by file of Python how many times the whole of a metric its lines have cost.

        What native code spends is its caller's. ``frame_function`` is a function for each frame.
        """
        called = columns.gather(frame_function, self._frame, 0)
        python = array("i", [each.kind == "python" for each in functions])
        near = columns.nearest(self._parent, columns.gather(python, called, 0))
        bearer = columns.gather(called, near, NO_NODE)
        costs: defaultdict[str, float] = defaultdict(float)
        for spent in self._spent:
            whole, by_function = sum(spent), array("q", bytes(8 * len(functions)))
            columns.scatter(by_function, bearer, spent)
            for function, cost in zip(functions, by_function, strict=True):
                if cost:
                    costs[function.file] += cost / whole
        return costs


def worth_keeping(files: set[str], costs: Mapping[str, float]) -> dict[str, str]:
    """Return the texts of source files, as many as there is room for."""
    own = sorted(file for file in files if not is_library(file))
    others = sorted(files.difference(own), key=lambda file: (-costs.get(file, 0), file))
    return _texts(own, OWN_ROOM) | _texts(others, LIBRARY_ROOM)


def _texts(files: Sequence[str], room: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in files:
        text = _text(file, room)
        if text is not None and len(text) <= room:
            texts[file] = text
            room -= len(text)
    return texts


def _text(file: str, room: int) -> str | None:
    """Return the text of a source file, unless it is too large."""
    if file.startswith("<"):
        return _remembered(file)
    if not file.endswith(_SUFFIXES):
        return None
    try:
        if Path(file).stat().st_size > min(_LARGEST, 4 * room):  # characters have 4 bytes at most
            return None
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return _remembered(file)


def _remembered(file: str) -> str | None:
    """Return the source of what was never a file, such as a cell of a notebook.

    Whoever makes such code puts its text where tracebacks look for it, in its own process.
    """
    return "".join(linecache.getlines(file)) or None
