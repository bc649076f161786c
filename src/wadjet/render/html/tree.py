"""The call tree renumbered in preorder, so that small numbers and small steps describe it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from wadjet.model import columns
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
    number = array("q", bytes(8 * len(order)))
    columns.scatter(number, order, array("q", range(1, len(order) + 1)))
    parents = columns.gather(tree.node_parent, order, 0)
    return Nodes(
        number, columns.gather(number, parents, 0), columns.gather(tree.node_frame, order, 0)
    )
