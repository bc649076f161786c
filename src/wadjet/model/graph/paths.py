"""Who keeps an object alive: the shortest way to a root, by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from wadjet.model.graph import PROCESS, Flag, ObjectGraph, Reference

MOST_STEPS = 10_000
"""A way that is longer is cut: a linked list may have a million links."""

_KEY = re.compile(r"\['([^\W\d]\w*)'\]")
_ACTIVE = re.compile(r"^(threading\._active)\[(\d+)\]")
"""Where the threads that run are kept, by numbers that say nothing."""
_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Path:
    """The way from a root to an object: references in order, from the process on.

    ``held`` is how many references to the object's root C code has.
    """

    steps: tuple[Reference, ...]
    cut: bool = False

    @property
    def target(self) -> int:
        """The object that the path leads to."""
        return self.steps[-1].target if self.steps else PROCESS


@dataclass(frozen=True, slots=True)
class Group:
    """``count`` objects that are kept in the same way; ``path`` is that of the first."""

    path: Path
    count: int
    size: int


Places: TypeAlias = dict[int, dict[int, int]]
"""Which of its references an object has to another; for those that were looked at."""


def keeps(graph: ObjectGraph, node: int, places: Places | None = None) -> Path:
    """Return the shortest way from a root to ``node``.

    Give the same ``places`` where many objects are asked about: what holds one of them often
    holds all.
    """
    places = {} if places is None else places
    up = graph.columns.up
    chain = [node]
    while chain[-1] != PROCESS and len(chain) <= MOST_STEPS:
        chain.append(up[chain[-1]])
    cut = chain[-1] != PROCESS
    chain.reverse()
    steps = (_reference(graph, source, target, places) for source, target in pairwise(chain))
    return Path(tuple(steps), cut)


def _reference(graph: ObjectGraph, source: int, target: int, places: Places) -> Reference:
    if source == PROCESS:
        return Reference(source, target, _root_name(graph, target))
    if source not in places:  # the first of several references: put in last
        targets = graph.targets(source)
        counted = zip(reversed(targets), range(len(targets) - 1, -1, -1), strict=True)
        places[source] = dict(counted)
    position = places[source].get(target, -1)
    return Reference(source, target, graph.reference_name(source, position))


def _root_name(graph: ObjectGraph, node: int) -> str:
    flags = graph.flags(node)
    if flags & Flag.ROOT:
        return ""
    if flags & Flag.GARBAGE:
        return "garbage, not collected yet"
    if flags & Flag.IMMORTAL:
        return "kept by the interpreter for good"
    count = graph.columns.held[node]
    return f"held from C ({'255 or more' if count == 255 else count} references)".replace(
        "(1 references)", "(1 reference)"
    )


def line(graph: ObjectGraph, path: Path) -> str:
    """Return a path in one line, as Python would write it where it could.

    A module's variable is ``module.name``, an attribute ``.name`` whether or not it lies in
    a dict; ``>`` leads to what has no name there.
    """
    text, names = "", False  # names: the last object is a dict of attributes
    for step in path.steps:
        source, target = graph.kind(step.source).title, graph.kind(step.target).title
        if step.source == PROCESS:
            text = graph.describe(step.target) + (f" ({step.name})" if step.name else "")
        elif target == "module":
            text = graph.text(graph.field(step.target, "__name__"))
        elif source == "interpreter" and step.name == "sys.modules":
            text = "sys.modules"
        elif (source == "module" and target == "dict") or step.name == ".__dict__":
            names = target == "dict"
            continue
        elif names and (match := _KEY.fullmatch(step.name)):
            text += f".{match[1]}"
        else:
            text += _step(graph, step)
        names = False
    return _ACTIVE.sub(lambda found: f"{found[1]}[<{_thread(graph, found[2])}>]", text)


def _thread(graph: ObjectGraph, ident: str) -> str:
    names = graph.about.get("threads")
    return f"thread {names.get(ident, ident) if isinstance(names, dict) else ident}"


def _step(graph: ObjectGraph, step: Reference) -> str:
    if step.name[:1] in (".", "["):
        return step.name
    return f" > {step.name or graph.describe(step.target)}"


def groups(graph: ObjectGraph, nodes: Sequence[int], most: int = 2000) -> list[Group]:
    """Return the ways in which objects are kept, the most common first.

    Ways that differ only in keys and indices are one; at most ``most`` objects are looked
    at, evenly picked.
    """
    step = max(len(nodes) // most, 1)
    first: dict[tuple[str, ...], Path] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    sizes: Counter[tuple[str, ...]] = Counter()
    places: Places = {}
    for node in nodes[::step]:
        path = keeps(graph, node, places)
        shape = tuple(
            f"{graph.kind(each.source).title} {_INDEX.sub('[]', each.name)}" for each in path.steps
        )
        first.setdefault(shape, path)
        counts[shape] += step
        sizes[shape] += graph.retained(node) * step
    return [Group(first[shape], count, sizes[shape]) for shape, count in counts.most_common()]


def find(graph: ObjectGraph, wanted: str) -> list[int]:
    """Return the objects with an address (0x...) or of a type, by its full or last name."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", wanted):
        address = int(wanted, 0)
        return [node for node, each in enumerate(graph.columns.address) if each == address]
    kinds = {
        number
        for number, kind in enumerate(graph.kinds)
        if wanted in (kind.title, kind.name, kind.name.rpartition(".")[2])
    }
    if not kinds:
        return []
    return [node for node, kind in enumerate(graph.columns.type) if kind in kinds and node]
