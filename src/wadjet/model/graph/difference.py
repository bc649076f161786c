"""What changed between two snapshots of a process, and what is held too long.

An object is the same in two snapshots if it lies at the same address and has the same
type: an address that was freed and given to another object of the type looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wadjet.model.graph import PROCESS, Flag, ObjectGraph
from wadjet.model.graph.paths import Group, Path, groups, line
from wadjet.model.graph.totals import Total, by_type

_OURS = re.compile(r"^wadjet\.|[/\\]wadjet[/\\](embed|observe|model)[/\\]")


@dataclass(frozen=True, slots=True)
class Change:
    """How the objects of a type changed: numbers and bytes, before and after."""

    name: str
    before: Total
    after: Total

    @property
    def count(self) -> int:
        """How many more objects there are."""
        return self.after.count - self.before.count

    @property
    def size(self) -> int:
        """How many bytes more they take."""
        return self.after.size - self.before.size


def changes(before: ObjectGraph, after: ObjectGraph) -> list[Change]:
    """Return the types that changed, the one that grew most first."""
    old = {total.name: total for total in by_type(before)}
    new = {total.name: total for total in by_type(after)}
    found = [
        Change(name, old.get(name, Total(name, 0, 0)), new.get(name, Total(name, 0, 0)))
        for name in old.keys() | new.keys()
    ]
    changed = [each for each in found if each.count or each.size]
    return sorted(changed, key=lambda each: (-each.size, -each.count, each.name))


def born(before: ObjectGraph, after: ObjectGraph) -> list[int]:
    """Return the objects of ``after`` that ``before`` does not have."""
    old = _identities(before)
    return [node for node, each in _numbered(after) if each not in old]


def outlived(before: ObjectGraph, after: ObjectGraph, last: ObjectGraph) -> list[int]:
    """Return the objects of ``last`` that were made between ``before`` and ``after``.

    With ``before`` taken as a request, a test or a round of a loop begins, ``after`` as it
    ends, and ``last`` some rounds later, these are held longer than what they were made for.
    """
    made = _identities(after) - _identities(before)
    return [node for node, each in _numbered(last) if each in made]


def holders(graph: ObjectGraph, nodes: Sequence[int]) -> list[Group]:
    """Return what keeps objects alive, what keeps most bytes first.

    Objects that are kept by one of themselves are left out, what belongs to Wadjet, and garbage:
    nothing keeps that, it waits for the collector.
    """
    inside = set(nodes)
    dominator = graph.columns.dominator
    tops = [
        node
        for node in nodes
        if dominator[node] not in inside and not graph.flags(node) & Flag.GARBAGE
    ]
    found = [each for each in groups(graph, tops) if not _is_ours(graph, each.path)]
    return sorted(found, key=lambda each: (-each.size, -each.count))


def _is_ours(graph: ObjectGraph, path: Path) -> bool:
    """True for a way to what the taking of snapshots itself left behind."""
    modules = (graph.kind(step.target).module for step in path.steps)
    return bool(_OURS.search(line(graph, path))) or any(
        module.startswith(("wadjet.model.", "wadjet.embed.")) for module in modules
    )


def ages(snapshots: Sequence[ObjectGraph]) -> list[int]:
    """Return for each object of the last snapshot in how many before it, in a row, it was."""
    last = snapshots[-1]
    found = [0] * len(last)
    waiting = list(_numbered(last))
    for earlier in reversed(snapshots[:-1]):
        there = _identities(earlier)
        waiting = [(node, each) for node, each in waiting if each in there]
        for node, _ in waiting:
            found[node] += 1
    return found


def _identities(graph: ObjectGraph) -> set[tuple[int, str]]:
    return {each for _, each in _numbered(graph)}


def _numbered(graph: ObjectGraph) -> list[tuple[int, tuple[int, str]]]:
    titles = [kind.title for kind in graph.kinds]
    pairs = zip(graph.columns.address, graph.columns.type, strict=True)
    return [
        (node, (address, titles[kind]))
        for node, (address, kind) in enumerate(pairs)
        if node != PROCESS
    ]
