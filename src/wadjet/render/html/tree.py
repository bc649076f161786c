"""The call tree renumbered in preorder, so that small numbers and small steps describe it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from wadjet.model.profile import CallTree
from wadjet.model.totals import preorder


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes renumbered from 1, each before its descendants.

    ``number[n]`` is the new number of the tree's node ``n``. ``parent`` and ``frame`` have
    a row for each new number from 1 on; a parent of 0 is none.
    """

    number: array[int]
    parent: array[int]
    frame: array[int]


def renumber(tree: CallTree) -> Nodes:
    """Return the tree's nodes in preorder."""
    order, _ = preorder(tree)
    number = array("i", bytes(4 * len(order)))
    for new, node in enumerate(order, 1):
        number[node] = new
    parents = (tree.node_parent[node] for node in order)
    return Nodes(
        number,
        array("i", (number[parent] if parent >= 0 else 0 for parent in parents)),
        array("i", (tree.node_frame[node] for node in order)),
    )
