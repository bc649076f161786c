"""Spans put what a thread did under the work that it did it for."""

from __future__ import annotations

from tests.profiles import realistic

from wadjet.model.profile import NO_NODE, Builder, Function, Metric
from wadjet.model.spans import Span, costs, under
from wadjet.model.totals import by_stack, fold

METRICS = [Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time")]
FIRST, SECOND = Function("first", kind="task"), Function("second", kind="task")


def test_a_sample_belongs_to_the_span_of_its_own_thread_only() -> None:
    made = Builder(METRICS)
    for time in (0, 5, 10, 15):
        made = made.sample(["f a.py:1"], time=time, cpu=1)
        made = made.sample(["f a.py:1"], time=time, cpu=10, thread="other")
    profile = under(made.build(), [Span(SECOND, 0, 10, 15), Span(FIRST, 0, 5, 10)])
    assert by_stack(profile, "cpu") == {
        "f (a.py:1)": 42,
        "first (:0) > f (a.py:1)": 1,
        "second (:0) > f (a.py:1)": 1,
    }


def test_nothing_is_lost_and_parents_come_first() -> None:
    profile = realistic()
    half = profile.duration // 2
    spans = [
        Span(FIRST, profile.threads[0].tid, 0, half),
        Span(SECOND, profile.threads[0].tid, half, profile.duration + 1),
    ]
    moved = under(profile, spans)
    assert fold(moved, "cpu").total == fold(profile, "cpu").total
    assert all(parent < node for node, parent in enumerate(moved.tree.node_parent))


def test_a_span_without_a_python_frame_costs_what_was_sampled() -> None:
    made = Builder(METRICS).sample([], time=1, cpu=3).build()
    assert list(made.samples.node) == [NO_NODE]
    found = costs(under(made, [Span(FIRST, 0, 0, 9)]))
    assert found[FIRST].cpu == 3
    assert found[FIRST].hottest is None


def test_the_hottest_function_is_by_wall_time_where_there_is_any() -> None:
    made = Builder(METRICS).sample(["spin a.py:1"], time=1, cpu=9)
    made = made.sample(["wait a.py:5"], time=2, wall=4)
    found = costs(under(made.build(), [Span(FIRST, 0, 0, 9)]))[FIRST]
    assert found.hottest == Function("wait", "a.py")
    assert (found.wall, found.cpu, found.share) == (4, 9, 1.0)
