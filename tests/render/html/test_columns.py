"""Columns of any numbers come back as they were, in the fewest bytes a plane allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.html.block import undo

from wadjet.render.html.columns import LARGEST, Column, delta, plain


def read(column: Column) -> list[int]:
    count, width = column.count, column.width
    planes = [column.data[plane * count : (plane + 1) * count] for plane in range(width)]
    numbers = [int.from_bytes(digits, "little") for digits in zip(*planes, strict=True)]
    return undo(numbers) if column.delta else numbers


@given(st.lists(st.integers(0, LARGEST)))
def test_plain_numbers_come_back(numbers: list[int]) -> None:
    assert read(plain(numbers)) == numbers


@given(st.lists(st.integers(0, LARGEST // 2)))
def test_differences_come_back(numbers: list[int]) -> None:
    assert read(delta(numbers)) == numbers


@pytest.mark.parametrize(("top", "width"), [(0, 1), (255, 1), (256, 2), (65535, 2), (65536, 4)])
def test_a_column_is_as_wide_as_its_largest_number(top: int, width: int) -> None:
    assert plain([1, top]).width == width


def test_numbers_that_creep_need_one_byte_each() -> None:
    assert len(delta(range(1_000_000, 1_001_000)).data) <= 4 * 1000
    assert delta([5, 6, 7, 6]).width == 1


def test_a_number_too_large_is_refused() -> None:
    with pytest.raises(OverflowError):
        plain([LARGEST + 1])
