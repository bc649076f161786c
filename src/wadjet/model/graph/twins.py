"""What is there more often than it needs to be: equal strings, and instances with dicts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from wadjet.model.graph import Kind, KindFlag, ObjectGraph

_HEAD = 32
"""Bytes of a collected object with slots, before the slots: the collector's head and its own."""

_FEW = 100
"""Instances below which no class is worth a change."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """``count`` objects equal to each other; ``wasted`` is what all but one of them take."""

    node: int
    type: str
    text: str
    count: int
    wasted: int


@dataclass(frozen=True, slots=True)
class Slimming:
    """A class whose ``count`` instances would each be ``each`` bytes less with __slots__."""

    type: str
    count: int
    attributes: tuple[str, ...]
    now: int
    each: int

    @property
    def total(self) -> int:
        """Bytes that all instances would be less."""
        return self.count * self.each


def duplicates(graph: ObjectGraph) -> list[Duplicate]:
    """Return what is equal to another object and could be the same, the most bytes first."""
    counts: Counter[int] = Counter()
    wasted: Counter[int] = Counter()
    for node, first in zip(graph.columns.twin, graph.columns.twin_of, strict=True):
        if _is_code(graph, node):
            continue
        counts[first] += 1
        wasted[first] += graph.size(node)
    found = [
        Duplicate(first, graph.kind(first).title, graph.text(first), count + 1, wasted[first])
        for first, count in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.wasted, -each.count, each.node))


def _is_code(graph: ObjectGraph, node: int) -> bool:
    """True for parts of functions, which the compiler made and no one can share."""
    dominator = graph.columns.dominator
    above = dominator[node]
    return any(graph.kind(each).title == "code" for each in (above, dominator[above]))


def slimmings(graph: ObjectGraph) -> list[Slimming]:
    """Return the classes that would gain from __slots__, the most bytes first."""
    instances: dict[int, list[int]] = {}
    able = {
        number
        for number, kind in enumerate(graph.kinds)
        if kind.flags & KindFlag.PYTHON and kind.flags & KindFlag.DICT
    }
    for node, kind in enumerate(graph.columns.type):
        if kind in able:
            instances.setdefault(kind, []).append(node)
    made = [
        _slimming(graph, graph.kinds[kind], nodes)
        for kind, nodes in instances.items()
        if len(nodes) >= _FEW
    ]
    return sorted((each for each in made if each and each.each > 0), key=lambda each: -each.total)


def _slimming(graph: ObjectGraph, kind: Kind, nodes: list[int]) -> Slimming | None:
    """Return what a class would gain; None where it builds on more than object."""
    if kind.fields[-1:] != ("__class__",):
        return None
    place = kind.fields.index("__dict__")
    names = set(kind.fields[:place])
    bytes_ = 0
    for node in nodes:
        bytes_ += graph.size(node)
        made = graph.targets(node)[place]
        if made and graph.columns.dominator[made] == node:
            bytes_ += graph.size(made)
            names.update(graph.text(key) for key in graph.targets(made)[::2])
    now = bytes_ // len(nodes)
    return Slimming(kind.title, len(nodes), tuple(sorted(names)), now, now - _HEAD - 8 * len(names))
