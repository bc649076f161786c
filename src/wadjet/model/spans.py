"""Spans: pieces of work that a thread did one after another, such as tests, and what each cost."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wadjet.model.profile import NO_NODE, CallTree, Function, Profile
from wadjet.model.totals import by_node, preorder


@dataclass(frozen=True, slots=True)
class Span:
    """What thread ``tid`` worked on from ``start`` to before ``end``, in ns of the recording."""

    what: Function
    tid: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a span cost in ns of ``wall`` and ``cpu`` time, as sampled, and what cost the most.

    The function ``hottest`` took ``share`` of ``metric`` itself.

    ``hottest`` is None where no sample fell into the span.
    """

    wall: int
    cpu: int
    metric: str = ""
    hottest: Function | None = None
    share: float = 0.0


def under(profile: Profile, spans: Iterable[Span]) -> Profile:
    """Put a frame for each span at the root of what its thread did meanwhile.

    Spans of one thread must not overlap.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from wadjet.model.totals import by_stack
    >>> made = Builder([Metric("cpu", "ns", "CPU time")])
    >>> made = made.sample(["f a.py:1"], time=1, cpu=5).sample(["f a.py:1"], time=7, cpu=2)
    >>> test = Span(Function("test_f", "test_a.py", 3, "task"), tid=0, start=5, end=9)
    >>> by_stack(under(made.build(), [test]), "cpu")
    {'f (a.py:1)': 5, 'test_f (test_a.py:3) > f (a.py:1)': 2}
    """
    chosen = sorted(spans, key=lambda span: span.start)
    by_tid: dict[int, list[Span]] = {}
    for span in chosen:
        by_tid.setdefault(span.tid, []).append(span)
    starts = {tid: [span.start for span in row] for tid, row in by_tid.items()}
    tids = [thread.tid for thread in profile.threads]
    grown = _Grown(profile.tree)
    samples = profile.samples
    nodes = array("i", samples.node)
    for row, (time, thread) in enumerate(zip(samples.time, samples.thread, strict=True)):
        tid = tids[thread]
        at = bisect_right(starts[tid], time) - 1 if tid in starts else -1
        if at >= 0 and time < by_tid[tid][at].end:
            nodes[row] = grown.below(by_tid[tid][at].what, nodes[row])
    return replace(profile, tree=grown.tree(), samples=replace(samples, node=nodes))


class _Grown:
    """A tree that is copied below new roots, as far as it is asked for."""

    def __init__(self, tree: CallTree) -> None:
        self._tree = tree
        self._functions: dict[Function, int] = {}
        self._line = array("i", tree.frame_line)
        self._function = array("i", tree.frame_function)
        self._parent = array("i", tree.node_parent)
        self._frame = array("i", tree.node_frame)
        self._known: dict[tuple[int, int], int] = {}  # number of the root's function, old node

    def below(self, root: Function, node: int) -> int:
        """Return the place of the tree's ``node`` below ``root``."""
        number = self._functions.setdefault(root, len(self._functions))
        path = [*self._tree.path(node)] if node != NO_NODE else []
        place = self._known.get((number, NO_NODE), NO_NODE)
        if place == NO_NODE:
            place = self._add((number, NO_NODE), NO_NODE, self._root(root, number))
        for each in reversed(path):
            known = self._known.get((number, each))
            frame = self._tree.node_frame[each]
            place = self._add((number, each), place, frame) if known is None else known
        return place

    def tree(self) -> CallTree:
        """Return what there is now."""
        functions = (*self._tree.functions, *self._functions)
        return CallTree(functions, self._function, self._line, self._parent, self._frame)

    def _root(self, root: Function, number: int) -> int:
        self._function.append(len(self._tree.functions) + number)
        self._line.append(root.line)
        return len(self._function) - 1

    def _add(self, key: tuple[int, int], parent: int, frame: int) -> int:
        self._parent.append(parent)
        self._frame.append(frame)
        self._known[key] = len(self._parent) - 1
        return len(self._parent) - 1


def costs(profile: Profile) -> dict[Function, Cost]:
    """Return what each root that is a span cost, all of its threads together.

    The hottest function is by wall time where there is any, as tests may wait; else by CPU
    time. The span's own frame does not count as one.
    """
    tree = profile.tree
    sums = {metric.name: by_node(profile, metric.name) for metric in profile.metrics}
    order, ends = preorder(tree)
    found: dict[Function, Cost] = {}
    for place, (node, end) in enumerate(zip(order, ends, strict=True)):
        what = tree.functions[tree.function_of(node)]
        if tree.node_parent[node] == NO_NODE and what.kind == "task":
            found[what] = _cost(tree, sums, order[place:end])
    return found


def _cost(tree: CallTree, sums: dict[str, array[int]], nodes: Sequence[int]) -> Cost:
    wall, cpu = (
        sum(sums[name][node] for node in nodes) if name in sums else 0 for name in ("wall", "cpu")
    )
    for metric in ("wall", "cpu"):
        own: dict[int, int] = {}
        for node in nodes[1:] if metric in sums else ():
            function = tree.function_of(node)
            own[function] = own.get(function, 0) + sums[metric][node]
        hottest = max(own, key=own.__getitem__, default=NO_NODE)
        if hottest != NO_NODE and own[hottest]:
            whole = wall if metric == "wall" else cpu
            return Cost(wall, cpu, metric, tree.functions[hottest], own[hottest] / whole)
    return Cost(wall, cpu)
