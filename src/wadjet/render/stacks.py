"""Stacks of functions, for the formats that do not tell one line of a function from another.

The nodes of a call tree differ by line: ``main`` at line 3 and at line 5 are two. Here they
are one, so that a flame graph shows one box for one function.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from wadjet.model.profile import NO_NODE, CallTree

NO_STACK = -1
"""The stack of a sample without a frame."""

_KEPT = 65_536


@dataclass(frozen=True, slots=True)
class Stacks:
    """A prefix tree of functions.

    ``stack[n]`` is the stack of node ``n`` of the call tree; ``parent[s]`` (-1 at a root,
    and always less than ``s``) and ``function[s]`` describe stack ``s``.
    """

    stack: array[int]
    parent: array[int]
    function: array[int]

    def of(self, node: int) -> int:
        """Return the stack of a node; -1 for no frame."""
        return NO_STACK if node == NO_NODE else self.stack[node]

    def path(self, stack: int) -> list[int]:
        """Return the stack's functions, root first."""
        functions = []
        while stack >= 0:
            functions.append(self.function[stack])
            stack = self.parent[stack]
        functions.reverse()
        return functions

    def text_of(self, words: list[str], separator: str, empty: str) -> Callable[[int], str]:
        """Return a function from a stack to its text: a word for each function, root first.

        It remembers the latest texts only: those of all stacks may not fit in memory.
        """

        @lru_cache(maxsize=_KEPT)
        def text(stack: int) -> str:
            if stack == NO_STACK:
                return empty
            return separator.join([words[function] for function in self.path(stack)])

        return text


def merge_lines(tree: CallTree) -> Stacks:
    """Return the tree's stacks with the lines of each function taken together."""
    known: dict[tuple[int, int], int] = {}
    stack = array("i", bytes(4 * len(tree)))
    function_of = tree.frame_function
    pairs = zip(tree.node_parent, tree.node_frame, strict=True)
    for node, (parent, frame) in enumerate(pairs):
        key = (stack[parent] if parent >= 0 else NO_STACK, function_of[frame])
        stack[node] = known.setdefault(key, len(known))
    return Stacks(
        stack=stack,
        parent=array("i", (parent for parent, _ in known)),
        function=array("i", (function for _, function in known)),
    )
