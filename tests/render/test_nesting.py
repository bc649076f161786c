"""The outermost node of each key is found as a walk through all ancestors finds it."""

from __future__ import annotations

from hypothesis import given
from tests.profiles import profiles

from wadjet.model.profile import Profile
from wadjet.render.nesting import outermost


@given(profile=profiles())
def test_a_node_is_outermost_if_no_ancestor_has_its_key(profile: Profile) -> None:
    tree = profile.tree
    keys = [tree.function_of(node) for node in range(len(tree))]
    expected = [
        keys[node] not in [keys[each] for each in list(tree.path(node))[1:]]
        for node in range(len(tree))
    ]
    assert list(map(bool, outermost(tree, keys))) == expected
