"""Findings, in the terminal: a block each, with every place on a line of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from wadjet.model.finding import Finding, Place


def show(findings: Iterable[Finding], out: TextIO) -> None:
    """Write findings; those about the same file stand together."""
    ordered = sorted(findings, key=lambda each: _order(each.place))
    for finding in ordered:
        print(f"{_where(finding.place)}: {finding.message} [{finding.rule}]", file=out)
        for place in finding.related:
            label = f"  {place.label}" if place.label else ""
            print(f"    {_where(place)}{label}", file=out)


def _order(place: Place | None) -> tuple[str, int]:
    return (place.file, place.line) if place else ("", 0)


def _where(place: Place | None) -> str:
    if place is None:
        return "?"
    path = Path(place.file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{path}:{place.line}" if place.line else str(path)
