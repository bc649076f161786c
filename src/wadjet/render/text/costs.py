"""Rows of a table of costs: what each function, line, file or module takes of a metric."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from wadjet.model.charge import own_nodes
from wadjet.model.confidence import Drawn, Share
from wadjet.model.origin import homes, is_library, library, module, shown
from wadjet.model.profile import NO_NODE, CallTree, Function, Profile
from wadjet.model.totals import (
    Total,
    by_function,
    by_key,
    by_line,
    by_node,
    doubt_by_node,
    fold,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one thing took: ``self`` and ``total`` of the metric, and ``self`` as a share.

    ``where`` is its place as a reader knows it; ``library`` tells code that is not the
    program's own; ``text`` is the source of a line.
    """

    name: str
    where: str
    self: int
    total: int
    share: Share
    library: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The largest costs of one metric; ``whole`` is what shares are of.

    ``count`` things have a cost, of which ``rows`` may hold the first few only.
    """

    by: str
    whole: int
    count: int
    rows: tuple[Cost, ...]


def table(
    profile: Profile, metric: str, by: str, *, top: int | None = None, sort: str = "self"
) -> Table:
    """Return the costs of ``metric`` by one of ``KINDS``, the largest first.

    Sorted by "self" there are only those that cost something themselves.
    """
    rows = fold(profile, metric)
    whole = rows.total
    sums = KINDS[by](profile, by_node(profile, metric))
    share = _shares(profile, metric, by)
    if sort == "total":
        costs = sorted(sums.items(), key=lambda item: (-item[1].total, *_rank(item)))
    else:
        costs = sorted((item for item in sums.items() if item[1].self), key=_rank)
    return Table(
        by,
        whole,
        len(costs),
        tuple(_cost(profile, by, key, total, share(key, total.self)) for key, total in costs[:top]),
    )


def _shares(profile: Profile, metric: str, by: str) -> Callable[[Hashable, int], Share]:
    """Return what gives a thing's share of the whole, by the thing and what it cost itself."""
    rows = fold(profile, metric)
    doubts = doubt_by_node(profile, metric)
    if doubts is None:
        return lambda _, part: Share.of(part, rows.total, rows.grain)
    sums = KINDS[by](profile, doubts)
    whole = Drawn(rows.total, sum(doubts), rows.grain)

    def share(key: Hashable, part: int) -> Share:
        doubt = sums[key].self if key in sums else 0
        return Share.drawn(Drawn(part, doubt, rows.grain), whole)

    return share


def _rank(item: tuple[Hashable, Total]) -> tuple[int, int, str]:
    return -item[1].self, -item[1].total, str(item[0])


def _by_file(profile: Profile, sums: array[int]) -> Mapping[Hashable, Total]:
    files = [function.file for function in profile.tree.functions]
    return by_key(profile.tree, sums, lambda tree, node: files[tree.function_of(node)])


def _by_module(profile: Profile, sums: array[int]) -> Mapping[Hashable, Total]:
    known = homes(profile.about)
    modules = [module(function.file, known) for function in profile.tree.functions]
    return by_key(profile.tree, sums, lambda tree, node: modules[tree.function_of(node)])


def _by_library(profile: Profile, sums: array[int]) -> Mapping[Hashable, Total]:
    libraries = [library(function.file) for function in profile.tree.functions]
    return by_key(profile.tree, sums, lambda tree, node: libraries[tree.function_of(node)])


def _by_own_line(profile: Profile, sums: array[int]) -> Mapping[Hashable, Total]:
    near = own_nodes(profile)
    functions = profile.tree.functions
    first: dict[tuple[str, int], int] = {}  # a line has one, whatever comprehensions are on it

    def key(tree: CallTree, node: int) -> tuple[int, int]:
        charged = near[node] if near[node] != NO_NODE else node
        number, line = tree.function_of(charged), tree.line_of(charged)
        return first.setdefault((functions[number].file, line), number), line

    return by_key(profile.tree, sums, key)


KINDS: Mapping[str, Callable[[Profile, array[int]], Mapping[Any, Total]]] = {
    "function": lambda profile, sums: by_function(profile.tree, sums),
    "line": lambda profile, sums: by_line(profile.tree, sums),
    "file": _by_file,
    "module": _by_module,
    "library": _by_library,
    "own": _by_own_line,
}
"""What costs can be summed by; ``own`` are lines of the program, libraries charged to them."""


def _cost(profile: Profile, by: str, key: Hashable, total: Total, share: Share) -> Cost:
    known = homes(profile.about)
    own, whole = total.self, total.total
    if isinstance(key, str):
        name = shown(key, known) if by == "file" else key
        return Cost(
            name or "(no file)", "", own, whole, share, library=by == "file" and is_library(key)
        )
    number, line = key if isinstance(key, tuple) else (key, -1)
    function = profile.tree.functions[number]
    text = source_line(profile, function.file, line) if line >= 0 else ""
    where = place(function, function.line if line < 0 else line, known)
    return Cost(function.name, where, own, whole, share, foreign(function), text)


def foreign(function: Function) -> bool:
    """Say whether a function is not the program's own Python code."""
    return function.kind != "python" or is_library(function.file)


def place(function: Function, line: int, homes: tuple[str, ...]) -> str:
    """Return ``file:line`` as a reader knows it."""
    file = shown(function.file, homes)
    if function.kind == "native":  # of the library, or of the C source where that is known
        file = file.rpartition("/")[2]
    return f"{file}:{line}" if line and file else file


def source_line(profile: Profile, file: str, line: int) -> str:
    """Return the text of a line: as recorded, or from a file that has not changed since."""
    started = profile.about.get("started")
    if file in profile.sources:
        rows = profile.sources[file].splitlines()
    elif isinstance(started, (int, float)):
        rows = _unchanged(file, started)
    else:
        return ""
    return rows[line - 1].strip() if 0 < line <= len(rows) else ""


@lru_cache(maxsize=64)
def _unchanged(file: str, since: float) -> list[str]:
    try:
        path = Path(file)
        if path.stat().st_mtime <= since:
            return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        pass
    return []
