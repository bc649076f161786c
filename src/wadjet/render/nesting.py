"""Totals of functions and of calls, each counted once however deep it recurses.

A walk of the whole tree, depth first, that knows what is on the stack: linear, where
looking through each node's ancestors is not.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from wadjet.model.profile import CallTree


def outermost(tree: CallTree, keys: Sequence[int]) -> bytearray:
    """Return 1 for each node none of whose ancestors has the same key, else 0.

    ``keys[n]`` is the key of node ``n``, from 0 on.
    """
    first, following = _children(tree)
    depth = array("i", bytes(4 * (max(keys, default=-1) + 1)))
    found = bytearray(len(tree))
    pending = [node for node, parent in enumerate(tree.node_parent) if parent < 0]
    while pending:
        node = pending.pop()
        if node < 0:
            depth[keys[~node]] -= 1
            continue
        key = keys[node]
        found[node] = depth[key] == 0
        depth[key] += 1
        pending.append(~node)
        child = first[node]
        while child >= 0:
            pending.append(child)
            child = following[child]
    return found


def _children(tree: CallTree) -> tuple[array[int], array[int]]:
    """Return each node's first child and next sibling, -1 for none."""
    first = array("i", [-1]) * len(tree)
    following = array("i", [-1]) * len(tree)
    for node in range(len(tree) - 1, -1, -1):
        parent = tree.node_parent[node]
        if parent >= 0:
            following[node] = first[parent]
            first[parent] = node
    return first, following
