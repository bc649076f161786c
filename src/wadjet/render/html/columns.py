"""Columns of integers as bytes that compress well and that a browser unpacks in a moment.

They are cut into planes, as those of a recording are, and no wider than they must be.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from wadjet.model.columns import differences, extremes, planes

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
    return _planes(_whole(numbers), delta=False)


def delta(numbers: Iterable[int]) -> Column:
    """Store numbers from 0 to LARGEST // 2 as differences, for those that creep."""
    return _planes(differences(_whole(numbers)), delta=True)


def _whole(numbers: Iterable[int]) -> array[int]:
    return numbers if isinstance(numbers, array) else array("q", numbers)


def _planes(numbers: array[int], *, delta: bool) -> Column:
    low, top = extremes(numbers) if numbers else (0, 0)
    if low < 0 or top > LARGEST:
        raise OverflowError(f"a column of {low} to {top}")
    width = 1 if top < 1 << 8 else 2 if top < 1 << 16 else 4
    return Column(len(numbers), width, delta, planes(numbers, width))
