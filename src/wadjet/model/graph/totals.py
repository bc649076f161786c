"""Objects and bytes by type, and by the module that defines the type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wadjet.model.graph import HUGE, PROCESS, ObjectGraph


@dataclass(frozen=True, slots=True)
class Total:
    """``count`` objects of ``name`` take ``size`` bytes themselves."""

    name: str
    count: int
    size: int


def by_type(graph: ObjectGraph) -> list[Total]:
    """Return the types, the one with the most bytes first."""
    counts, sizes = _sums(graph)
    titles: Counter[str] = Counter()
    bytes_: Counter[str] = Counter()
    for kind, count in counts.items():
        titles[graph.kinds[kind].title] += count
        bytes_[graph.kinds[kind].title] += sizes[kind]
    return _sorted(Total(title, count, bytes_[title]) for title, count in titles.items())


def by_module(graph: ObjectGraph) -> list[Total]:
    """Return the modules whose types the objects have, the one with the most bytes first."""
    counts, sizes = _sums(graph)
    modules: dict[str, list[int]] = {}
    for kind, count in counts.items():
        total = modules.setdefault(graph.kinds[kind].module or "(interpreter)", [0, 0])
        total[0] += count
        total[1] += sizes[kind]
    return _sorted(Total(name, count, size) for name, (count, size) in modules.items())


def _sums(graph: ObjectGraph) -> tuple[Counter[int], list[int]]:
    types, sizes = graph.columns.type, graph.columns.size
    counts = Counter(types)
    sums = [0] * len(graph.kinds)
    for kind, size in zip(types, sizes, strict=True):
        sums[kind] += size
    for node, size in graph.huge.items():
        sums[types[node]] += size - HUGE
    counts[types[PROCESS]] -= 1
    return +counts, sums


def _sorted(totals: Iterable[Total]) -> list[Total]:
    return sorted(totals, key=lambda total: (-total.size, -total.count, total.name))
