"""Columns of integers as bytes that compress well and that a browser unpacks in a moment.

A column is stored as *planes*: the lowest byte of every number, then the second lowest
byte of every number, and so on. Small differences leave the high planes all zero.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

_WIDTHS = {1: "B", 2: "H", 4: "I"}
LARGEST = 2**32 - 1
"""The largest number a column can hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """``count`` numbers of ``width`` bytes each; ``delta``: zigzag differences of them."""

    count: int
    width: int
    delta: bool
    data: bytes


def plain(numbers: Iterable[int]) -> Column:
    """Store numbers from 0 to LARGEST as they are."""
    return _planes(array("I", numbers), delta=False)


def delta(numbers: Iterable[int]) -> Column:
    """Store numbers from 0 to LARGEST // 2 as differences, for those that creep."""
    return _planes(array("I", _zigzag(numbers)), delta=True)


def _zigzag(numbers: Iterable[int]) -> Iterable[int]:
    before = 0
    for number in numbers:
        step = number - before
        yield step << 1 if step >= 0 else (-step << 1) - 1
        before = number


def _planes(numbers: array[int], *, delta: bool) -> Column:
    top = max(numbers, default=0)
    width = 1 if top < 1 << 8 else 2 if top < 1 << 16 else 4
    narrow = array(_WIDTHS[width], numbers)
    if sys.byteorder == "big":
        narrow.byteswap()
    data = narrow.tobytes()
    return Column(len(numbers), width, delta, b"".join(data[n::width] for n in range(width)))
