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
    ours = [
        function.kind == "python" and not is_library(function.file) for function in tree.functions
    ]
    nearest = array("i", [NO_NODE]) * (len(tree) + 1)  # the last one is the parent of roots
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        nearest[node] = node if ours[tree.frame_function[frame]] else nearest[parent]
    nearest.pop()
    return nearest


def place(tree: CallTree, node: int) -> Place:
    """Return where ``node`` was executing."""
    function = tree.functions[tree.function_of(node)]
    return Place(function.file, tree.line_of(node), function.name)


def by_line(profile: Profile, metric: str) -> list[tuple[Place, int]]:
    """Return what each line of the program's own code is charged with, the largest first.

    What no line of it asked for is charged to the place where it was.
    """
    tree = profile.tree
    near = own_nodes(profile)
    first: dict[int, int] = {}  # of each frame, the first node that is charged
    frames: Counter[int] = Counter()
    for node, value in enumerate(by_node(profile, metric)):
        if value:
            at = near[node] if near[node] != NO_NODE else node
            frame = tree.node_frame[at]
            first.setdefault(frame, at)
            frames[frame] += value
    sums: Counter[Place] = Counter()
    known: dict[tuple[str, int], Place] = {}  # a line has one, whatever comprehensions are on it
    for frame, at in first.items():
        where = place(tree, at)
        sums[known.setdefault((where.file, where.line), where)] += frames[frame]
    return sorted(sums.items(), key=lambda item: (-item[1], item[0].file, item[0].line))
