"""Packets, sequences of them, and the strings and stacks that a sequence has named.

A Perfetto trace is packets. What a packet names by an id must have been defined in the same
sequence, in its packet or an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from wadjet.render import wire

_TIMESTAMP = 8
_SEQUENCE_ID = 10
_INTERNED_DATA = 12
_SEQUENCE_FLAGS = 13
_CLEARED, _NEEDED = 1, 2


class Sequence:
    """Makes the packets of one sequence."""

    def __init__(self, number: int) -> None:
        self._known: dict[tuple[int, Hashable], int] = {}
        self._counts: dict[int, int] = {}
        self._new: list[bytes] = []
        self._id = wire.number(_SEQUENCE_ID, number)
        self._tail = self._id + wire.number(_SEQUENCE_FLAGS, _NEEDED)
        self._begun = False
        self._time = -1
        self._stamp = b""

    def id(self, table: int, key: Hashable, define: Callable[[], bytes]) -> int:
        """Return the id of ``key`` in a table, which is a field of InternedData.

        If it is new, the next packet will define it with the fields that ``define`` returns.
        """
        number = self._known.get((table, key))
        if number is None:
            number = self._counts[table] = self._counts.get(table, 0) + 1
            self._known[table, key] = number
            self._new.append(wire.block(table, wire.number(1, number) + define()))
        return number

    def name(self, table: int, text: str) -> int:
        """Return the id of a string in a table of strings."""
        return self.id(table, text, lambda: wire.text(2, text))

    def packet(self, content: bytes) -> bytes:
        """Return a packet of ``content``, with all that was named since the last one."""
        if self._new:
            content += wire.block(_INTERNED_DATA, b"".join(self._new))
            self._new.clear()
        if self._begun:
            return wire.block(1, content + self._tail)
        self._begun = True
        return wire.block(1, content + self._id + wire.number(_SEQUENCE_FLAGS, _CLEARED | _NEEDED))

    def event(self, content: bytes, time: int) -> bytes:
        """Return a packet of ``content`` at a time; nearly all are such, so this is quick."""
        if time != self._time:
            self._time, self._stamp = time, wire.number(_TIMESTAMP, time)
        if self._new or not self._begun:
            return self.packet(self._stamp + content)
        return wire.block(1, self._stamp + content + self._tail)
