"""What is noted as a C function is followed: how it reads its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from wadjet.native.signatures.state import Value

_ENDINGS = 6


class Call(NamedTuple):
    """A parser was called: its name, its arguments, with how many the function was, by then."""

    parser: str
    values: tuple[Value, ...]
    counts: frozenset[int]
    named: bool | None  # whether some were given by name, None where either


class Ending(NamedTuple):
    """A function returned: its result, if known, with how many by place, and by name or not."""

    result: Value
    counts: frozenset[int]
    named: bool | None


def told_apart(endings: list[Ending]) -> list[Ending]:
    """Return endings, one for each result with and without names; very many are one result."""
    made: dict[tuple[Value, bool | None], frozenset[int]] = {}
    for result, counts, named in endings:
        if counts:
            made[result, named] = made.get((result, named), frozenset()) | counts
    if len(made) <= _ENDINGS:
        return [Ending(result, counts, named) for (result, named), counts in made.items()]
    return told_apart([Ending(None, counts, named) for (_, named), counts in made.items()])


@dataclass(slots=True)
class Reading:
    """How a function reads its arguments."""

    calls: list[Call] = field(default_factory=list)
    accepted: set[int] = field(default_factory=set)
    """With how many by place, and none by name, it may return without an error."""
    with_names: set[int] = field(default_factory=set)
    """The same, with some by name."""
    clipped: set[int] = field(default_factory=set)
    """With how many it was on ways that were too long to be followed to their end."""
    clipped_named: set[int] = field(default_factory=set)
    """The same, on ways on which some were given by name."""
    assumed: str | None = None
    """What everything is called that is given by name, None for anything."""
    asked: list[str] = field(default_factory=list)
    """What it compares with what is given by name, in the order in which it does."""
    counted: bool = False
    """It asked how many arguments there are by place."""
    names: bool = False
    """It asked for those by name, or handed them on."""
    keywords: list[Call] = field(default_factory=list)
    """Parsers that it called with what was given by name, and with another tuple."""
    tables: set[tuple[int, ...]] = field(default_factory=set)
    """Places of names that were looked for among those that it was called with."""
    refusals: set[tuple[str, int]] = field(default_factory=set)
    """How many there should be by place, as Cython's code says when it refuses."""
    collects: bool = False
    """It made a dict before it looked for names: it may be for any others."""
    endings: list[Ending] = field(default_factory=list)
    """How it returned, on each way that was followed."""
    failure: int = 0
    """What it returns with an error."""
    forwards: bool = False
    """What it was called with is handed to a function of the interpreter that is no parser."""
