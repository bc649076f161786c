"""Sums over a Profile: by node, by function, by line, by thread.

*Self* is what was measured while a frame was the leaf; *total* while it was anywhere on
the stack, counted once however deep it recursed.
"""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import TypeVar

from wadjet.model import collection, columns, confidence, imports, memory, startup
from wadjet.model.profile import CallTree, Profile, Samples, State

K = TypeVar("K", bound=Hashable)

EXACT = frozenset(
    metric.name for metric in (*collection.METRICS, memory.MAPPED, imports.METRIC, *startup.METRICS)
)
"""Metrics that count everything there was: their figures are no estimates."""

_FINE = 1e-12  # the grain of an exact metric, as a part of its total
_TOP = 7 if sys.byteorder == "little" else 4  # where a place keeps its state


@dataclass(frozen=True, slots=True)
class Total:
    """What one function or line cost."""

    self: int
    total: int


@dataclass(frozen=True, slots=True)
class Fold:
    """A metric's samples with the time taken out: one row for each distinct place.

    Rows are parallel columns, and ``total`` is their sum. ``count`` samples carry the
    metric; ``grain`` is what one of them is worth, so that a sum of ``x`` rests on about
    ``x / grain`` samples. Where samples are blocks, ``doubt`` is how much of each value is
    as uncertain as that (``confidence.Drawn``), else None.
    """

    thread: array[int]
    node: array[int]
    state: array[int]
    value: array[int]
    total: int
    count: int
    grain: float
    doubt: array[int] | None = None


def fold(profile: Profile, metric: str) -> Fold:
    """Return the metric's sums by thread, node and state; worked out once a profile.

    Every other sum starts here: it is the only pass over all samples.
    """
    samples = profile.samples
    key = f"fold {profile.metric_index(metric)}"
    held = samples.derived.get(key)
    if not isinstance(held, Fold):
        values = samples.values[profile.metric_index(metric)]
        held = _fold(samples, values, sampled=not _is_exact(profile, metric))
        if metric in memory.SIZES and memory.mean(profile):
            doubt = _sums_of_rows(samples, held, _doubts(profile, metric))
            held = replace(held, grain=float(memory.mean(profile)), doubt=doubt)
        if metric == collection.GARBAGE.name:
            held = replace(held, grain=collection.PLACES)
        samples.derived[key] = held
    return held


def _is_exact(profile: Profile, metric: str) -> bool:
    return metric in EXACT or (metric in memory.NAMES and memory.is_exact(profile))


def _fold(samples: Samples, values: array[int], *, sampled: bool) -> Fold:
    places, sums = columns.group(_places(samples), values)
    octets = bytearray(places.tobytes())
    states = octets[_TOP::8]
    octets[_TOP::8] = bytes(len(places))
    halves = array("i", bytes(octets))
    total = sum(sums)
    return Fold(
        thread=halves[1::2],
        node=halves[0::2],
        state=array("b", bytes(states)),
        value=sums,
        total=total,
        count=columns.tally(values),
        grain=_grain(values, total) if sampled else total * _FINE if total else 1.0,
    )


def _doubts(profile: Profile, metric: str) -> array[int]:
    """Return how much of each sample's value is as uncertain as a small block's."""
    grain, values = memory.mean(profile), profile.samples.values
    asked = values[profile.metric_index(metric)]
    if metric != memory.ALLOCATED.name:
        known = {value: round(confidence.doubt(value, grain)) for value in set(asked)}
        return array("q", map(known.__getitem__, asked))
    blocks = values[profile.metric_index(memory.REQUESTS.name)]
    pairs = list(zip(asked, blocks, strict=True))  # a row may stand for several samples
    each = {pair: round(confidence.doubt_of_many(*pair, grain)) for pair in set(pairs)}
    return array("q", map(each.__getitem__, pairs))


def _sums_of_rows(samples: Samples, rows: Fold, values: array[int]) -> array[int]:
    """Return the sums of another column by the places that a fold has."""
    sums = dict(zip(*columns.group(_places(samples), values), strict=True))
    places = array("q", bytes(8 * len(rows.node)))
    halves = memoryview(places).cast("B").cast("i")
    halves[0::2], halves[1::2] = memoryview(rows.node), memoryview(rows.thread)
    memoryview(places).cast("B")[_TOP::8] = memoryview(rows.state).cast("B")
    return array("q", (sums.get(place, 0) for place in places))


def _grain(values: array[int], total: int) -> float:
    """Return what a sample is worth on the average, each weighed by what it is worth."""
    worth = list(filter(None, values))
    return sum(map(mul, worth, worth)) / total if total else 1.0


def _places(samples: Samples) -> memoryview:
    """Return (state, thread, node) of each sample as one integer.

    Columns are laid side by side in C: 32 bits of node, 24 of thread, 8 of state. A tuple
    for each sample would take three times as long, and this is where the time goes.
    """
    held = samples.derived.get("places")
    if isinstance(held, memoryview):
        return held
    halves = array("i", bytes(8 * len(samples)))
    halves[0::2] = samples.node
    halves[1::2] = samples.thread
    octets = bytearray(halves.tobytes())
    octets[_TOP::8] = samples.state.tobytes()
    samples.derived["places"] = places = memoryview(octets).cast("q")
    return places


def by_node(
    profile: Profile,
    metric: str,
    *,
    thread: int | Collection[int] | None = None,
    states: Iterable[State] | None = None,
) -> array[int]:
    """Return the self value of each node of the tree, in given threads and states."""
    rows = fold(profile, metric)
    return _by_node(profile, rows, rows.value, thread, states)


def doubt_by_node(profile: Profile, metric: str) -> array[int] | None:
    """Return how much of each node's self value is as uncertain as small blocks are.

    None where samples are no blocks, and all of it is.
    """
    rows = fold(profile, metric)
    return None if rows.doubt is None else _by_node(profile, rows, rows.doubt)


def _by_node(
    profile: Profile,
    rows: Fold,
    values: array[int],
    thread: int | Collection[int] | None = None,
    states: Iterable[State] | None = None,
) -> array[int]:
    nodes = rows.node
    chosen = []
    if thread is not None:
        threads = {thread} if isinstance(thread, int) else set(thread)
        chosen.append(map(threads.__contains__, rows.thread))
    if states is not None:
        chosen.append(map({int(state) for state in states}.__contains__, rows.state))
    if chosen:
        inside = array("b", map(all, zip(*chosen, strict=True)))
        nodes, values = columns.pick(nodes, inside), columns.pick(values, inside)
    sums = array("q", bytes(8 * len(profile.tree)))
    columns.scatter(sums, nodes, values)
    return sums


def with_descendants(tree: CallTree, sums: array[int]) -> array[int]:
    """Return each node's value with those of all nodes below it."""
    totals = array("q", sums)
    columns.descend(tree.node_parent, totals)
    return totals


def preorder(tree: CallTree) -> tuple[array[int], array[int]]:
    """Return the nodes with each before its descendants, and where each one's end.

    The first column lists nodes: ``order[i]`` is followed by its descendants, which are
    ``order[i + 1:ends[i]]``.
    """
    return columns.preorder(tree.node_parent)


def by_key(tree: CallTree, sums: array[int], key: Callable[[CallTree, int], K]) -> dict[K, Total]:
    """Sum node values by ``key(tree, node)``.

    A key that is on the stack twice is counted once: a node adds to its key's total only
    if none of its ancestors has the same key.
    """
    return _by_keys(tree, sums, [key(tree, node) for node in range(len(tree))])


def _by_keys(tree: CallTree, sums: array[int], keys: Sequence[K]) -> dict[K, Total]:
    totals = with_descendants(tree, sums)
    own: defaultdict[K, int] = defaultdict(int)
    whole: defaultdict[K, int] = defaultdict(int)
    covered: dict[K, int] = {}
    order, ends = preorder(tree)
    for place, (node, end) in enumerate(zip(order, ends, strict=True)):
        if totals[node]:
            key = keys[node]
            own[key] += sums[node]
            if covered.get(key, 0) <= place:
                covered[key] = end
                whole[key] += totals[node]
    return {key: Total(each, whole[key]) for key, each in own.items()}


def by_function(tree: CallTree, sums: array[int]) -> dict[int, Total]:
    """Sum node values by function index."""
    return _by_keys(tree, sums, list(map(tree.frame_function.__getitem__, tree.node_frame)))


def by_line(tree: CallTree, sums: array[int]) -> dict[tuple[int, int], Total]:
    """Sum node values by (function index, line)."""
    lines = list(zip(tree.frame_function, tree.frame_line, strict=True))
    return _by_keys(tree, sums, [lines[frame] for frame in tree.node_frame])


def by_thread(profile: Profile, metric: str) -> dict[int, dict[State, int]]:
    """Return for each thread what it spent in each state."""
    rows = fold(profile, metric)
    table: defaultdict[tuple[int, int], int] = defaultdict(int)
    for thread, state, value in zip(rows.thread, rows.state, rows.value, strict=True):
        table[thread, state] += value
    threads: dict[int, dict[State, int]] = {}
    for (thread, state), value in table.items():
        threads.setdefault(thread, {})[State(state)] = value
    return threads


def by_stack(profile: Profile, metric: str) -> dict[str, int]:
    """Return the self value of each stack, described as ``CallTree.describe`` does.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time")]).sample(["f a.py:1", "g a.py:7"], cpu=5)
    >>> by_stack(made.build(), "cpu")
    {'f (a.py:1) > g (a.py:7)': 5}
    """
    tree = profile.tree
    return {
        tree.describe(node): value for node, value in enumerate(by_node(profile, metric)) if value
    }
