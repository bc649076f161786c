"""Who made something: a line of Python, and the C function that it called for that."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.embed.hunting.pieces import Piece
from wadjet.model.finding import Place
from wadjet.model.origin import is_library
from wadjet.target.symbols import Symbolizer

if TYPE_CHECKING:
    from wadjet.observe.memory.blocks import Blocks, Frame

_HARNESS = re.compile(r"/(?:_pytest|pluggy|xdist|execnet|pytest_[a-z_]+)/|/pytest/__")
_OURS = f"{Path(__file__).parent}/"
_WADJET = f"{Path(__file__).parents[2]}/"
_SYSTEM = re.compile(r"/(?:python[\d.]*t?d?|lib(?:python|c|stdc\+\+|pthread)[-.\d][^/]*|ld-[^/]*)$")


@dataclass(frozen=True, slots=True)
class Maker:
    """The line of Python that made something, and the C function that it called for that."""

    place: Place
    native: Place | None = None


class Makers:
    """Knows from call chains who made something; keeps what it has found out of each."""

    def __init__(self, blocks: Blocks, file: str) -> None:
        self._blocks = blocks
        self._file = file
        self._symbols = Symbolizer()
        self._of_context: dict[int, tuple[Place | None, Place | None]] = {}

    def of(self, piece: Piece) -> Maker | None:
        """Return who made what is in a block; None for pytest and for us."""
        if piece.block.context not in self._of_context:
            self._of_context[piece.block.context] = self._look(piece.block.context)
        place, native = self._of_context[piece.block.context]
        if piece.lines:
            traced = _charged([Place(*each) for each in piece.lines], self._file)
            if traced != place:
                place, native = traced, None  # the block had been used for something else
        return Maker(place, native) if place is not None else None

    def _look(self, context: int) -> tuple[Place | None, Place | None]:
        chain = self._blocks.chain(context)
        python = [Place(each.file, each.line) for each in chain if not each.is_native]
        return _charged(python, self._file), self._native(chain)

    def _native(self, chain: Sequence[Frame]) -> Place | None:
        """Return the C function nearest to the block that is not the interpreter's."""
        for frame in chain:
            if not frame.is_native:
                return None
            if not _SYSTEM.search(frame.file) and frame.file != sys.executable:
                symbol = self._symbols.find(frame.file, frame.address)
                if symbol is None:
                    return Place(frame.file, 0, f"+{frame.address:#x}")
                return Place(symbol.file or frame.file, symbol.line, f"{symbol.name} in C")
        return None


def _charged(frames: Iterable[Place], file: str) -> Place | None:
    """Return the nearest line of the program, or of a library that no line of it called."""
    inner = []
    for frame in frames:
        if frame.file.startswith(_OURS):
            break
        if not _HARNESS.search(frame.file) and not frame.file.startswith("<frozen"):
            inner.append(frame)
    if all(frame.file.startswith(_WADJET) for frame in inner):
        return None
    own = [each for each in inner if each.file == file or not is_library(each.file)]
    return next(iter([*own, *inner]), None)
