"""What grows at each of the last looks is told from what fills, comes and goes."""

from __future__ import annotations

import gc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wadjet.model.growth import Growth


def looked(series: list[int]) -> Growth[str]:
    growth: Growth[str] = Growth()
    for count in series:
        growth.look({"it": count})
    return growth


def test_the_first_look_is_no_growth() -> None:
    assert looked([5]).rising(1) == {}


def test_steady_growth_is_told_with_the_least_that_came_at_once() -> None:
    assert looked([5, 100, 102, 104]).rising(3) == {"it": 2}


def test_a_cache_that_fills_is_not_rising_once_it_is_full() -> None:
    assert looked([0, 1, 2, 3, 4, 4]).rising(1) == {}
    assert looked([0, 1, 2, 3, 4, 4, 5]).rising(2) == {}


def test_growth_begins_again_after_a_step_down() -> None:
    assert looked([1, 2, 3, 2, 3, 4]).rising(2) == {"it": 1}
    assert looked([1, 2, 3, 2, 3, 4]).rising(3) == {}


def test_what_is_gone_is_forgotten_and_what_is_new_has_grown() -> None:
    growth: Growth[str] = Growth()
    for counts in ({"a": 1}, {"b": 1}, {"a": 1, "b": 2}):
        growth.look(counts)
    assert growth.rising(1) == {"a": 1, "b": 1}
    assert growth.rising(2) == {"b": 1}


def test_after_beginning_again_the_next_look_is_the_first() -> None:
    growth = looked([1, 2, 3])
    growth.begin_again()
    growth.look({"it": 9})
    assert growth.rising(1) == {}


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12), st.integers(1, 5))
def test_it_rises_where_each_of_the_last_differences_is_positive(
    series: list[int], times: int
) -> None:
    steps = [after - before for before, after in pairwise(series)][-times:]
    rises = len(steps) == times and all(step > 0 for step in steps)
    assert bool(looked(series).rising(times)) == rises


def test_looking_at_oneself_does_not_grow() -> None:
    growth: Growth[str] = Growth()
    counts = {str(number): number for number in range(1000, 1100)}
    growth.look(counts)
    before = len(gc.get_objects())
    for _ in range(20):
        growth.look(counts)
    assert len(gc.get_objects()) <= before + 1
