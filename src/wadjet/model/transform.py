"""Pure functions from Profile to Profile: a recording seen from another side.

What a function leaves out is gone from the samples, so that every sum afterwards is of
what is left; what it only regroups keeps its cost.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import compress
from typing import TypeAlias

from wadjet.model.profile import NO_NODE, CallTree, Profile, Samples, State, Thread

Pattern: TypeAlias = str | re.Pattern[str]

_GONE = -2
"""In place of a node: samples there are left out."""


def matching(tree: CallTree, pattern: Pattern) -> list[bool]:
    """Say of each function whether the pattern is found in its name, or in ``file:name``.

    Raises ValueError for a pattern that is not a regular expression.

    >>> from wadjet.model.profile import Function
    >>> functions = (Function("parse", "app.py"), Function("main", "app.py"))
    >>> tree = CallTree(functions, *[array("i")] * 4)
    >>> matching(tree, "^app.py:p"), matching(tree, "^main$")
    ([True, False], [False, True])
    """
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return [
        bool(wanted.search(each.name) or wanted.search(f"{each.file}:{each.name}"))
        for each in tree.functions
    ]


def focus(profile: Profile, pattern: Pattern) -> Profile:
    """Keep the stacks that pass through a matching function, and let them start there.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main a.py:9", "parse a.py:41", "loads json.py:7"], cpu=5)
    >>> made = made.sample(["main a.py:9"], cpu=2)
    >>> by_stack(focus(made.build(), "parse"), "cpu")
    {'parse (a.py:41) > loads (json.py:7)': 5}
    """
    tree, wanted = profile.tree, matching(profile.tree, pattern)
    nodes, places = _Nodes(), _places(tree, outside=_GONE)
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        if places[parent] >= 0:
            places[node] = nodes.add(places[parent], frame)
        elif wanted[tree.frame_function[frame]]:
            places[node] = nodes.add(NO_NODE, frame)
    return _moved(profile, nodes.tree(tree), places)


def start_below(profile: Profile, pattern: Pattern) -> Profile:
    """Let stacks start below their last frame that matches; the others stay as they are.

    That frame itself stays where it is the leaf.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main shell.py:9", "run shell.py:41", "parse a.py:7"], cpu=5)
    >>> made = made.sample(["main shell.py:9"], cpu=2)
    >>> by_stack(start_below(made.build(), "run"), "cpu")
    {'main (shell.py:9)': 2, 'parse (a.py:7)': 5}
    """
    tree, cut = profile.tree, matching(profile.tree, pattern)
    nodes, places = _Nodes(), _places(tree, outside=NO_NODE)
    below = _places(tree, outside=NO_NODE)  # where a node's callees go
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        matched = cut[tree.frame_function[frame]]
        places[node] = nodes.add(NO_NODE if matched else below[parent], frame)
        below[node] = NO_NODE if matched else places[node]
    return _moved(profile, nodes.tree(tree), places)


def without_lead(profile: Profile, pattern: Pattern) -> Profile:
    """Cut the frames that stacks start with while they match, all but the leaf.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main run.py:9", "parse a.py:7", "raises run.py:3"], cpu=5)
    >>> made = made.sample(["main run.py:9", "wait run.py:5"], cpu=2)
    >>> by_stack(without_lead(made.build(), "run.py"), "cpu")
    {'parse (a.py:7) > raises (run.py:3)': 5, 'wait (run.py:5)': 2}
    """
    tree, cut = profile.tree, matching(profile.tree, pattern)
    nodes, places = _Nodes(), _places(tree, outside=NO_NODE)
    leads = bytearray(len(tree) + 1)  # of each node, whether all from the root to it match
    leads[NO_NODE] = True
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        leads[node] = leads[parent] and cut[tree.frame_function[frame]]
        places[node] = nodes.add(NO_NODE if leads[parent] else places[parent], frame)
    return _moved(profile, nodes.tree(tree), places)


def rename_files(profile: Profile, names: Mapping[str, str]) -> Profile:
    """Give files other names, in the functions and among the sources.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time")]).sample(["f <cell-1-3ab556>:1"], cpu=5)
    >>> rename_files(made.build(), {"<cell-1-3ab556>": "In[1]"}).tree.describe(0)
    'f (In[1]:1)'
    """
    tree = profile.tree
    functions = tuple(
        replace(each, file=names.get(each.file, each.file)) for each in tree.functions
    )
    sources = {names.get(file, file): text for file, text in profile.sources.items()}
    return replace(profile, tree=replace(tree, functions=functions), sources=sources)


def hide(profile: Profile, pattern: Pattern) -> Profile:
    """Cut matching frames out of every stack; what they cost goes to their callers.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main a.py:9", "parse a.py:41", "loads json.py:7"], cpu=5)
    >>> by_stack(hide(made.build(), "loads|main"), "cpu")
    {'parse (a.py:41)': 5}
    """
    return _moved(profile, *_cut(profile.tree, matching(profile.tree, pattern)))


def hide_kind(profile: Profile, kind: str) -> Profile:
    """Cut frames of a kind out: ``native`` leaves Python alone, with what C code cost it.

    >>> from wadjet.model.profile import Function, TreeBuilder
    >>> deflate = Function("deflate", "libz.so.1", kind="native")
    >>> tree = TreeBuilder()
    >>> leaf = tree.node(tree.node(NO_NODE, Function("pack", "a.py"), 9), deflate, 0)
    >>> kept, places = _cut(tree.build(), [False, True])
    >>> kept.describe(places[leaf])
    'pack (a.py:9)'
    """
    return _moved(profile, *_cut(profile.tree, [f.kind == kind for f in profile.tree.functions]))


def _cut(tree: CallTree, hidden: list[bool]) -> tuple[CallTree, array[int]]:
    """Return the tree without frames of ``hidden`` functions, and each node's new place."""
    nodes, places = _Nodes(), _places(tree, outside=NO_NODE)
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        above = places[parent]
        places[node] = above if hidden[tree.frame_function[frame]] else nodes.add(above, frame)
    return nodes.tree(tree), places


def invert(profile: Profile) -> Profile:
    """Turn every stack around: roots are where the cost arose, below them who called.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main a.py:9", "parse a.py:41"], cpu=5).sample(["main a.py:9"], cpu=2)
    >>> by_stack(invert(made.build()), "cpu")
    {'main (a.py:9)': 2, 'parse (a.py:41) > main (a.py:9)': 5}
    """
    tree = profile.tree
    nodes, places = _Nodes(), _places(tree, outside=NO_NODE)
    for leaf in sorted(set(profile.samples.node) - {NO_NODE}):
        place = NO_NODE
        for node in tree.path(leaf):
            place = nodes.add(place, tree.node_frame[node])
        places[leaf] = place
    return _moved(profile, nodes.tree(tree), places)


def callers(profile: Profile, pattern: Pattern) -> Profile:
    """Keep what a matching function and all it calls cost, seen from who calls it.

    Stacks end at the outermost matching function, and are turned around: it is the root.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["main a.py:9", "parse a.py:41", "loads json.py:7"], cpu=5)
    >>> by_stack(callers(made.build(), "parse"), "cpu")
    {'parse (a.py:41) > main (a.py:9)': 5}
    """
    tree, wanted = profile.tree, matching(profile.tree, pattern)
    ends = _places(tree, outside=_GONE)
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        if ends[parent] != _GONE:
            ends[node] = ends[parent]
        elif wanted[tree.frame_function[frame]]:
            ends[node] = node
    return invert(_moved(profile, tree, ends))


def only(
    profile: Profile,
    *,
    threads: Collection[int] | None = None,
    states: Collection[State] | None = None,
    start: int = 0,
    end: int | None = None,
) -> Profile:
    """Keep the samples of some threads, in some states, from ``start`` to before ``end`` (ns).

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["f a.py:1"], time=1, cpu=5).sample(["g a.py:9"], time=7, cpu=2)
    >>> by_stack(only(made.build(), start=5), "cpu")
    {'g (a.py:9)': 2}
    """
    samples = profile.samples
    kept = bytearray(b"\1" * len(samples))
    if threads is not None:
        _keep(kept, map(set(threads).__contains__, samples.thread))
    if states is not None:
        _keep(kept, map({int(state) for state in states}.__contains__, samples.state))
    if start > 0 or end is not None:
        last = end if end is not None else profile.duration + 1
        _keep(kept, (start <= time < last for time in samples.time))
    return replace(profile, samples=_chosen(samples, kept))


def only_metric(profile: Profile, name: str) -> Profile:
    """Keep one metric, and the samples that measured it; ValueError if there is none such.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["f a.py:1"], wall=9).sample(["f a.py:1"], cpu=5)
    >>> [column.tolist() for column in only_metric(made.build(), "cpu").samples.values]
    [[5]]
    """
    index = profile.metric_index(name)
    column = profile.samples.values[index]
    samples = _chosen(profile.samples, bytes(map(bool, column)))
    samples = replace(samples, values=(samples.values[index],))
    return replace(profile, metrics=(profile.metrics[index],), samples=samples)


def _keep(kept: bytearray, wanted: Iterable[bool]) -> None:
    kept[:] = bytes(a & b for a, b in zip(kept, wanted, strict=True))


def merge_threads(profile: Profile, name: Callable[[Thread], str] = lambda _: "all") -> Profile:
    """Make threads one for which ``name`` gives the same word within a process.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time")]).sample(["f a.py:1"], thread="worker-1")
    >>> merged = merge_threads(made.sample(["f a.py:1"], thread="worker-2").build())
    >>> [thread.name for thread in merged.threads], list(merged.samples.thread)
    (['all'], [0, 0])
    """
    numbers: dict[tuple[int, str], int] = {}
    merged: list[Thread] = []
    place = array("i")
    for thread in profile.threads:
        number = numbers.setdefault((thread.process, name(thread)), len(merged))
        if number == len(merged):
            merged.append(replace(thread, name=name(thread)))
        else:
            merged[number] = _joined(merged[number], thread)
        place.append(number)
    place.append(-1)  # no holder
    samples = profile.samples
    return replace(
        profile,
        threads=tuple(merged),
        samples=replace(
            samples,
            thread=array("i", map(place.__getitem__, samples.thread)),
            holder=array("i", map(place.__getitem__, samples.holder)),
        ),
    )


def without_threads(profile: Profile, gone: Collection[int]) -> Profile:
    """Leave threads out, with their samples; the others are numbered anew.

    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time")]).sample(["f a.py:1"], thread="idle")
    >>> kept = without_threads(made.sample(["f a.py:1"], thread="busy").build(), {0})
    >>> [thread.name for thread in kept.threads], list(kept.samples.thread)
    (['busy'], [0])
    """
    stay = [number for number in range(len(profile.threads)) if number not in gone]
    place = array("i", [-1]) * (len(profile.threads) + 1)
    for new, number in enumerate(stay):
        place[number] = new
    samples = only(profile, threads=stay).samples
    return replace(
        profile,
        threads=tuple(profile.threads[number] for number in stay),
        samples=replace(
            samples,
            thread=array("i", map(place.__getitem__, samples.thread)),
            holder=array("i", map(place.__getitem__, samples.holder)),
        ),
    )


def _joined(one: Thread, other: Thread) -> Thread:
    return replace(
        one,
        started=min(one.started, other.started),
        ended=max(one.ended, other.ended),
        cpu=one.cpu + other.cpu,
    )


class _Nodes:
    """A tree in the making, of frames that exist already."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}

    def add(self, parent: int, frame: int) -> int:
        """Return the node of ``frame`` below ``parent``."""
        return self._known.setdefault((parent, frame), len(self._known))

    def tree(self, frames: CallTree) -> CallTree:
        """Return the tree, with the functions and frames of another."""
        return replace(
            frames,
            node_parent=array("i", (parent for parent, _ in self._known)),
            node_frame=array("i", (frame for _, frame in self._known)),
        )


def _places(tree: CallTree, *, outside: int) -> array[int]:
    """Return room for each node's new place; the last entry serves NO_NODE."""
    return array("i", [outside]) * (len(tree) + 1)


def _moved(profile: Profile, tree: CallTree, places: array[int]) -> Profile:
    """Return the profile with samples moved to their new places, less those that are gone."""
    nodes = array("i", map(places.__getitem__, profile.samples.node))
    samples = replace(profile.samples, node=nodes)
    if _GONE in places:
        samples = _chosen(samples, bytes(map(_GONE.__ne__, nodes)))
    return replace(profile, tree=tree, samples=samples)


def _chosen(samples: Samples, kept: bytes | bytearray) -> Samples:
    return Samples(
        array("q", compress(samples.time, kept)),
        array("i", compress(samples.thread, kept)),
        array("i", compress(samples.node, kept)),
        array("b", compress(samples.state, kept)),
        array("i", compress(samples.holder, kept)),
        tuple(array("q", compress(column, kept)) for column in samples.values),
    )
