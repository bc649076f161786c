"""The dominator tree: each object below the one that alone keeps it alive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from wadjet.model.graph import PROCESS, ObjectGraph


@dataclass(frozen=True, slots=True)
class Branch:
    """An object of the tree; ``last`` says of each level whether it ends there.

    ``size`` is its own bytes, ``retained`` what would be freed with it; ``count`` is how
    many more branches of its parent were left out after it.
    """

    node: int
    size: int
    retained: int
    last: tuple[bool, ...]
    left_out: int = 0


def large(graph: ObjectGraph, least: float) -> dict[int, list[int]]:
    """Return the objects that retain ``least`` (a share of 1) of all or more, by dominator.

    Each list has the largest first.
    """
    limit = max(int(least * graph.total), 1)
    below: dict[int, list[int]] = {}
    dominator, retained = graph.columns.dominator, graph.columns.retained
    for node, amount in enumerate(retained):
        if amount >= limit and node != PROCESS:
            below.setdefault(dominator[node], []).append(node)
    for nodes in below.values():
        nodes.sort(key=lambda node: (-retained[node], node))
    return below


def branches(
    graph: ObjectGraph, least: float = 0.01, top: int = 10, depth: int = 12
) -> Iterator[Branch]:
    """Yield the tree from the process down, at most ``top`` branches of each object."""
    below = large(graph, least)
    stack: list[Branch] = [Branch(PROCESS, 0, graph.total, ())]
    while stack:
        branch = stack.pop()
        yield branch
        nodes = below.get(branch.node, [])
        if len(branch.last) >= depth:
            continue
        shown = list(islice(nodes, top))
        for number, node in reversed(list(enumerate(shown, 1))):
            last = (*branch.last, number == len(shown))
            left_out = len(nodes) - len(shown) if number == len(shown) else 0
            stack.append(Branch(node, graph.size(node), graph.retained(node), last, left_out))


def dominated(graph: ObjectGraph, node: int) -> list[int]:
    """Return the objects right below one, those that retain most first."""
    dominator, retained = graph.columns.dominator, graph.columns.retained
    found = [each for each in range(node + 1, len(graph)) if dominator[each] == node]
    return sorted(found, key=lambda each: (-retained[each], each))
