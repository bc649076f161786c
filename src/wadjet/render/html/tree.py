"""The call tree renumbered in preorder, so that a subtree is a run of numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from wadjet.model.profile import CallTree


@dataclass(frozen=True, slots=True)
class Preorder:
    """The nodes that samples use, parents right before their descendants.

    ``number[n]`` is the new number of the tree's node ``n``, counted from 1; 0 where no
    sample needs it. ``parent`` and ``frame`` have a row for each new number from 1 on,
    and a parent of 0 is none.
    """

    number: array[int]
    parent: array[int]
    frame: array[int]


def preorder(tree: CallTree, leaves: Iterable[int]) -> Preorder:
    """Renumber the nodes on the way from ``leaves`` to the root; -1 among them is skipped."""
    used = _used(tree, leaves)
    first, following = _children(tree, used)
    result = Preorder(array("i", bytes(4 * len(tree))), array("i"), array("i"))
    for root in range(len(tree)):
        if used[root] and tree.node_parent[root] < 0:
            _descend(tree, root, first, following, result)
    return result


def _used(tree: CallTree, leaves: Iterable[int]) -> bytearray:
    used = bytearray(len(tree))
    for leaf in set(leaves):
        for node in tree.path(leaf):
            if used[node]:
                break
            used[node] = 1
    return used


def _children(tree: CallTree, used: bytearray) -> tuple[array[int], array[int]]:
    """Return each node's first child and next sibling, -1 where there is none."""
    first = array("i", [-1]) * len(tree)
    following = array("i", [-1]) * len(tree)
    for node in range(len(tree) - 1, -1, -1):
        parent = tree.node_parent[node]
        if used[node] and parent >= 0:
            following[node] = first[parent]
            first[parent] = node
    return first, following


def _descend(
    tree: CallTree, root: int, first: array[int], following: array[int], result: Preorder
) -> None:
    node = root
    while True:
        above = tree.node_parent[node]
        result.parent.append(result.number[above] if above >= 0 else 0)
        result.frame.append(tree.node_frame[node])
        result.number[node] = len(result.parent)
        if first[node] >= 0:
            node = first[node]
            continue
        while node != root and following[node] < 0:
            node = tree.node_parent[node]
        if node == root:
            return
        node = following[node]
