"""Columns of integers as bytes that take little room, quick to pack and to unpack.

A column is cut into *planes*: the lowest byte of every number, then the second lowest of
every number, and so on. High planes are zero almost throughout, and compress to nothing.
Where numbers creep, their differences are packed instead, those below zero made odd
("zigzag"), so that small steps either way are small numbers.

>>> from wadjet.model.columns import accumulated
>>> column = array("q", [1000, 1001, 999, 999])
>>> list(steps(column))
[2000, 2, 3, 0]
>>> unpack("Q", 4, pack(steps(column))) == steps(column)
True
>>> list(accumulated("q", steps(column)))
[1000, 1001, 999, 999]
"""

from __future__ import annotations

import sys
import zlib
from array import array

from wadjet.model import columns

_LEVEL = 4  # a fifth smaller than 1, and far quicker than 6


def steps(column: array[int]) -> array[int]:
    """Return the differences of a column, to be packed in its place; below 2**63 each."""
    return columns.differences(column)


def pack(column: array[int]) -> bytes:
    """Return a column, compressed."""
    return zlib.compress(columns.planes(column, column.itemsize), _LEVEL)


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
