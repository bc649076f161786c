"""Runs of the garbage collector, as a Profile has them.

A run is what samples of one thread and time say in the metrics below. Its stack is the
program's own, with the run on top: who made the one allocation too many, or asked for it.

>>> from wadjet.model.profile import Builder
>>> stack = ["handle app.py:9", "gc.collect(2) <built-in gc>:0"]
>>> made = Builder(METRICS).sample(stack, time=50, **{"gc-pause": 40, "gc-runs": 0})
>>> [run] = runs(made.sample(stack, time=50, **{"gc-collected": 3}).build())
>>> run.generation, run.automatic, run.pause, run.collected
(2, False, 40, 3)
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from wadjet.model.profile import NO_NODE, CallTree, Function, Metric, Profile

FILE = "<built-in gc>"
"""The file of the functions that stand for runs."""

PAUSE = Metric("gc-pause", "ns", "Collector pauses")
METRICS = (
    PAUSE,
    Metric("gc-runs", "count", "Collections"),
    Metric("gc-examined", "count", "Objects examined"),
    Metric("gc-collected", "count", "Objects collected"),
)
"""What is recorded of a run; one that examined or collected nothing has no sample of it."""

GARBAGE = Metric("gc-garbage", "count", "Garbage in cycles")
"""Objects that the collector freed: their type, and below it the place that made them."""

ALL = (*METRICS, GARBAGE)

PLACES = 512.0
"""Of so many objects one has left the place where it was made."""

_GARBAGE = "garbage: "
_RUN = re.compile(r"(?:collection of generation |gc\.collect\()(\d)\)?")


@dataclass(frozen=True, slots=True)
class Run:
    """A run, or ``count`` short ones of the youngest generation added up.

    ``time`` (ns since the start) is its end and ``pause`` (ns) its length; ``node`` is the
    program's own, NO_NODE for none. ``automatic`` tells a run by the thresholds from one
    that was asked for.
    """

    time: int
    thread: int
    node: int
    generation: int
    automatic: bool
    pause: int
    count: int
    examined: int
    collected: int


def generation(function: Function) -> int:
    """Return the generation of the run that ``function`` stands for, -1 for any other."""
    match = _RUN.fullmatch(function.name) if function.file == FILE else None
    return int(match[1]) if match else -1


def is_traced(profile: Profile) -> bool:
    """Say whether the collector's runs were recorded."""
    return any(metric.name == PAUSE.name for metric in profile.metrics)


def runs(profile: Profile) -> list[Run]:
    """Return the collector's runs in order of time; none where they were not recorded."""
    if not is_traced(profile):
        return []
    tree, samples = profile.tree, profile.samples
    generations = [generation(function) for function in tree.functions]
    columns = [samples.values[profile.metric_index(metric.name)] for metric in METRICS]
    found: dict[tuple[int, int, int], list[int]] = {}
    for row, values in enumerate(zip(*columns, strict=True)):
        node = samples.node[row]
        if any(values) and node != NO_NODE and generations[tree.function_of(node)] >= 0:
            key = (samples.time[row], samples.thread[row], node)
            sums = found.setdefault(key, [0] * len(METRICS))
            sums[:] = map(sum, zip(sums, values, strict=True))
    return [_run(tree, *key, sums) for key, sums in found.items()]


def _run(tree: CallTree, time: int, thread: int, node: int, sums: list[int]) -> Run:
    function = tree.functions[tree.function_of(node)]
    pause, count, examined, collected = sums
    return Run(
        time=time,
        thread=thread,
        node=tree.node_parent[node],
        generation=generation(function),
        automatic=function.name.startswith("collection"),
        pause=pause,
        count=count,
        examined=examined,
        collected=collected,
    )


@dataclass(frozen=True, slots=True)
class Garbage:
    """``count`` objects of ``type`` that the collector freed.

    ``node`` is where they were made, NO_NODE where that was not seen.
    """

    type: str
    node: int
    count: int


def garbage(profile: Profile) -> list[Garbage]:
    """Return what the collector freed, most first; none where that was not recorded."""
    if GARBAGE.name not in [metric.name for metric in profile.metrics]:
        return []
    tree, samples = profile.tree, profile.samples
    sums: Counter[int] = Counter()
    values = samples.values[profile.metric_index(GARBAGE.name)]
    for node, count in zip(samples.node, values, strict=True):
        if count and node != NO_NODE:
            sums[node] += count
    return [_garbage(tree, node, count) for node, count in sums.most_common()]


def _garbage(tree: CallTree, node: int, count: int) -> Garbage:
    *_, root = tree.path(node)
    kind = tree.functions[tree.function_of(root)].name.removeprefix(_GARBAGE)
    return Garbage(kind, NO_NODE if node == root else node, count)
