"""Any column comes back as it was packed, and no damaged one comes back at all."""

from __future__ import annotations

import zlib
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.model.columns import accumulated, differences, planes
from wadjet.model.packing import pack, steps, unpack

BITS = {"b": 8, "i": 32, "q": 64}
COLUMNS = st.sampled_from(sorted(BITS)).flatmap(
    lambda code: st.lists(
        st.integers(-(1 << BITS[code] - 1), (1 << BITS[code] - 1) - 1), max_size=50
    ).map(lambda numbers: array(code, numbers))
)
HALF = st.integers(-(1 << 62), (1 << 62) - 1)


@given(COLUMNS)
def test_a_column_comes_back(column: array[int]) -> None:
    assert unpack(column.typecode, len(column), pack(column)) == column


@given(st.lists(HALF, max_size=50))
def test_a_column_comes_back_from_its_steps(numbers: list[int]) -> None:
    column = array("q", numbers)
    packed = pack(steps(column))
    assert accumulated("q", unpack("Q", len(column), packed)) == column


@given(st.lists(HALF, max_size=50))
def test_no_step_is_below_zero_and_each_is_told_apart(numbers: list[int]) -> None:
    found = differences(array("q", numbers))
    assert min(found, default=0) >= 0
    halves = [step >> 1 if not step & 1 else ~(step >> 1) for step in found]
    assert halves == [b - a for a, b in zip([0, *numbers], numbers, strict=False)]


def test_planes_have_the_lowest_bytes_first() -> None:
    numbers = array("i", [0x01020304, 0x11121314])
    assert planes(numbers, 4) == bytes.fromhex("04140313 02120111")


@pytest.mark.parametrize("count", [0, 2, 4, 1 << 60])
def test_another_number_of_rows_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"where {count} rows are promised"):
        unpack("i", count, pack(array("i", [1, 2, 3])))


def test_what_is_cut_short_is_refused() -> None:
    with pytest.raises(zlib.error):
        unpack("i", 3, pack(array("i", [1, 2, 3]))[:-6])
