"""Sums over a Profile: by node, by function, by line, by thread.

*Self* is what was measured while a frame was the leaf; *total* while it was anywhere on
the stack, counted once however deep it recursed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from wadjet.model.profile import CallTree, Profile, State

Key: TypeAlias = Callable[[CallTree, int], object]


@dataclass(frozen=True, slots=True)
class Total:
    """What one function or line cost."""

    self: int
    total: int


def by_node(
    profile: Profile,
    metric: str,
    *,
    thread: int | None = None,
    states: Iterable[State] | None = None,
) -> array[int]:
    """Return the self value of each node of the tree."""
    values = profile.samples.values[profile.metric_index(metric)]
    sums = array("q", bytes(8 * len(profile.tree)))
    wanted = None if states is None else {int(state) for state in states}
    samples = profile.samples
    for node, value, owner, state in zip(
        samples.node, values, samples.thread, samples.state, strict=True
    ):
        if value and node >= 0 and (thread is None or owner == thread):
            if wanted is None or state in wanted:
                sums[node] += value
    return sums


def with_descendants(tree: CallTree, sums: array[int]) -> array[int]:
    """Return each node's value with those of all nodes below it."""
    totals = array("q", sums)
    parents = tree.node_parent
    for node in range(len(totals) - 1, -1, -1):
        if parents[node] >= 0:
            totals[parents[node]] += totals[node]
    return totals


def by_key(tree: CallTree, sums: array[int], key: Key) -> dict[object, Total]:
    """Sum node values by ``key(tree, node)``.

    A key that is on the stack twice is counted once: a node adds to its key's total only
    if none of its ancestors has the same key.
    """
    totals = with_descendants(tree, sums)
    keys = [key(tree, node) for node in range(len(tree))]
    own: dict[object, int] = {}
    whole: dict[object, int] = {}
    for node, each in enumerate(keys):
        if totals[node] == 0:
            continue
        own[each] = own.get(each, 0) + sums[node]
        if not _among_ancestors(tree, keys, node):
            whole[each] = whole.get(each, 0) + totals[node]
    return {each: Total(own[each], whole.get(each, 0)) for each in own}


def _among_ancestors(tree: CallTree, keys: list[object], node: int) -> bool:
    wanted = keys[node]
    parent = tree.node_parent[node]
    while parent >= 0:
        if keys[parent] == wanted:
            return True
        parent = tree.node_parent[parent]
    return False


def by_function(tree: CallTree, sums: array[int]) -> dict[object, Total]:
    """Sum node values by function index."""
    return by_key(tree, sums, CallTree.function_of)


def by_line(tree: CallTree, sums: array[int]) -> dict[object, Total]:
    """Sum node values by (function index, line)."""
    return by_key(tree, sums, lambda tree, node: (tree.function_of(node), tree.line_of(node)))


def by_thread(profile: Profile, metric: str) -> dict[int, dict[State, int]]:
    """Return for each thread what it spent in each state."""
    values = profile.samples.values[profile.metric_index(metric)]
    table: dict[int, dict[int, int]] = {}
    for thread, state, value in zip(
        profile.samples.thread, profile.samples.state, values, strict=True
    ):
        if value:
            row = table.setdefault(thread, {})
            row[state] = row.get(state, 0) + value
    return {
        thread: {State(state): value for state, value in row.items()}
        for thread, row in table.items()
    }
