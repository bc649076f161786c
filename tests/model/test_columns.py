"""The C core's arithmetic on columns is that of plain Python, bad input included."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.model import vectors

core = pytest.importorskip("wadjet.model._columns")

RANGES = {"b": 7, "B": 8, "i": 31, "q": 63}


def column(codes: str = "bBiq", *, size: int | None = None, low: int | None = None) -> Any:
    def numbers(code: str) -> st.SearchStrategy[array[int]]:
        top = 1 << RANGES[code]
        least = low if low is not None else 0 if code == "B" else -top
        each = st.integers(least, top - 1) | st.integers(max(least, -3), 9)
        rows = (
            st.lists(each, max_size=30)
            if size is None
            else st.lists(each, min_size=size, max_size=size)
        )
        return rows.map(lambda row: array(code, row))

    return st.sampled_from(codes).flatmap(numbers)


@st.composite
def pair(draw: Any, codes: str = "biq") -> tuple[array[int], array[int]]:
    one = draw(column(codes))
    return one, draw(column(codes, size=len(one)) | column(codes))


@st.composite
def tree(draw: Any) -> array[int]:
    """Parents; now and then what is no tree."""
    count = draw(st.integers(0, 30))
    rows = [draw(st.integers(-1, max(node - 1, -1))) for node in range(count)]
    if rows and draw(st.integers(0, 9)) == 0:
        rows[draw(st.integers(0, count - 1))] = draw(st.integers(-3, count))
    return array("i", rows)


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[Any, list[Any]]:
    """What comes of a call: its result or its error, and the columns it may have written to."""
    held = [array(each.typecode, each) if isinstance(each, array) else each for each in arguments]
    try:
        return function(*held), held
    except (ValueError, OverflowError, IndexError) as error:
        return type(error), []


def agree(name: str, *arguments: Any) -> None:
    ours, theirs = (
        outcome(getattr(core, name), *arguments),
        outcome(getattr(vectors, name), *arguments),
    )
    assert ours == theirs, name


@given(column())
def test_of_one_column(numbers: array[int]) -> None:
    for name in ("extremes", "tally", "falls", "is_tree"):
        agree(name, numbers)


@given(column("iq"))
def test_differences_and_sums(numbers: array[int]) -> None:
    agree("differences", numbers)
    steps = array("Q", [number & (1 << 64) - 1 for number in numbers])
    for code in "iq":
        agree("accumulated", code, steps)


@given(column("iq"), st.lists(st.integers(-2, 31)), st.integers(-9, 9))
def test_gathering(table: array[int], index: list[int], other: int) -> None:
    agree("gather", table, array("i", index), other)


@given(column("q"), pair("iq"))
def test_scattering(sums: array[int], rows: tuple[array[int], array[int]]) -> None:
    agree("scatter", sums, *rows)


@given(pair(), st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-9, 9))
def test_products_and_quotients(rows: tuple[array[int], array[int]], number: int) -> None:
    agree("fuse", rows[0], number, rows[1])
    agree("divide", rows[0], number)


@given(pair("iq"))
def test_picking_grouping_and_sorting(rows: tuple[array[int], array[int]]) -> None:
    agree("pick", *rows)
    agree("group", *rows)
    agree("rank", rows[0])
    keys = array("q", [abs(key) % (1 << 63) for key in rows[0]])
    agree("sort", keys, array("q", range(len(keys))))


@given(tree())
def test_trees(parents: array[int]) -> None:
    agree("is_tree", parents)
    agree("preorder", parents)


@given(tree(), column("iq"))
def test_sums_and_marks_on_trees(parents: array[int], rows: array[int]) -> None:
    numbers = array("q", [*rows, *[0] * len(parents)][: len(parents)])
    agree("descend", parents, numbers)
    agree("nearest", parents, array("i", [number % 3 == 0 for number in numbers]))


@given(column(), st.integers(0, 9))
def test_planes(numbers: array[int], width: int) -> None:
    agree("planes", numbers, width)


@pytest.mark.parametrize("other", [[1, 2], array("d", [1.0]), "text", 5])
def test_what_is_no_column_is_refused(other: object) -> None:
    with pytest.raises(TypeError):
        core.tally(other)


def test_a_negative_key_is_refused_by_sort() -> None:
    for module in (core, vectors):
        with pytest.raises(ValueError, match="negative"):
            module.sort(array("q", [1, -1]), array("q", [1, 1]))
