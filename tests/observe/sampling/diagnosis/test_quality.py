"""A recording says itself how far it can be trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.observe.sampling.diagnosis.scenes import CLOCKS, blocked, found, rules, run, scene
from tests.profiles import empty

from wadjet.model.finding import Level
from wadjet.model.profile import Fact, Profile
from wadjet.observe.sampling.diagnosis import diagnose


def even(ticks: int = 200, **about: Fact) -> Profile:
    """A program of which nothing stands out."""
    return scene(ticks, about=about, main=lambda tick: run(f"f{tick % 20} app.py:{tick % 20 + 1}"))


def test_of_a_plain_program_nothing_stands_out() -> None:
    assert diagnose(even()) == []


def test_a_trivial_program_raises_no_alarm() -> None:
    """`print("hello")`: a few milliseconds, most of them in one place."""
    findings = diagnose(scene(2, main=lambda _: run("<module> hello.py:1")))
    assert [each.level for each in findings] == [Level.NOTE]
    assert findings[0].rule == "few-samples"


def test_an_empty_recording_says_that_it_is_empty() -> None:
    [finding] = diagnose(empty())
    assert finding.message.startswith("Nothing was sampled")


def test_few_samples_are_told_with_the_error_they_bring() -> None:
    finding = found(even(4), "few-samples")
    assert finding is not None
    assert finding.message == "There are 40 CPU samples only: a share may be off by 15 points."
    assert found(even(10), "few-samples") is None


def test_a_program_that_sleeps_needs_no_more_samples_of_the_cpu() -> None:
    profile = scene(300, main=lambda tick: run("f a:1") if tick == 7 else blocked("f a:2"))
    assert found(profile, "few-samples") is None


@pytest.mark.parametrize(("dropped", "level"), [(50, Level.NOTE), (500, Level.WARNING)])
def test_lost_samples_are_told(dropped: int, level: Level) -> None:
    finding = found(even(counts={"cpu": 2000, "wall": 200, "dropped": dropped}), "dropped-samples")
    assert finding is not None
    assert finding.level is level
    assert f"({dropped})" in finding.message


def test_a_few_lost_samples_are_not_told() -> None:
    counts: Fact = {"cpu": 2000, "wall": 200, "dropped": 5}
    assert found(even(counts=counts), "dropped-samples") is None


def test_a_fallback_engine_is_told_with_its_cause_and_cure() -> None:
    clocks: Fact = {**CLOCKS, "cpu": {"engine": "timer", "rate": 250, "why": "EACCES."}}
    finding = found(even(clocks=clocks), "fallback-engine")
    assert finding is not None
    assert finding.message == "CPU time was sampled by timers, 250 times a second at most: EACCES."
    assert "kernel.perf_event_paranoid" in finding.treatment


def test_a_clock_that_is_missing_is_a_warning_and_explains_the_rest() -> None:
    clocks: Fact = {**CLOCKS, "cpu": {"engine": "none", "rate": 0, "why": "no signal is free"}}
    findings = diagnose(scene(20, cpu=False, about={"clocks": clocks}, main=lambda _: run("f a:1")))
    assert [each.rule for each in findings] == ["fallback-engine"]
    assert findings[0].message == "CPU time was not sampled: no signal is free."
    assert findings[0].level is Level.WARNING


def test_the_usual_engine_is_not_told() -> None:
    assert "fallback-engine" not in rules(even())


def charged(factor: float, ticks: int = 200) -> Profile:
    profile = even(ticks)
    threads = [replace(each, cpu=round(each.cpu * factor)) for each in profile.threads]
    return replace(profile, threads=tuple(threads))


@pytest.mark.parametrize(
    ("factor", "words", "level"),
    [
        (1.15, "No sample accounts for 13 % of the CPU time", Level.NOTE),
        (2.0, "No sample accounts for 50 % of the CPU time", Level.WARNING),
        (0.8, "Samples claim 25 % more CPU time than the system charged", Level.WARNING),
    ],
)
def test_samples_that_disagree_with_the_system_s_clock_are_told(
    factor: float, words: str, level: Level
) -> None:
    finding = found(charged(factor), "unattributed-cpu")
    assert finding is not None
    assert finding.message.startswith(words)
    assert finding.level is level


@pytest.mark.parametrize("factor", [0.97, 1.0, 1.03])
def test_samples_that_agree_within_chance_are_not_told(factor: float) -> None:
    assert found(charged(factor), "unattributed-cpu") is None


def test_a_disagreement_that_a_short_recording_cannot_tell_is_not_told() -> None:
    assert found(charged(1.3, ticks=20), "unattributed-cpu") is None


def test_a_recording_that_was_cut_short_says_so() -> None:
    assert found(even(complete=False), "incomplete") is not None
    assert found(even(), "incomplete") is None
    profile = even()
    assert found(replace(profile, about={}), "incomplete") is None, "not known is not told"
