"""Which blocks of memory are live, block by block, with the call chain that made each."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from wadjet.errors import BusyError, UnsupportedError
from wadjet.observe.memory import _memory, agent

_ROW = struct.Struct("3Q")
_PYTHON, _NATIVE = 0, 1


class Block(NamedTuple):
    """A block: ``size`` bytes, made by the call chain with the number ``context``."""

    address: int
    size: int
    context: int


class Frame(NamedTuple):
    """A function of a call chain: of Python at a ``line``, or native at an ``address``.

    A native address is relative to where ``file`` was loaded; the other of the two is 0.
    """

    name: str
    file: str
    line: int
    address: int

    @property
    def is_native(self) -> bool:
        """Whether it is machine code."""
        return self.address != 0


def unpack(rows: bytes) -> Iterator[Block]:
    """Yield the blocks that ``Blocks.live`` has returned."""
    return map(Block._make, _ROW.iter_unpack(rows))


class Blocks:
    """Knows every block that is made from its making until ``stop``.

    Call chains have their C functions. What C asks for by itself is seen only where the
    tracker was loaded before the program: ``sees_c``. Raises BusyError where memory is
    watched already, UnsupportedError where it cannot be.
    """

    def __init__(self) -> None:
        try:
            file = agent.begin("0 native")
        except RuntimeError:
            raise BusyError("the memory of this process is being recorded already") from None
        except OSError as error:
            raise UnsupportedError(f"memory cannot be watched ({error})") from None
        self.sees_c = not agent.notes()
        self._table = _memory.Table(os.dup(file))
        self._functions: list[tuple[int, str, str, int, int]] = [(2, "", "", 0, 0)]
        self._contexts = [(0, 0, 0, 0)]

    def live(self) -> bytes:
        """Return the blocks that were made since the start and are live, for ``unpack``.

        That is a single object: what is made of it would be blocks itself.
        """
        return _memory.blocks()

    def chain(self, context: int) -> list[Frame]:
        """Return the call chain of a context, the innermost function first."""
        self._contexts += self._table.contexts()  # first: what they speak of is there before
        self._functions += self._table.functions()
        found = []
        while context:
            context, function, line, _ = self._contexts[context]
            kind, name, file, _, address = self._functions[function]
            if function and kind in (_PYTHON, _NATIVE):
                is_native = kind == _NATIVE
                found.append(Frame(name, file, 0 if is_native else line, address * is_native))
        return found

    def stop(self) -> None:
        """Know no more; what chains there were can still be asked for."""
        agent.end()

    def close(self) -> None:
        """Let go of the call chains."""
        self._table.close()
