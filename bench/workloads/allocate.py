"""A program that calls and allocates a lot, all in Python: trees, dicts, text, lists, instances.

python bench/workloads/allocate.py [--report FILE]
"""

from __future__ import annotations

import meter


class Node:
    """A node of a binary tree that knows its way from the root."""

    def __init__(self, depth: int, name: str) -> None:
        self.name = name
        self.branches = [Node(depth - 1, f"{name}{side}") for side in "lr"] if depth else []

    def letters(self) -> int:
        """Return how many letters there are in all the names."""
        return len(self.name) + sum(branch.letters() for branch in self.branches)


class Point:
    """A point that adds up to new ones."""

    __slots__ = ("x", "y")

    def __init__(self, x: float, y: float) -> None:
        self.x, self.y = x, y

    def plus(self, other: Point) -> Point:
        """Return the sum."""
        return Point(self.x + other.x, self.y + other.y)


def index(count: int) -> int:
    """Build an index of words; return how many entries it has."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number in range(count):
        found.setdefault(f"word {number % 2000}", []).append((number, str(number)))
    return sum(map(len, found.values()))


def walk(count: int) -> float:
    """Add up points."""
    here = Point(0.5, 0.5)
    for number in range(count):
        here = here.plus(Point(number * 1.5, number * 2.5))
    return here.x


def fibonacci(number: int) -> int:
    """Call a lot, and allocate next to nothing."""
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def sentences(count: int) -> int:
    """Take text apart and put it together."""
    total = 0
    for number in range(count):
        words = f"the {number} quick brown foxes jump over {number} lazy dogs".split()
        total += len(" ".join(reversed(words)).upper())
    return total


def main() -> None:
    """Do it all a few times."""
    args = meter.arguments(__doc__).parse_args()
    with meter.measured(args.report) as facts:
        facts["sum"] = sum(
            Node(12, "").letters()
            + index(40_000)
            + int(walk(60_000))
            + fibonacci(23)
            + sentences(20_000)
            for _ in range(4)
        )


if __name__ == "__main__":
    main()
