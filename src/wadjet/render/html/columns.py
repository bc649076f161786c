"""Columns of integers as bytes that compress well and that a browser unpacks in a moment.

They are cut into planes, as those of a recording are, and no wider than they must be.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from wadjet.model.packing import planes, zigzag

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
    return _planes(array("I", zigzag(numbers)), delta=True)


def _planes(numbers: array[int], *, delta: bool) -> Column:
    top = max(numbers, default=0)
    width = 1 if top < 1 << 8 else 2 if top < 1 << 16 else 4
    return Column(len(numbers), width, delta, planes(array(_WIDTHS[width], numbers)))
