"""What each function of the C API does with references.

>>> sorted(facts()["PyList_SetItem"].arguments[3])
['null', 'steals']
>>> facts()["PyDict_GetItem"].result, facts()["PyDict_GetItem"].owner
('borrowed', 1)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

Version = tuple[int, int]

RESULTS = frozenset({"new", "borrowed", "null", "-"})
EFFECTS = frozenset(
    {"steals", "steals-on-success", "gives", "lends", "replaces", "increfs", "decrefs"}
    | {"null", "needs"}
)
TRAITS = frozenset({"runs", "nogil", "inner", "fresh", "nonnull"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of ``api.txt``, whose head says what the words mean.

    ``arguments`` has the effects on each argument, from 1; ``owner`` is the argument that
    a borrowed result belongs to, 0 for none; ``until`` is the last version that has it.
    """

    name: str
    since: Version
    until: Version | None
    result: str
    owner: int = 0
    arguments: dict[int, frozenset[str]] = field(default_factory=dict)
    traits: frozenset[str] = frozenset()

    def among(self, effect: str) -> list[int]:
        """Return the arguments that have an effect."""
        return [number for number, effects in self.arguments.items() if effect in effects]

    def known_to(self, version: Version) -> bool:
        """Say whether a version of Python declares it."""
        return self.since <= version and (self.until is None or version <= self.until)


@cache
def facts() -> dict[str, Fact]:
    """Return the table, by name; ValueError for a row that is not well formed."""
    text = (files("wadjet.native.csource") / "api.txt").read_text(encoding="utf-8")
    rows = [_fact(line) for line in text.splitlines() if line and not line.startswith("#")]
    return {row.name: row for row in rows}


def _fact(line: str) -> Fact:
    name, versions, result, *effects = line.split()
    since, _, until = versions.partition("-")
    result, _, owner = result.partition("<")
    arguments: dict[int, frozenset[str]] = {}
    for number, _, words in (each.partition("=") for each in effects if "=" in each):
        if int(number) in arguments:
            raise ValueError(f"the row {line!r} has argument {number} twice")
        arguments[int(number)] = frozenset(words.split(","))
    traits = frozenset(each for each in effects if "=" not in each)
    unknown = frozenset().union(*arguments.values()) - EFFECTS | traits - TRAITS
    if unknown or result not in RESULTS:
        raise ValueError(f"the row {line!r} has words that mean nothing")
    last = _version(until) if until else None
    return Fact(name, _version(since), last, result, int(owner or 0), arguments, traits)


def _version(text: str) -> Version:
    major, minor = text.split(".")
    return int(major), int(minor)
