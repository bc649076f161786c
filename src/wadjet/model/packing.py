"""Columns of integers as bytes that take little room, quick to pack and to unpack.

A column is cut into *planes*: the lowest byte of every number, then the second lowest of
every number, and so on. High planes are zero almost throughout, and compress to nothing.
Where numbers creep, their differences are packed instead, those below zero made odd
("zigzag"), so that small steps either way are small numbers.

>>> column = array("q", [1000, 1001, 999, 999])
>>> list(steps(column))
[2000, 2, 3, 0]
>>> unpack("Q", 4, pack(steps(column))) == steps(column)
True
>>> list(from_steps("q", steps(column)))
[1000, 1001, 999, 999]
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable
from itertools import accumulate, chain
from operator import sub

_FAST = 1


def planes(column: array[int]) -> bytes:
    """Return the bytes of the numbers, the lowest of each first."""
    data = _little(column).tobytes()
    return b"".join(data[plane :: column.itemsize] for plane in range(column.itemsize))


def zigzag(numbers: Iterable[int]) -> list[int]:
    """Return the differences, none of them below zero.

    >>> zigzag([5, 3, 3, 4])
    [10, 3, 0, 2]
    """
    both = list(numbers)
    return [step << 1 if step >= 0 else ~(step << 1) for step in map(sub, both, chain((0,), both))]


def steps(column: array[int]) -> array[int]:
    """Return the differences of a column, to be packed in its place; below 2**63 each."""
    return array("Q", zigzag(column))


def from_steps(code: str, differences: Iterable[int]) -> array[int]:
    """Return the column that has these differences."""
    return array(code, accumulate(signed(differences)))


def signed(differences: Iterable[int]) -> list[int]:
    """Return differences as they were before those below zero were made odd."""
    return [step >> 1 if not step & 1 else ~(step >> 1) for step in differences]


def pack(column: array[int]) -> bytes:
    """Return a column, compressed."""
    return zlib.compress(planes(column), _FAST)


def unpack(code: str, count: int, packed: bytes) -> array[int]:
    """Return the column of ``count`` numbers; raises ValueError or zlib.error for another."""
    data = zlib.decompress(packed)
    column: array[int] = array(code)
    width = column.itemsize
    if len(data) != count * width:
        raise ValueError(f"a column of {len(data) / width:g} where {count} rows are promised")
    together = bytearray(len(data))
    for plane in range(width):
        together[plane::width] = data[plane * count : (plane + 1) * count]
    column.frombytes(together)
    return _little(column)


def _little(column: array[int]) -> array[int]:
    """Return a column in the other byte order where ours is not the file's."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
