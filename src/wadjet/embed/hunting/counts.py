"""References that each run of a test adds to objects that were there before it.

They cost no memory, so nothing but the objects' own counts tell of them. Those that the heap
does not account for are held in C; the others are in an object that has more and more.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from itertools import islice

from wadjet.embed.hunting.census import everything, settle
from wadjet.embed.hunting.remains import ROUNDS, TURNS, Repeat
from wadjet.errors import WadjetError
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.graph import PROCESS, ObjectGraph
from wadjet.model.graph.paths import keeps, line
from wadjet.model.growth import Growth

MOST = 10
"""Findings about one test."""


def taken(test: Place, repeat: Repeat) -> list[Finding]:
    """Run a test again and again, and return findings about references that it leaves."""
    from wadjet.observe.heap.taking import take

    repeat()
    settle()
    try:
        before = take(twins=False)
        rising = _rising(repeat)
        after = take(twins=False)
    except WadjetError:  # no snapshot can be taken here
        return []
    return list(islice(_findings(test, before, after, rising), MOST))


def _rising(repeat: Repeat) -> dict[int, int]:
    """Return the addresses of objects that get more references in each round, and how many."""
    growth = Growth[int]()
    growth.look(_counts())  # what is kept for that is there from now on
    growth.begin_again()
    growth.look(_counts())
    for _ in range(ROUNDS):
        for _ in range(TURNS):
            repeat()
        settle()
        growth.look(_counts())
    return growth.rising(ROUNDS)


def _counts() -> dict[int, int]:
    objects = everything()
    return dict(zip(map(id, objects), map(sys.getrefcount, objects), strict=True))


def _findings(
    test: Place, before: ObjectGraph, after: ObjectGraph, rising: dict[int, int]
) -> Iterator[Finding]:
    old, new = _references(before, rising), _references(after, rising)
    inside: Counter[int] = Counter()  # by the address of who has them
    nodes = {each: node for node, each in enumerate(after.columns.address) if node != PROCESS}
    for address, amount in sorted(rising.items(), key=lambda each: -each[1]):
        more = new[address] - old[address]
        if amount * ROUNDS - more.total() >= ROUNDS and address in nodes:
            number = amount / TURNS - more.total() / (ROUNDS * TURNS)
            yield _held(test, after, nodes[address], number)
        else:
            inside += more
    for address, number in inside.most_common():
        if number >= ROUNDS and address in nodes:
            yield _gathered(test, after, nodes[address], number / (ROUNDS * TURNS))


def _references(graph: ObjectGraph, wanted: Container[int]) -> defaultdict[int, Counter[int]]:
    """Return who refers how often to the objects that are wanted; all by their addresses."""
    address = graph.columns.address
    nodes = {node for node, each in enumerate(address) if each in wanted and node != PROCESS}
    found: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for source in range(1, len(graph)):
        for target in nodes.intersection(graph.targets(source)):
            count = sum(each == target for each in graph.targets(source))
            found[address[target]][address[source]] += count
    return found


def _held(test: Place, graph: ObjectGraph, node: int, number: float) -> Finding:
    what = f"{graph.describe(node)} (`{line(graph, keeps(graph, node))}`)"
    who = "nobody in Python has: they are held in C"
    return _finding(test, f"{_references_told(number)} to {what} that {who}")


def _gathered(test: Place, graph: ObjectGraph, node: int, number: float) -> Finding:
    where = line(graph, keeps(graph, node))
    return _finding(test, f"{_references_told(number)} in {graph.describe(node)}: `{where}`")


def _references_told(number: float) -> str:
    amount = f"{number:.1f}".removesuffix(".0")
    return f"{amount} reference{'' if number == 1 else 's'}"


def _finding(test: Place, what: str) -> Finding:
    message = f"{test.label} leaves {what}, each time it runs"
    return Finding("refs-counts", Level.ERROR, message, test)
