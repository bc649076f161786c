"""Figures are what they say: medians between quartiles, errors in percentage points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import stats

AMOUNTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.001, 1000), min_size=1)


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    found = stats.spread([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (found.median, found.low, found.high, found.count) == (3.0, 2.0, 4.0, 5)


def test_a_single_value_is_its_own_quartiles() -> None:
    assert stats.spread([1.5]) == stats.Spread(1.5, 1.5, 1.5, 1)


def test_no_values_have_no_spread() -> None:
    with pytest.raises(ValueError, match="no values"):
        stats.spread([])


def test_errors_are_signed_points_of_the_share() -> None:
    errors = stats.errors({"a": 60.0, "b": 40.0}, {"a": 1.0, "b": 1.0})
    assert errors == pytest.approx({"a": 10.0, "b": -10.0})
    assert stats.worst({"a": 1.0, "b": -2.0}) == ("b", -2.0)


def test_a_function_the_profile_lacks_is_an_error_of_its_whole_share() -> None:
    assert stats.errors({"a": 7.0}, {"a": 3.0, "b": 1.0})["b"] == pytest.approx(-25.0)


def test_a_profile_that_saw_nothing_is_wrong_by_every_share() -> None:
    assert stats.errors({}, {"a": 3.0, "b": 1.0}) == pytest.approx({"a": -75.0, "b": -25.0})


def test_what_the_program_did_not_measure_does_not_count_against_a_profile() -> None:
    assert stats.errors({"a": 1.0, "b": 1.0, "startup": 9.0}, {"a": 2.0, "b": 2.0}) == (
        pytest.approx({"a": 0.0, "b": 0.0})
    )


@given(AMOUNTS)
def test_the_truth_at_any_scale_has_no_error(truth: dict[str, float]) -> None:
    scaled = {name: 3 * amount for name, amount in truth.items()}
    assert stats.errors(scaled, truth) == pytest.approx(dict.fromkeys(truth, 0.0), abs=1e-6)


@given(AMOUNTS, AMOUNTS)
def test_what_one_gains_the_others_lose(
    reported: dict[str, float], truth: dict[str, float]
) -> None:
    if any(name in truth for name in reported):
        assert sum(stats.errors(reported, truth).values()) == pytest.approx(0.0, abs=1e-6)


def test_time_under_another_name_is_not_right_and_its_owner_not_named() -> None:
    truth = {"a": 1.0, "b": 1.0, "c": 1.0}
    stale = {"a": 2.0, "c": 0.9}
    assert stats.named(stale, truth) == 2
    assert stats.overlap(stale, truth) == pytest.approx(100 * 1.9 / 3)
