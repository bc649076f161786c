"""Bounds hold as often as they promise."""

from __future__ import annotations

import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.model import confidence
from wadjet.model.confidence import SURE, Share, surely_differ, variance


@pytest.mark.parametrize("truth", [0.01, 0.1, 0.5, 0.97])
def test_the_interval_holds_the_truth_about_95_times_of_100(truth: float) -> None:
    chance = random.Random(11)
    held = 0
    for _ in range(400):
        hits = sum(chance.random() < truth for _ in range(500))
        share = Share.of(hits, 500)
        held += share.low <= truth <= share.high
    assert 0.92 <= held / 400 <= 0.99


@given(part=st.integers(0, 10**6), rest=st.integers(0, 10**6), grain=st.floats(0.1, 10**7))
def test_bounds_surround_the_share_and_stay_within_nothing_and_all(
    part: int, rest: int, grain: float
) -> None:
    share = Share.of(part, part + rest, grain)
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.error >= 0


def test_the_deviations_are_those_of_the_confidence() -> None:
    assert NormalDist().inv_cdf((1 + SURE) / 2) == pytest.approx(confidence._Z)


def test_more_samples_narrow_the_bounds() -> None:
    errors = [Share.of(n / 2, n).error for n in (10, 100, 1000, 10_000)]
    assert errors == sorted(errors, reverse=True)


def test_a_coarser_grain_means_fewer_samples() -> None:
    assert Share.of(500, 1000, grain=10) == Share.of(50, 100)


def test_of_no_samples_nothing_is_known() -> None:
    share = Share.of(0, 0)
    assert (share.low, share.high, share.error) == (0, 1, 1)


def test_one_sample_is_the_least_doubt() -> None:
    assert variance(part=100, whole=100, grain=4) == 16
    assert variance(part=0, whole=0, grain=4) == 16


def test_many_comparisons_need_more() -> None:
    assert surely_differ(0, 21, 100)
    assert not surely_differ(0, 21, 100, among=10)
    assert surely_differ(0, 35, 100, among=10)
