"""The section of pytest's summary: the slowest tests, and the summary of the recording."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from wadjet.model.finding import Finding
from wadjet.model.origin import homes, shown
from wadjet.model.profile import Function, Profile
from wadjet.model.spans import Cost, costs
from wadjet.model.units import duration, percent
from wadjet.render import text

ROWS = 10
"""Tests that are listed at most."""


def show(reporter: Any, profile: Profile, findings: Sequence[Finding], path: str) -> None:
    """Print the section on pytest's terminal ``reporter``; ``path`` is the recording's file."""
    screen = _Screen(reporter)
    text.summary(profile, findings, screen, path)
    found = sorted(costs(profile).items(), key=lambda item: -item[1].wall)[:ROWS]
    if found:
        reporter.write_line("")
        reporter.write_line("Slowest tests", bold=True)
    known = homes(profile.about)
    for test, cost in found:
        reporter.write_line(_row(test, cost, known))
    reporter.write_line(f"\nwadjet: recorded to {path}")


def _row(test: Function, cost: Cost, known: tuple[str, ...]) -> str:
    row = f"{duration(cost.wall):>9} {duration(cost.cpu):>9} CPU  {test.name}"
    if cost.hottest is None:
        return row
    function = cost.hottest
    place = shown(function.file, known)
    where = f"{place}:{function.line}" if function.line else place
    return f"{row}\n{'':25}{percent(cost.share)} in {function.name} ({where})"


class _Screen(io.StringIO):
    """Prints on pytest's terminal, in colour where pytest does."""

    def __init__(self, reporter: Any) -> None:
        super().__init__()
        self._reporter = reporter

    def write(self, said: str) -> int:
        self._reporter.write(said)
        return len(said)

    def isatty(self) -> bool:
        return bool(self._reporter.hasmarkup)
