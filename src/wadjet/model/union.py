"""Recordings of several processes, made apart at one time, as one Profile."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from wadjet.model.profile import (
    NO_NODE,
    Fact,
    Function,
    Process,
    Profile,
    Samples,
    Thread,
    TreeBuilder,
)


def join(profiles: Sequence[Profile]) -> Profile:
    """Return all samples of ``profiles`` over one clock, which starts with the first of them.

    The metrics must be the same; facts are the first one's, but for those that add up.
    Raises ValueError without profiles, or where their metrics differ.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time")]).sample(["f a.py:1"], cpu=5)
    >>> both = join([made.build(started=10.0), made.build(started=11.0)])
    >>> list(both.samples.time), [thread.process for thread in both.threads], len(both.tree)
    ([0, 1000000000], [0, 1], 1)
    """
    if len({profile.metrics for profile in profiles}) != 1:
        raise ValueError("recordings of the same metrics are joined, and one at least")
    origin = min(map(_started, profiles))
    tree, rows = TreeBuilder(), _Rows(len(profiles[0].metrics))
    processes: list[Process] = []
    threads: list[Thread] = []
    for profile in profiles:
        later = round((_started(profile) - origin) * 1e9)
        rows.add(profile, later, len(threads), _places(tree, profile))
        threads += [_moved_thread(each, later, len(processes)) for each in profile.threads]
        processes += [_moved_process(each, later) for each in profile.processes]
    return Profile(
        metrics=profiles[0].metrics,
        processes=tuple(processes),
        threads=tuple(threads),
        tree=tree.build(),
        samples=rows.in_order(),
        about=_about(profiles, origin),
        sources={file: text for profile in profiles for file, text in profile.sources.items()},
    )


def _started(profile: Profile) -> float:
    started = profile.about.get("started")
    return float(started) if isinstance(started, (int, float)) else 0.0


def _places(tree: TreeBuilder, profile: Profile) -> array[int]:
    """Return each node's place in the tree of all; the last entry serves NO_NODE."""
    old = profile.tree
    places = array("i", [NO_NODE]) * (len(old) + 1)
    for node, parent in enumerate(old.node_parent):
        function: Function = old.functions[old.function_of(node)]
        places[node] = tree.node(places[parent], function, old.line_of(node))
    return places


def _moved_process(process: Process, later: int) -> Process:
    return replace(process, started=process.started + later, ended=process.ended + later)


def _moved_thread(thread: Thread, later: int, processes: int) -> Thread:
    return replace(
        thread,
        process=thread.process + processes,
        started=thread.started + later,
        ended=thread.ended + later,
    )


class _Rows:
    """Columns of samples that grow."""

    def __init__(self, metrics: int) -> None:
        self._time, self._state = array("q"), array("b")
        self._thread, self._node, self._holder = array("i"), array("i"), array("i")
        self._values = [array("q") for _ in range(metrics)]

    def add(self, profile: Profile, later: int, threads: int, places: array[int]) -> None:
        samples = profile.samples
        self._time.extend(time + later for time in samples.time)
        self._thread.extend(thread + threads for thread in samples.thread)
        self._node.extend(map(places.__getitem__, samples.node))
        self._state.extend(samples.state)
        self._holder.extend(each + threads if each >= 0 else each for each in samples.holder)
        for column, values in zip(self._values, samples.values, strict=True):
            column.extend(values)

    def in_order(self) -> Samples:
        order = sorted(range(len(self._time)), key=self._time.__getitem__)

        def column(values: array[int]) -> array[int]:
            return array(values.typecode, map(values.__getitem__, order))

        return Samples(
            column(self._time),
            column(self._thread),
            column(self._node),
            column(self._state),
            column(self._holder),
            tuple(map(column, self._values)),
        )


def _about(profiles: Sequence[Profile], origin: float) -> dict[str, Fact]:
    about = dict(profiles[0].about)
    about["started"] = origin
    about["complete"] = all(profile.about.get("complete", True) for profile in profiles)
    notes: dict[str, None] = {}
    counts: dict[str, int] = {}
    for profile in profiles:
        said, counted = profile.about.get("notes"), profile.about.get("counts")
        notes.update(dict.fromkeys(map(str, said)) if isinstance(said, list) else {})
        for name, count in counted.items() if isinstance(counted, dict) else ():
            counts[name] = counts.get(name, 0) + (count if isinstance(count, int) else 0)
    return {**about, "notes": list(notes), "counts": dict(counts)}
