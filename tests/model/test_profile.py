"""A profile is read by position, and says what it is asked."""

from __future__ import annotations

import pytest
from tests.profiles import empty, realistic

from wadjet.model.profile import Builder, Function, Metric, State, TreeBuilder

CPU = Metric("cpu", "ns", "CPU time")


def test_a_tree_keeps_one_node_for_one_stack() -> None:
    tree = TreeBuilder()
    main, parse = Function("main", "app.py", 1), Function("parse", "app.py", 40)
    first = tree.node(tree.node(-1, main, 9), parse, 41)
    again = tree.node(tree.node(-1, main, 9), parse, 41)
    other = tree.node(tree.node(-1, main, 10), parse, 41)
    built = tree.build()
    assert first == again != other
    assert len(built) == 4
    assert built.describe(first) == "main (app.py:9) > parse (app.py:41)"


def test_parents_come_before_their_children() -> None:
    parents = realistic().tree.node_parent
    assert all(parent < node for node, parent in enumerate(parents))


def test_a_path_runs_from_the_leaf_to_the_root() -> None:
    profile = Builder([CPU]).sample(["f a:1", "g a:2", "h a:3"], cpu=1).build()
    names = [profile.tree.functions[profile.tree.function_of(n)].name for n in profile.tree.path(2)]
    assert names == ["h", "g", "f"]


def test_a_builder_fills_the_columns_in_order_of_time() -> None:
    profile = (
        Builder([CPU])
        .sample(["f a:1"], thread="one", time=5, state=State.WAIT_GIL, holder="two", cpu=7)
        .sample([], thread="two")
        .build(python="3.13")
    )
    samples = profile.samples
    names = [thread.name for thread in profile.threads]
    assert list(samples.time) == [1, 5]
    assert [names[number] for number in samples.thread] == ["two", "one"]
    assert list(samples.node) == [-1, 0]
    assert list(samples.state) == [State.RUN_GIL, State.WAIT_GIL]
    assert list(samples.holder) == [-1, names.index("two")]
    assert list(samples.values[0]) == [0, 7]
    assert profile.about == {"python": "3.13"}


def test_the_length_of_a_recording_is_that_of_its_longest_process() -> None:
    assert realistic(seconds=2).duration == 2_000_000_000
    assert empty().duration == 0


def test_an_unknown_metric_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no metric 'time'"):
        realistic().metric_index("time")
