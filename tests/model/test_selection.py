"""A selection keeps exactly the samples that were asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.profiles import METRICS, profiles, realistic

from wadjet.model.profile import Builder, Profile
from wadjet.model.selection import only_metric, only_threads, threads_like


@given(profile=profiles())
def test_a_metric_keeps_its_total_and_no_sample_of_another(profile: Profile) -> None:
    chosen = only_metric(profile, "cpu")
    assert [metric.name for metric in chosen.metrics] == ["cpu"]
    assert sum(chosen.samples.values[0]) == sum(profile.samples.values[1])
    assert all(chosen.samples.values[0])
    assert chosen.tree == profile.tree


@given(profile=profiles())
def test_threads_part_the_samples(profile: Profile) -> None:
    parts = [only_threads(profile, {number}) for number in range(len(profile.threads))]
    assert sum(len(part.samples) for part in parts) == len(profile.samples)
    for number, part in enumerate(parts):
        assert set(part.samples.thread) <= {number}
        assert part.threads == profile.threads


def test_a_metric_that_is_not_there_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no metric 'bytes'"):
        only_metric(realistic(0.1), "bytes")


def test_threads_are_found_by_name_pattern_and_tid() -> None:
    profile = realistic(0.1)
    assert threads_like(profile, ["worker-?"]) == {1, 2}
    assert threads_like(profile, ["MainThread"]) == {0, 6}
    assert threads_like(profile, ["4246", "io"]) == {4}
    assert threads_like(profile, ["nobody"]) == set()


def test_a_name_that_looks_like_a_pattern_is_found_as_it_is() -> None:
    profile = Builder(METRICS).sample([], thread="pool[1]", wall=1).build()
    assert threads_like(profile, ["pool[1]"]) == {0}
