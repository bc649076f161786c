"""A heap that is changed at random, and a plain model of it to check it by."""

from __future__ import annotations

import random
from collections.abc import Callable

ROOTS = 20


class Node:
    """A node that holds others; ``alive`` holds the numbers of all that there are."""

    __slots__ = ("__weakref__", "alive", "number", "others")

    def __init__(self, number: int, alive: set[int]) -> None:
        self.number = number
        self.others: list[Node] = []
        self.alive = alive
        alive.add(number)

    def __del__(self) -> None:
        self.alive.discard(self.number)


class Plain:
    """A node without a finalizer, whose death is noted by its cell."""

    __slots__ = ("cell", "number", "others")

    def __init__(self, number: int, alive: set[int]) -> None:
        self.number = number
        self.others: list[Node | Plain] = []
        self.cell = _Cell(number, alive)
        alive.add(number)


class _Cell:
    __slots__ = ("alive", "number")

    def __init__(self, number: int, alive: set[int]) -> None:
        self.number = number
        self.alive = alive

    def __del__(self) -> None:
        self.alive.discard(self.number)


class World:
    """Nodes that hang on roots, and a model of numbers: who holds whom."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.alive: set[int] = set()
        self.roots: list[Node | Plain] = []
        self.edges: dict[int, list[int]] = {}
        for number in range(ROOTS):
            self.roots.append(self._make(number))
        self.next = ROOTS

    def _make(self, number: int) -> Node | Plain:
        self.edges[number] = []
        kind: Callable[[int, set[int]], Node | Plain] = Plain if number % 3 else Node
        return kind(number, self.alive)

    def change(self, times: int) -> None:
        """Change the graph ``times`` times: add, link, cut, move."""
        for _ in range(times):
            node = self._walk()
            choice = self.random.random()
            if choice < 0.45:
                new = self._make(self.next)
                self.next += 1
                self._link(node, new)
                if self.random.random() < 0.7:
                    self._link(new, node)
            elif choice < 0.7:
                self._link(node, self._walk())
            elif node.others:
                at = self.random.randrange(len(node.others))
                del node.others[at], self.edges[node.number][at]

    def check(self) -> None:
        """Assert that whatever a root reaches is there, and holds what it ought to."""
        reached = self.reached()
        assert reached <= self.alive, f"freed but held: {reached - self.alive}"
        seen: set[int] = set()
        waiting = list(self.roots)
        while waiting:
            node = waiting.pop()
            if node.number not in seen:
                seen.add(node.number)
                assert [other.number for other in node.others] == self.edges[node.number]
                waiting.extend(node.others)
        assert seen == reached

    def reached(self) -> set[int]:
        """Return the numbers that the model reaches from the roots."""
        seen: set[int] = set()
        waiting = list(range(ROOTS))
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                waiting.extend(self.edges[number])
        return seen

    def forget_dead(self) -> None:
        """Drop from the model what is not reached."""
        reached = self.reached()
        self.edges = {number: self.edges[number] for number in reached}

    def _walk(self) -> Node | Plain:
        node = self.random.choice(self.roots)
        for _ in range(self.random.randrange(6)):
            if not node.others:
                break
            node = self.random.choice(node.others)
        return node

    def _link(self, node: Node | Plain, other: Node | Plain) -> None:
        node.others.append(other)  # type: ignore[arg-type]
        self.edges[node.number].append(other.number)
