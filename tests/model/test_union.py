"""Recordings that are joined keep all they had, over one clock."""

from __future__ import annotations

import pytest
from tests.profiles import realistic

from wadjet.model.profile import Builder, Metric
from wadjet.model.totals import by_stack, fold
from wadjet.model.union import join

CPU = Metric("cpu", "ns", "CPU time")


def test_costs_add_up_and_threads_stay_apart() -> None:
    one, other = realistic(seed=1), realistic(seed=2)
    both = join([one, other])
    for metric in ("wall", "cpu"):
        assert fold(both, metric).total == fold(one, metric).total + fold(other, metric).total
    assert len(both.threads) == len(one.threads) + len(other.threads)
    assert len(both.processes) == len(one.processes) + len(other.processes)
    assert {thread.process for thread in both.threads} <= set(range(len(both.processes)))
    assert list(both.samples.time) == sorted(both.samples.time)


def test_a_recording_alone_stays_what_it_is() -> None:
    one = realistic()
    assert by_stack(join([one]), "cpu") == by_stack(one, "cpu")


def test_facts_that_add_up_are_added_up() -> None:
    made = Builder([CPU]).sample(["f a.py:1"], cpu=5)
    one = made.build(counts={"cpu": 2}, notes=["a"], complete=True)
    other = made.build(counts={"cpu": 3}, notes=["a", "b"], complete=False)
    about = join([one, other]).about
    assert (about["counts"], about["notes"], about["complete"]) == ({"cpu": 5}, ["a", "b"], False)


def test_recordings_of_other_metrics_are_not_joined() -> None:
    with pytest.raises(ValueError, match="same metrics"):
        join([])
    with pytest.raises(ValueError, match="same metrics"):
        join([Builder([CPU]).build(), Builder([]).build()])
