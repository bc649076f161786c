"""A census counts what a leak makes grow, and is not itself what grows."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from wadjet.embed.hunting.census import MALLOC, REFERENCES, Census, everything, title
from wadjet.model.growth import Growth


class Kept:
    pass


@pytest.fixture
def census() -> Iterator[Census]:
    census = Census()
    for _ in range(4):  # what is made when something is done first
        census.read()
    yield census
    census.close()


def test_nothing_grows_where_nothing_happens(census: Census) -> None:
    growth: Growth[str] = Growth()
    for _ in range(20):  # malloc keeps up to seven blocks of a size, as if they were lent
        growth.look(census.read())
    assert growth.rising(8) == {}


def test_objects_are_counted_by_type(census: Census) -> None:
    kept = [Kept() for _ in range(10)]
    assert census.read()[title(Kept)] == len(kept)
    kept.clear()
    assert title(Kept) not in census.read()


def test_references_to_what_was_there_before_count(census: Census) -> None:
    old = pytest  # an object that the collector tracks
    before = census.read()[REFERENCES]
    kept = [old] * 500
    assert 500 <= census.read()[REFERENCES] - before < 600
    assert kept


def test_malloc_counts_large_blocks(census: Census) -> None:
    before = census.read()
    if not before[MALLOC]:
        pytest.skip("the C library does not tell")
    kept = bytearray(50_000_000)
    assert census.read()[MALLOC] - before[MALLOC] >= len(kept)


def test_at_the_end_the_collector_sees_all_again() -> None:
    before = gc.get_freeze_count()
    census = Census()
    assert gc.get_freeze_count() > before
    census.close()
    assert gc.get_freeze_count() == before


def test_everything_has_what_the_collector_does_not_track() -> None:
    text = "a text that is only here"
    holder = [text]
    assert any(each is text for each in everything())
    assert any(each is holder for each in everything())
