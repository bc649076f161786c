"""The renumbered tree is the same tree, each node before its descendants."""

from __future__ import annotations

from hypothesis import given
from tests.profiles import huge, profiles

from wadjet.model.profile import CallTree, Profile
from wadjet.render.html.tree import Nodes, renumber


def frames(tree: CallTree, nodes: Nodes, number: int) -> list[int]:
    path = []
    while number:
        path.append(nodes.frame[number - 1])
        number = nodes.parent[number - 1]
    return path


def check(tree: CallTree) -> None:
    nodes = renumber(tree)
    for node in range(len(tree)):
        expected = [tree.node_frame[each] for each in tree.path(node)]
        assert frames(tree, nodes, nodes.number[node]) == expected
    for number, parent in enumerate(nodes.parent, 1):
        assert parent < number


@given(profiles())
def test_each_stack_is_what_it_was(profile: Profile) -> None:
    check(profile.tree)


def test_a_subtree_is_a_run_of_numbers() -> None:
    tree = huge(2_000, 2_000).tree
    check(tree)
    nodes = renumber(tree)
    open_nodes: list[int] = []
    for number, parent in enumerate(nodes.parent, 1):
        while open_nodes and open_nodes[-1] != parent:
            open_nodes.pop()
        assert open_nodes or parent == 0
        open_nodes.append(number)
