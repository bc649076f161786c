"""Seeing a recording from another side loses no cost but what was asked to go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from tests.profiles import profiles, realistic

from wadjet.model import transform
from wadjet.model.profile import Builder, Metric, Profile, State
from wadjet.model.totals import by_function, by_node, by_stack, fold

CPU = Metric("cpu", "ns", "CPU time")
ANY = settings(max_examples=60, deadline=None)


def build(*stacks: list[str]) -> Profile:
    made = Builder([CPU])
    for number, stack in enumerate(stacks):
        made.sample(stack, time=number, cpu=1)
    return made.build()


def test_focus_starts_stacks_at_the_outermost_match_and_leaves_others_out() -> None:
    profile = build(["main a:1", "f a:2", "g a:3", "f a:4"], ["main a:1", "h a:9"])
    assert by_stack(transform.focus(profile, "^f$"), "cpu") == {"f (a:2) > g (a:3) > f (a:4)": 1}


def test_focus_matches_a_file_with_a_name() -> None:
    profile = build(["run app.py:1"], ["run other.py:1"])
    assert by_stack(transform.focus(profile, "^app.py:run"), "cpu") == {"run (app.py:1)": 1}


def test_focus_on_nothing_leaves_nothing() -> None:
    assert len(transform.focus(realistic(), "no such function").samples) == 0


def test_hide_joins_what_then_is_the_same_stack() -> None:
    profile = build(["f a:1", "wrap w:1", "g a:2"], ["f a:1", "g a:2"], ["wrap w:1"])
    hidden = transform.hide(profile, "wrap")
    assert by_stack(hidden, "cpu") == {"f (a:1) > g (a:2)": 2}
    assert fold(hidden, "cpu").total == 3, "a stack of hidden frames alone costs still"


def test_without_native_frames_their_cost_is_their_python_caller_s() -> None:
    profile = realistic()
    functions = [f.name for f in profile.tree.functions]
    python = transform.hide_kind(profile, "native")
    sums = by_function(python.tree, by_node(python, "cpu"))
    before = by_function(profile.tree, by_node(profile, "cpu"))
    pack, deflate = functions.index("pack"), functions.index("deflate")
    assert sums[pack].self == before[deflate].total > 0
    assert deflate not in sums


def test_invert_twice_gives_the_same_stacks() -> None:
    profile = realistic()
    again = transform.invert(transform.invert(profile))
    assert by_stack(again, "cpu") == by_stack(profile, "cpu")


def test_callers_end_at_the_match_and_lead_to_the_root() -> None:
    profile = build(["main a:1", "f a:2", "loads j:3"], ["main a:1", "g a:4", "loads j:3", "c j:5"])
    assert by_stack(transform.callers(profile, "loads"), "cpu") == {
        "loads (j:3) > f (a:2) > main (a:1)": 1,
        "loads (j:3) > g (a:4) > main (a:1)": 1,
    }


def test_only_a_thread_a_state_and_a_time_can_be_kept_at_once() -> None:
    profile = realistic()
    part = transform.only(
        profile, threads=[1, 2], states=[State.WAIT_GIL], start=500_000_000, end=10**9
    )
    samples = part.samples
    assert 0 < len(samples) < len(profile.samples)
    assert set(samples.thread) == {1, 2}
    assert set(samples.state) == {State.WAIT_GIL}
    assert 500_000_000 <= min(samples.time) <= max(samples.time) < 10**9
    assert part.threads == profile.threads, "indices keep their meaning"


def test_only_everything_keeps_everything() -> None:
    profile = realistic()
    kept = transform.only(profile, threads=range(7), states=list(State), end=profile.duration + 1)
    assert kept == profile


def test_merged_threads_add_up_within_a_process() -> None:
    profile = realistic()
    merged = transform.merge_threads(profile, lambda thread: thread.name.rstrip("-0123456789"))
    assert [(t.name, t.process) for t in merged.threads] == [
        ("MainThread", 0),
        ("worker", 0),
        ("packer", 0),
        ("io", 0),
        ("grpc-poller", 0),
        ("MainThread", 1),
    ]
    assert by_stack(merged, "wall") == by_stack(profile, "wall")
    assert set(merged.samples.holder) <= {-1, *range(6)}


@ANY
@given(profile=profiles())
@pytest.mark.parametrize(
    "change",
    [
        lambda p: transform.hide(p, "main|λ"),
        lambda p: transform.hide_kind(p, "native"),
        transform.invert,
        transform.merge_threads,
    ],
)
def test_what_regroups_keeps_the_cost_of_any_profile(
    change: Callable[[Profile], Profile], profile: Profile
) -> None:
    changed = change(profile)
    for metric in ("wall", "cpu"):
        assert fold(changed, metric).total == fold(profile, metric).total
    assert len(changed.samples) == len(profile.samples)
    assert all(parent < node for node, parent in enumerate(changed.tree.node_parent))


@ANY
@given(profile=profiles())
def test_focus_keeps_what_passes_through_and_callers_agree(profile: Profile) -> None:
    focused = transform.focus(profile, "main")
    functions = profile.tree.functions
    wanted = {n for n, f in enumerate(functions) if "main" in f.name or "main" in f.file}
    through = sum(
        value
        for node, value in zip(profile.samples.node, profile.samples.values[0], strict=True)
        if any(profile.tree.function_of(each) in wanted for each in profile.tree.path(node))
    )
    assert fold(focused, "wall").total == through
    assert fold(transform.callers(profile, "main"), "wall").total == through


@given(profile=profiles())
def test_one_metric_keeps_its_total_and_no_sample_of_another(profile: Profile) -> None:
    chosen = transform.only_metric(profile, "cpu")
    assert [metric.name for metric in chosen.metrics] == ["cpu"]
    assert sum(chosen.samples.values[0]) == sum(profile.samples.values[1])
    assert all(chosen.samples.values[0])


def test_the_profile_that_went_in_is_left_alone() -> None:
    profile, twin = realistic(), realistic()
    for change in (
        lambda p: transform.focus(p, "fib"),
        lambda p: transform.hide(p, "fib"),
        transform.invert,
        lambda p: transform.only(p, threads=[0]),
        transform.merge_threads,
    ):
        change(profile)
    assert profile == twin


def test_a_pattern_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"'\(' is not a regular expression"):
        transform.focus(realistic(), "(")
