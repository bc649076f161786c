"""The call tree as it is printed: merged by function, pruned, without the frames in between.

Frames of the import machinery are left out as in a traceback: what they cost is their
importer's.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from wadjet.model.profile import NO_NODE, Function, Profile
from wadjet.model.totals import by_node, with_descendants
from wadjet.render.text.costs import foreign


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of the tree.

    ``last`` says for each level, outermost first, whether the branch there is its
    parent's last; ``skipped`` library frames were left out between it and its parent.
    """

    function: Function
    line: int
    self: int
    total: int
    last: tuple[bool, ...]
    skipped: int = 0
    recursive: bool = False


@dataclass(slots=True)
class _Merged:
    """Calls of one function from one caller; direct recursion folds into it."""

    function: int
    own: int
    total: int
    line: int
    recursive: bool
    children: list[int]


def branches(
    profile: Profile, metric: str, *, threshold: float, whole: bool = False
) -> Iterator[Branch]:
    """Yield the branches worth ``threshold`` of all or more, callers before callees.

    Unless the ``whole`` tree is asked for, library frames that do nothing but call one
    function are stepped over.
    """
    merged, roots = _merge(profile, by_node(profile, metric))
    least = max(1.0, threshold * sum(merged[root].total for root in roots))
    stack = [(root, last) for root, last in _worth(merged, roots, least, ())]
    stack.reverse()
    while stack:
        number, last = stack.pop()
        skipped = 0
        if not whole:
            number, skipped = _past_library(profile, merged, number, least)
        node = merged[number]
        yield Branch(
            profile.tree.functions[node.function],
            node.line,
            node.own,
            node.total,
            last,
            skipped,
            node.recursive,
        )
        stack.extend(reversed(_worth(merged, node.children, least, last)))


def _merge(profile: Profile, sums: array[int]) -> tuple[list[_Merged], list[int]]:
    """Merge nodes by function, whatever the line; return them and the roots."""
    tree = profile.tree
    totals = with_descendants(tree, sums)
    merged: list[_Merged] = []
    roots: list[int] = []
    known: dict[tuple[int, int], int] = {}
    importer = [each.file.startswith("<frozen importlib._bootstrap") for each in tree.functions]
    place = array("i", [NO_NODE]) * (len(tree) + 1)
    for node, parent in enumerate(tree.node_parent):
        if not totals[node]:
            continue
        function = tree.function_of(node)
        above = place[parent]
        if above >= 0 and (merged[above].function == function or importer[function]):
            merged[above].recursive |= merged[above].function == function
            merged[above].own += sums[node]
            place[node] = above
            continue
        number = known.setdefault((above, function), len(merged))
        if number == len(merged):
            line = tree.functions[function].line or tree.line_of(node)
            merged.append(_Merged(function, 0, 0, line, False, []))
            (merged[above].children if above >= 0 else roots).append(number)
        merged[number].own += sums[node]
        merged[number].total += totals[node]
        place[node] = number
    return merged, roots


def _worth(
    merged: list[_Merged], numbers: list[int], least: float, last: tuple[bool, ...]
) -> list[tuple[int, tuple[bool, ...]]]:
    """Return those worth showing, and their levels.

    Only children stay on the level of a parent that was a last one: chains are long, and
    two branches that are both the last on their level can only be a chain.
    """
    kept = sorted(
        (number for number in numbers if merged[number].total >= least),
        key=lambda number: -merged[number].total,
    )
    if len(kept) == 1 and len(last) > 1 and last[-1]:
        return [(kept[0], last)]
    return [(number, (*last, number == kept[-1])) for number in kept]


def _past_library(
    profile: Profile, merged: list[_Merged], number: int, least: float
) -> tuple[int, int]:
    """Step over library frames that do nothing but call one function each."""
    skipped = 0
    while True:
        node = merged[number]
        worth = [child for child in node.children if merged[child].total >= least]
        passes = len(worth) == 1 and merged[worth[0]].total >= 0.99 * node.total
        if not (passes and foreign(profile.tree.functions[node.function])):
            return number, skipped
        number, skipped = worth[0], skipped + 1
