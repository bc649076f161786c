"""The lane of the garbage collector's runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.browser.opened import Open
from tests.profiles import realistic

from wadjet.model.collection import FILE, METRICS
from wadjet.model.profile import Builder, Function, Metric, Profile


def collected() -> Profile:
    """A second of work with a full collection of 200 ms in it, and a short one."""
    made = Builder([Metric("cpu", "ns", "CPU time"), *METRICS])
    for tick in range(1000):
        made.sample(["load app.py:7"], time=tick * 10**6, cpu=10**6)
    stack = ["load app.py:7", "gc.collect(2) <built-in gc>:0"]
    values: dict[str, Any] = {
        "gc-pause": 200 * 10**6,
        "gc-runs": 1,
        "gc-examined": 80_000,
        "gc-collected": 3,
    }
    made.sample(stack, time=600 * 10**6, **values)
    made.sample(["load app.py:7", "young x:0"], time=900 * 10**6, **{**values, "gc-pause": 1000})
    profile = made.build()
    young = Function("collection of generation 0", FILE)
    functions = [young if each.name == "young" else each for each in profile.tree.functions]
    return replace(profile, tree=replace(profile.tree, functions=tuple(functions)))


def test_a_run_is_told_where_its_bar_is(show: Open) -> None:
    report = show(collected())
    row = report.ask("() => wadjet.timeline.rows.findIndex((r) => r.kind === 'collector')")
    assert row >= 0
    report.page.mouse.move(*report.lane(0.5, row))
    report.settle()
    text = report.text("#tip")
    assert "Generation 2: 200" in text
    assert "80,000 objects examined, 3 collected" in text
    assert "load app.py:7" in text
    report.page.mouse.move(*report.lane(0.2, row))
    report.settle()
    assert "Generation" not in report.text("#tip")


def test_the_lane_is_there_only_where_runs_were_recorded(show: Open) -> None:
    report = show(realistic(1.0))
    assert report.ask("() => wadjet.timeline.rows.every((r) => r.kind !== 'collector')")
