"""Runs of the collector and its garbage, read from a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wadjet.model.collection import ALL, FILE, METRICS, garbage, generation, is_traced, runs
from wadjet.model.profile import NO_NODE, Builder, Function, Metric, Profile
from wadjet.model.totals import fold


def made(*rows: tuple[list[str], int, dict[str, Any]], names: dict[str, str]) -> Profile:
    """A profile whose functions of one word stand for those of the collector in ``names``."""
    builder = Builder(ALL)
    for stack, time, values in rows:
        builder.sample(stack, time=time, **values)
    profile = builder.build()
    functions = tuple(
        Function(names[each.name], FILE) if each.name in names else each
        for each in profile.tree.functions
    )
    return replace(profile, tree=replace(profile.tree, functions=functions))


def test_a_function_of_the_collector_has_its_generation() -> None:
    assert generation(Function("collection of generation 1", FILE)) == 1
    assert generation(Function("gc.collect(2)", FILE)) == 2
    assert generation(Function("gc.collect(2)", "app.py")) == -1
    assert generation(Function("garbage: Node", FILE)) == -1


def test_what_is_told_of_a_run_in_several_samples_is_put_together() -> None:
    stack = ["load app.py:7", "full x:0"]
    profile = made(
        (stack, 50, {"gc-pause": 40, "gc-runs": 1}),
        (stack, 50, {"gc-examined": 900}),
        (stack, 50, {"gc-collected": 3}),
        (stack, 90, {"gc-pause": 20, "gc-runs": 1}),
        names={"full": "collection of generation 2"},
    )
    first, second = runs(profile)
    assert (first.pause, first.count, first.examined, first.collected) == (40, 1, 900, 3)
    assert (second.time, second.pause, second.examined) == (90, 20, 0)
    assert first.automatic
    assert profile.tree.describe(first.node) == "load (app.py:7)"


def test_garbage_has_its_type_and_who_made_it() -> None:
    profile = made(
        (["node x:0", "make app.py:3"], 1, {"gc-garbage": 700}),
        (["node x:0"], 1, {"gc-garbage": 100}),
        names={"node": "garbage: app.Node"},
    )
    first, second = garbage(profile)
    assert (first.type, first.count) == ("app.Node", 700)
    assert profile.tree.line_of(first.node) == 3
    assert (second.type, second.count, second.node) == ("app.Node", 100, NO_NODE)


def test_a_profile_without_the_metrics_has_neither() -> None:
    profile = Builder([Metric("cpu", "ns", "CPU time")]).build()
    assert not is_traced(profile)
    assert runs(profile) == []
    assert garbage(profile) == []


def test_what_is_counted_has_no_error_of_sampling() -> None:
    profile = made((["load app.py:7", "full x:0"], 5, {"gc-pause": 40}), names={})
    assert fold(profile, METRICS[0].name).grain < 1e-9
