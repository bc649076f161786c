"""Cycles: objects that keep each other, and which one reference to cut.

What joins all of a program, its types and modules, is left out of cycles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from wadjet.model.graph import Flag, KindFlag, ObjectGraph, Reference

_MOST_EDGES = 400
"""References of a cycle among which one to cut is looked for."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Objects that reach each other. ``size`` is their own bytes.

    ``garbage`` says that nothing else reaches them: they wait for the collector.
    """

    members: tuple[int, ...]
    size: int
    garbage: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """``count`` cycles of the same types, with ``size`` bytes in all.

    ``finalizers`` names the types in them whose ``__del__`` runs, ``cut`` is the reference of
    ``example`` without which it is no cycle, None where no single one will do.
    """

    types: tuple[tuple[str, int], ...]
    count: int
    size: int
    garbage: int
    finalizers: tuple[str, ...]
    example: Cycle
    cut: Reference | None


def cycles(graph: ObjectGraph) -> Iterator[Cycle]:
    """Yield every cycle."""
    members = graph.columns.cycle_member
    for start, end in pairwise(graph.columns.cycle_first):
        nodes = tuple(members[start:end])
        yield Cycle(nodes, sum(map(graph.size, nodes)), bool(graph.flags(nodes[0]) & Flag.GARBAGE))


def shapes(graph: ObjectGraph) -> list[Shape]:
    """Return the cycles by the types that they are made of, what takes most first."""
    found: dict[tuple[tuple[str, int], ...], list[Cycle]] = {}
    for cycle in cycles(graph):
        types = Counter(graph.kind(node).title for node in cycle.members)
        found.setdefault(tuple(types.most_common()), []).append(cycle)
    made = [_shape(graph, types, alike) for types, alike in found.items()]
    return sorted(made, key=lambda shape: (-shape.size, shape.types))


def _shape(graph: ObjectGraph, types: tuple[tuple[str, int], ...], alike: list[Cycle]) -> Shape:
    example = alike[0]
    kinds = {graph.kind(node) for node in example.members}
    return Shape(
        types,
        len(alike),
        sum(cycle.size for cycle in alike),
        sum(cycle.garbage for cycle in alike),
        tuple(sorted(kind.title for kind in kinds if kind.flags & KindFlag.FINALIZER)),
        example,
        cut(graph, example.members),
    )


def cut(graph: ObjectGraph, members: Sequence[int]) -> Reference | None:
    """Return the reference without which the objects are in no cycle; None for none.

    Of several it is the one that leads back to the object through which the cycle is
    reached, since what owns the others should not be owned by them.
    """
    inside = set(members)
    edges = [(node, target) for node in members for target in set(graph.targets(node)) & inside]
    if len(edges) > _MOST_EDGES:
        return None
    entries = {node for node in members if graph.columns.up[node] not in inside}
    edges.sort(key=lambda edge: (edge[1] not in entries, edge))
    for source, target in edges:
        if _is_acyclic(inside, [edge for edge in edges if edge != (source, target)]):
            position = list(graph.targets(source)).index(target)
            return Reference(source, target, graph.reference_name(source, position))
    return None


def _is_acyclic(nodes: set[int], edges: Sequence[tuple[int, int]]) -> bool:
    incoming = Counter(target for _, target in edges)
    below: dict[int, list[int]] = {}
    for source, target in edges:
        below.setdefault(source, []).append(target)
    free = [node for node in nodes if not incoming[node]]
    seen = 0
    while free:
        seen += 1
        for target in below.get(free.pop(), ()):
            incoming[target] -= 1
            if not incoming[target]:
                free.append(target)
    return seen == len(nodes)
