"""Sums count every sample once, however deep it recursed."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import profiles, realistic

from wadjet.model import totals
from wadjet.model.profile import NO_NODE, Builder, CallTree, Metric, Profile, State

CPU = Metric("cpu", "ns", "CPU time")
ANY = settings(max_examples=80, deadline=None)


def build(*stacks: list[str]) -> Profile:
    made = Builder([CPU])
    for number, stack in enumerate(stacks):
        made.sample(stack, time=number, cpu=1)
    return made.build()


def names(profile: Profile) -> dict[str, totals.Total]:
    sums = totals.by_function(profile.tree, totals.by_node(profile, "cpu"))
    return {profile.tree.functions[number].name: total for number, total in sums.items()}


def test_self_is_of_the_leaf_and_total_of_everything_on_the_stack() -> None:
    assert names(build(["f a:1", "g a:2"], ["f a:1"])) == {
        "f": totals.Total(self=1, total=2),
        "g": totals.Total(self=1, total=1),
    }


def test_recursion_counts_a_function_once() -> None:
    deep = build(["f a:1", "f a:1", "g a:2", "f a:3", "f a:1"], ["f a:1", "f a:1"])
    assert names(deep)["f"] == totals.Total(self=2, total=2)


def test_a_line_that_recurs_counts_once() -> None:
    profile = build(["f a:1", "f a:2", "f a:1"])
    lines = totals.by_line(profile.tree, totals.by_node(profile, "cpu"))
    assert lines == {(0, 1): totals.Total(1, 1), (0, 2): totals.Total(0, 1)}


def test_a_stack_of_ten_thousand_calls_is_summed() -> None:
    depth = 10_000
    assert names(build([f"f a:{n % 7}" for n in range(depth)])) == {"f": totals.Total(1, 1)}


def slow_totals(profile: Profile, metric: str) -> dict[int, totals.Total]:
    """What by_function must give, said in the plainest way."""
    own: Counter[int] = Counter()
    whole: Counter[int] = Counter()
    values = profile.samples.values[profile.metric_index(metric)]
    for node, value in zip(profile.samples.node, values, strict=True):
        if node != NO_NODE and value:
            path = [profile.tree.function_of(each) for each in profile.tree.path(node)]
            own[path[0]] += value
            for function in set(path):
                whole[function] += value
    return {function: totals.Total(own[function], whole[function]) for function in whole}


@ANY
@given(profile=profiles())
@pytest.mark.parametrize("metric", ["cpu", "wall"])
def test_functions_of_any_profile_sum_up_as_if_counted_by_hand(
    metric: str, profile: Profile
) -> None:
    found = totals.by_function(profile.tree, totals.by_node(profile, metric))
    assert found == slow_totals(profile, metric)


@ANY
@given(profile=profiles())
def test_threads_and_states_part_the_nodes_of_any_profile(profile: Profile) -> None:
    whole = list(totals.by_node(profile, "wall"))
    for parts in (
        [totals.by_node(profile, "wall", thread=n) for n in range(len(profile.threads))],
        [totals.by_node(profile, "wall", states=[state]) for state in State],
        [
            totals.by_node(profile, "wall", thread=range(len(profile.threads)), states=[state])
            for state in State
        ],
    ):
        assert [sum(part[node] for part in parts) for node in range(len(whole))] == whole


@ANY
@given(profile=profiles())
def test_a_fold_loses_nothing(profile: Profile) -> None:
    samples = profile.samples
    expected: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    places = zip(samples.thread, samples.node, samples.state, samples.values[1], strict=True)
    for thread, node, state, value in places:
        if value:
            expected[thread, node, state] += value
    rows = totals.fold(profile, "cpu")
    assert dict(
        zip(zip(rows.thread, rows.node, rows.state, strict=True), rows.value, strict=True)
    ) == dict(expected)
    assert rows.count == sum(1 for value in samples.values[1] if value)
    assert rows.total == sum(samples.values[1])


def test_samples_of_one_worth_have_that_grain() -> None:
    rows = totals.fold(realistic(), "cpu")
    assert rows.grain == 1_000_000
    assert rows.total == rows.count * rows.grain


def test_a_thread_s_states_add_up_to_its_samples() -> None:
    profile = realistic()
    table = totals.by_thread(profile, "wall")
    assert sum(sum(states.values()) for states in table.values()) == sum(profile.samples.values[0])
    assert table[5] == {State.BLOCKED: sum(table[5].values())}


def test_a_metric_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no metric 'memory'; this profile has wall, cpu"):
        totals.by_node(realistic(), "memory")


@given(parents=st.lists(st.integers(0, 10**6), max_size=40))
def test_preorder_lists_each_node_before_its_descendants(parents: list[int]) -> None:
    parent = array("i", (-1 if n % 5 == 0 else seed % n for n, seed in enumerate(parents)))
    tree = CallTree((), array("i"), array("i"), parent, array("i", bytes(4 * len(parent))))
    order, ends = totals.preorder(tree)
    assert sorted(order) == list(range(len(parent)))
    for place, node in enumerate(order):
        below = set(order[place + 1 : ends[place]])
        assert below == {n for n in range(len(parent)) if n != node and node in tree.path(n)}
