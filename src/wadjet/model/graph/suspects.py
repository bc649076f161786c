"""What stands out in a heap: objects that gather much of it, and who keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wadjet.model.finding import Finding, Level
from wadjet.model.graph import PROCESS, Flag, KindFlag, ObjectGraph, Tail
from wadjet.model.graph.paths import keeps, line
from wadjet.model.graph.tree import dominated, large
from wadjet.model.units import percent, plural, size

LEAST = 0.10
"""The share of the heap from which on an object is worth a word."""

_MAIN_PART = 0.7
"""An object whose largest part keeps more than this only passes on what that part is."""


_MANY = 10
"""Objects of a type that are worth their number in a sentence."""


def suspects(graph: ObjectGraph, least: float = LEAST) -> list[Finding]:
    """Return what stands out, what weighs most first."""
    found = [*_gatherers(graph, least), *_garbage(graph), *_liars(graph)]
    return sorted(found, key=lambda each: (-each.level, -each.weight))


def _gatherers(graph: ObjectGraph, least: float) -> Iterator[Finding]:
    below = large(graph, least)
    for node in [each for nodes in below.values() for each in nodes]:
        children = below.get(node, [])
        retained = graph.retained(node)
        if children and graph.retained(children[0]) > _MAIN_PART * retained:
            continue
        if graph.flags(node) & (Flag.SCAFFOLD | Flag.ROOT) or _is_namespace(graph, node):
            continue
        share = retained / graph.total
        where = line(graph, keeps(graph, node))
        if where == "sys.modules":  # the whole program
            continue
        command = f"wadjet heap --keeps 0x{graph.columns.address[node]:x} FILE"
        yield Finding(
            "gathers",
            Level.WARNING,
            f"{_a(graph.describe(node))} keeps {size(retained)}, {percent(share)} of the heap"
            f"{_mostly(graph, node)}: `{where}`",
            treatment=f"`{command}` shows the way to it",
            weight=share,
        )


def _is_namespace(graph: ObjectGraph, node: int) -> bool:
    """True for the names of a class, which are many things at once."""
    above = graph.kind(graph.columns.dominator[node])
    return "__mro__" in above.fields and graph.kind(node).title == "dict"


def _mostly(graph: ObjectGraph, node: int) -> str:
    """Return what an object has many of, "" for nothing."""
    targets = graph.targets(node)
    kind = graph.kind(node)
    if kind.tail is Tail.MAPPING:
        targets = targets[len(kind.fields) + 1 :: 2]
    counts = Counter(graph.columns.type[each] for each in targets if each)
    if not counts:
        return ""
    number, count = counts.most_common(1)[0]
    return f", with {count:,} {graph.kinds[number].title}" if count >= _MANY else ""


def _a(text: str) -> str:
    return f"an {text}" if text[0] in "aeio" else f"a {text}"


def _garbage(graph: ObjectGraph) -> Iterator[Finding]:
    roots = [node for node in dominated(graph, PROCESS) if graph.flags(node) & Flag.GARBAGE]
    amount = sum(map(graph.retained, roots))
    if amount > 0.01 * graph.total:
        yield Finding(
            "garbage",
            Level.NOTE,
            f"{size(amount)} is garbage in cycles, which the collector has not freed yet",
            treatment="`wadjet heap --cycles FILE` shows them",
            weight=amount / graph.total,
        )


def _liars(graph: ObjectGraph) -> Iterator[Finding]:
    liars = [kind.title for kind in graph.kinds if kind.flags & KindFlag.LIES]
    if liars:
        names = ", ".join(f"`{name}`" for name in liars[:5])
        yield Finding(
            "sizeof",
            Level.NOTE,
            f"`__sizeof__` of {plural(len(liars), 'type')} raises or cannot be true ({names}); "
            "the layout of the type was used instead",
        )
