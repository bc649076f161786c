"""Findings in a file to which several processes write: a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wadjet.model.finding import Finding, Level, Place


def append(path: Path, findings: Sequence[Finding]) -> None:
    """Write findings behind those that are there."""
    text = "".join(json.dumps(asdict(each)) + "\n" for each in findings)
    with path.open("ab", buffering=0) as file:  # a single write: lines of others stay whole
        file.write(text.encode())


def load(path: Path) -> list[Finding]:
    """Return the findings in a file, each once; a line that was cut short is passed over."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return list(dict.fromkeys(each for line in lines for each in _parsed(line)))


def _parsed(line: str) -> list[Finding]:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return []
    place = Place(**row["place"]) if row["place"] else None
    related = tuple(Place(**each) for each in row["related"])
    head = (row["rule"], Level(row["level"]), row["message"])
    return [Finding(*head, place, related, row["treatment"], row["weight"])]
