"""Mutants of C: the same but for one reference that is not counted.

>>> [mutated("    Py_DECREF(name(a, b));"), mutated("if (x) Py_CLEAR(x);"), mutated("f(x);")]
['    (void)0;', 'if (x) (void)0;', None]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wadjet.model.finding import Finding, Place

APIS = frozenset({"Py_INCREF", "Py_XINCREF", "Py_DECREF", "Py_XDECREF", "Py_CLEAR"})
_CALL = re.compile(r"\b(?:" + "|".join(sorted(APIS)) + r")\s*\(")


@dataclass(frozen=True, slots=True)
class Site:
    """A place that a run reached: the function of the API, and in which function it is called."""

    file: str
    line: int
    function: str
    api: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text of a file, and the site that is not in it."""

    site: Site
    path: Path
    text: str


def mutated(line: str) -> str | None:
    """Return a line without its one statement that counts a reference; None for any other."""
    calls = list(_CALL.finditer(line))
    if len(calls) != 1:
        return None
    depth = 1
    for at in range(calls[0].end(), len(line)):
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        if depth == 0:
            rest = line[at + 1 :]
            return f"{line[: calls[0].start()]}(void)0{rest}" if rest[:1] == ";" else None
    return None


def mutants(sites: list[Site], places: list[Path]) -> Iterator[Mutant]:
    """Yield a mutant for each site that is a statement; files are looked for below ``places``."""
    for site in sorted(set(sites), key=lambda each: (each.file, each.line)):
        found = [each / site.file for each in places if (each / site.file).is_file()]
        if site.api not in APIS or not found:
            continue
        lines = found[0].read_text(encoding="utf-8").splitlines(keepends=True)
        line = mutated(lines[site.line - 1])
        if line is not None:
            text = "".join([*lines[: site.line - 1], line, *lines[site.line :]])
            yield Mutant(site, found[0], text)


def names(finding: Finding, mutant: Mutant) -> bool:
    """Say whether a finding names the function that was changed."""
    first, last = _function(mutant)
    return any(
        _function_of(place) == mutant.site.function
        or (Path(place.file).name == mutant.path.name and first <= place.line <= last)
        for place in (finding.place, *finding.related)
        if place is not None
    )


def _function_of(place: Place) -> str:
    return (place.label or "").rpartition(" in ")[2]


def _function(mutant: Mutant) -> tuple[int, int]:
    """Return the first and the last line of the function that a mutant is in."""
    lines = mutant.text.splitlines()
    ends = [number for number, line in enumerate(lines, 1) if line.startswith("}")]
    first = max((each + 1 for each in ends if each < mutant.site.line), default=1)
    last = min((each for each in ends if each >= mutant.site.line), default=len(lines))
    return first, last
