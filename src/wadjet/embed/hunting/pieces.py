"""What lies in a block of memory: an object, of which type, and which lines made it."""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wadjet.embed.hunting.census import title

if TYPE_CHECKING:
    from wadjet.observe.memory.blocks import Block

_SHORT = 40  # bytes of a short str, which is less than the type says
_BEFORE = (0, 16, 32)  # bytes before an object, for the collector and its attributes


@dataclass(frozen=True, slots=True)
class Piece:
    """A block that was left behind in a round.

    ``address`` and ``type`` are those of the object in it, "" for none; ``lines`` those
    that made it, the innermost first, as far as `tracemalloc` knows.
    """

    block: Block
    round: int
    lines: tuple[tuple[str, int], ...]
    address: int
    type: str


class Objects:
    """Reads what lies at an address, by way of the kernel: it may be gone."""

    def __init__(self) -> None:
        self._types = {id(each): (title(each), each.__basicsize__) for each in _all_types()}
        self._types[id(str)] = ("str", _SHORT)
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        os.close(self._file)

    def at(self, block: Block) -> tuple[int, str]:
        """Return where in a block an object is, and of which type; its start and "" for none."""
        for before in _BEFORE:
            head = self.read(block.address + before, 16)
            count, kind = struct.unpack("2Q", head) if len(head) == 16 else (0, 0)
            name, basic = self._types.get(kind, ("", block.size))
            if name and block.size >= before + basic and 0 < count & 0xFFFFFFFF < 1 << 31:
                return block.address + before, name
        return block.address, ""

    def read(self, address: int, size: int) -> bytes:
        """Return so many bytes, or fewer."""
        try:
            return os.pread(self._file, size, address)
        except OSError:
            return b""


def _all_types() -> set[type]:
    found: set[type] = set()
    waiting: list[type] = [object]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += type.__subclasses__(kind)
    return found


def lines(block: int) -> tuple[tuple[str, int], ...]:
    """Return the lines that `tracemalloc` knows to have made what is in a block."""
    ask = ctypes.pythonapi._PyTraceMalloc_GetTraceback  # noqa: SLF001 - there is no other
    ask.restype = ctypes.py_object
    return ask(ctypes.c_uint(0), ctypes.c_size_t(block)) or ()
