"""Bounds hold as often as they promise."""

from __future__ import annotations

import random
from math import expm1
from statistics import NormalDist, fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.model import confidence
from wadjet.model.confidence import SURE, Drawn, Share, doubt, surely_differ, variance, worth


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


GRAIN = 1000
HEAPS = {
    "small": ([8] * 20_000, [40] * 4_000),
    "as large as the gap": ([1000] * 200, [700] * 150 + [2500] * 40),
    "one large among small ones": ([200_000], [10] * 10_000),
    "large against large": ([30_000] * 5, [90_000] * 3),
    "mixed": ([5_000] * 30 + [16] * 5_000, [300] * 400 + [60_000] * 2),
    "next to nothing": ([10] * 30, [500] * 300),
}


def draw(sizes: list[int], chance: random.Random) -> Drawn:
    """What is told of blocks, one point each GRAIN bytes."""
    worths = [worth(size, GRAIN) for size in sizes if chance.random() < -expm1(-size / GRAIN)]
    return Drawn(sum(worths), sum(doubt(each, GRAIN) for each in worths), GRAIN)


@pytest.mark.parametrize("heap", HEAPS.values(), ids=HEAPS)
def test_sums_of_blocks_are_held_about_95_times_of_100_and_by_no_wide_margin(
    heap: tuple[list[int], list[int]],
) -> None:
    chance = random.Random(7)
    part, rest = heap
    truth, whole = sum(part), sum(part) + sum(rest)
    held, shares, sums, widths = 0, 0, [], []
    for _ in range(300):
        one, other = draw(part, chance), draw(rest, chance)
        less, more = one.reach
        held += one.value - less <= truth <= one.value + more
        both = Drawn(one.value + other.value, one.doubt + other.doubt, GRAIN)
        share = Share.drawn(one, both)
        shares += share.low <= truth / whole <= share.high
        sums.append(one.value)
        widths.append(less + more)
    assert held / 300 >= 0.92
    assert shares / 300 >= 0.92
    needed = 2 * 1.96 * pstdev(sums)
    one_block = 4 * GRAIN  # where nothing was seen, so much may be there
    assert fmean(widths) <= 2 * needed + one_block


@given(st.floats(1, 1e9), st.floats(1, 1e6))
def test_no_more_of_a_value_is_in_doubt_than_there_is(value: float, grain: float) -> None:
    assert 0 <= doubt(value, grain) <= value


@given(st.floats(1, 1e8))
def test_the_doubt_is_the_variance_that_a_block_has(size: float) -> None:
    seen = -expm1(-size / GRAIN)
    variance_of_one = (size / seen) ** 2 * (1 - seen)
    assert doubt(worth(size, GRAIN), GRAIN) * GRAIN == pytest.approx(
        variance_of_one, rel=0.01, abs=1e-6
    )
