"""Whose doing a cost is: the nearest line of the program's own code on its stack.

What a library asks for or spends, it does for whoever called it.

>>> from wadjet.model.profile import Builder, Metric
>>> made = Builder([Metric("cpu", "ns", "CPU time")])
>>> stack = ["main app.py:9", "loads /usr/lib/python3.11/json/__init__.py:346"]
>>> by_line(made.sample(stack, cpu=5).build(), "cpu")
[(Place(file='app.py', line=9, label='main'), 5)]
"""

from __future__ import annotations

from array import array
from collections import Counter

from wadjet.model import columns
from wadjet.model.finding import Place
from wadjet.model.origin import is_library
from wadjet.model.profile import NO_NODE, CallTree, Profile
from wadjet.model.totals import by_node


def own_nodes(profile: Profile) -> array[int]:
    """Return for each node the nearest caller, itself included, in the program's own code.

    -1 where there is none.
    """
    held = profile.samples.derived.get("own nodes")
    if not isinstance(held, array):
        held = profile.samples.derived["own nodes"] = _own_nodes(profile.tree)
    return held


def _own_nodes(tree: CallTree) -> array[int]:
    ours = array(
        "i",
        [each.kind == "python" and not is_library(each.file) for each in tree.functions],
    )
    return columns.nearest(
        tree.node_parent, by_node_of(tree, columns.gather(ours, tree.frame_function, 0))
    )


def by_node_of(tree: CallTree, frames: array[int]) -> array[int]:
    """Return for each node what is said of its frame."""
    return columns.gather(frames, tree.node_frame, 0)


def charged_nodes(profile: Profile) -> array[int]:
    """Return the nodes that bear what each costs: the nearest of the program's own, else itself."""
    held = profile.samples.derived.get("charged nodes")
    if not isinstance(held, array):
        near = own_nodes(profile)
        held = array("i", [at if at != NO_NODE else node for node, at in enumerate(near)])
        profile.samples.derived["charged nodes"] = held
    return held


def place(tree: CallTree, node: int) -> Place:
    """Return where ``node`` was executing."""
    return place_of_frame(tree, tree.node_frame[node])


def place_of_frame(tree: CallTree, frame: int) -> Place:
    """Return the place that a frame is at."""
    function = tree.functions[tree.frame_function[frame]]
    return Place(function.file, tree.frame_line[frame], function.name)


def by_line(profile: Profile, metric: str) -> list[tuple[Place, int]]:
    """Return what each line of the program's own code is charged with, the largest first.

    What no line of it asked for is charged to the place where it was.
    """
    sums = sums_by_line(profile, by_node(profile, metric))
    return sorted(sums.items(), key=lambda item: (-item[1], item[0].file, item[0].line))


def sums_by_line(profile: Profile, by_node: array[int]) -> Counter[Place]:
    """Return the sums of values of nodes by the line that is charged with them."""
    tree = profile.tree
    bearers = columns.gather(tree.node_frame, charged_nodes(profile), 0)
    sums = array("q", bytes(8 * len(tree.frame_function)))
    columns.scatter(sums, bearers, by_node)
    places: Counter[Place] = Counter()
    known: dict[tuple[str, int], Place] = {}  # a line has one, whatever comprehensions are on it
    for frame, value in enumerate(sums):
        if value:
            where = place_of_frame(tree, frame)
            places[known.setdefault((where.file, where.line), where)] += value
    return places
