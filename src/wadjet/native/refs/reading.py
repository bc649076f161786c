"""Findings from what the ledger wrote.

The ledger of a process writes a line of JSON for each place when it is first reached, for
each mistake that it sees, and for each place whose references nobody has. Beside it is a
page with the places reached last, which a crash leaves.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wadjet.errors import ExtensionError
from wadjet.model.finding import Finding, Level, Place
from wadjet.native.refs.compiling import SHIM
from wadjet.native.refs.running import NAME, Ended
from wadjet.target.symbols import Symbolizer

RULES = {
    "leak": "a reference that nobody has any more was never released",
    "over-decref": "a reference is released that was not one's own",
    "stolen": "a call takes over a reference that was not one's own",
    "returned": "what is returned is not a reference of one's own",
    "use-after-decref": "an object is used after its last reference was released",
    "borrowed-after-owner": "a borrowed reference is used after its owner let go",
    "dangling": "an object goes while a pointer to it stays, without a reference",
    "null": "NULL is passed on unchecked",
    "null-item": "a tuple is returned with an item missing",
    "no-exception": "an error is returned without an exception",
    "result-and-exception": "a result is returned with an exception set",
    "exception-set": "the API is called with an exception set",
    "no-gil": "the API is called without the GIL",
    "format": "a format does not agree with the C variables",
    "keywords": "a format does not agree with the list of keywords",
    "not-traversed": "tp_traverse leaves out a member",
    "not-cleared": "tp_clear leaves a member",
    "type-not-released": "tp_dealloc does not release the type",
    "buffer": "a buffer is never released",
    "allocator": "memory is released by another allocator than it is from",
    "uninitialised": "an uninitialised variable is used",
    "crash": "the program crashed",
}
"""Every rule of the ledger, and what it says."""


@dataclass(slots=True)
class Reports:
    """What the processes of a run wrote."""

    findings: list[Finding] = field(default_factory=list)
    unconfirmed: int = 0
    processes: int = 0


def read(folder: Path, ended: Ended | None = None) -> Reports:
    """Read the reports in ``folder``; ``ended`` tells of a crash.

    Raises ExtensionError where no extension was watched. A line that a crash cut short is
    passed over.
    """
    found = Reports()
    symbols = Symbolizer()
    seen = set()
    for path in reports(folder):
        found.processes += 1
        process = _Process(path, symbols)
        found.unconfirmed += process.unconfirmed
        findings = process.findings
        if ended is not None and ended.signal and path.suffix == f".{ended.process}":
            findings = [*findings, process.crash(ended.signal)]
        for each in findings:
            key = (each.rule, each.place)
            if key not in seen:
                seen.add(key)
                found.findings.append(each)
    return found


def reports(folder: Path) -> list[Path]:
    """Return the report of each process; raises ExtensionError where there is none."""
    paths = [each for each in sorted(folder.glob(f"{NAME}.*")) if each.suffix != ".last"]
    if not paths:
        raise ExtensionError(
            "no extension that was built for the ledger was imported",
            "build it with `wadjet refs build`, and see that the program finds it first",
        )
    return paths


class _Process:
    """The report of one process."""

    def __init__(self, path: Path, symbols: Symbolizer) -> None:
        self._path = path
        self._symbols = symbols
        self._sites: dict[int, Place] = {}
        self._libraries: dict[int, str] = {}
        self.findings: list[Finding] = []
        leaks: dict[int, Finding] = {}
        unconfirmed: set[int] = set()
        for row in rows(path):
            if "site" in row and "file" in row:
                self._sites[row["site"]] = site(row)
            elif "number" in row:
                self._libraries[row["number"]] = row["path"]
            elif "kind" in row:
                self.findings.append(self._finding(row))
            elif row.get("confirmed"):
                leaks[row["leak"]] = self._leak(row)
            elif "leak" in row:
                unconfirmed.add(row["leak"])
        self.findings += leaks.values()
        self.unconfirmed = len(unconfirmed - leaks.keys())

    def crash(self, signal: str) -> Finding:
        """Return a finding at the place that was reached last."""
        last = Path(f"{self._path}.last")
        data = last.read_bytes() if last.exists() else b""
        places = []
        if len(data) >= 68:
            count, *ids = struct.unpack_from("<17I", data)
            recent = [ids[(count - 1 - turn) % 16] for turn in range(min(count, 16))]
            places = [self._sites[each] for each in recent if each in self._sites]
        return Finding(
            "refs-crash",
            Level.ERROR,
            f"the program was ended by {signal}, after this",
            places[0] if places else None,
            tuple(dict.fromkeys(places[1:4])),
        )

    def _finding(self, row: dict[str, Any]) -> Finding:
        place = self._sites.get(row["site"])
        other = self._sites.get(row["other"])
        if place is None:
            place, other = other, None
        entry = self._entry(row)
        place = place or entry
        trail = [self._sites.get(each) for each in row.get("trail", ())]
        seen = self._sites.get(row.get("seen", 0))
        ends = dict.fromkeys((other, seen, *self._way(row), entry, *trail))
        related = tuple(each for each in ends if each is not None and each != place)
        return Finding(f"refs-{row['kind']}", Level.ERROR, row["message"], place, related)

    def _way(self, row: dict[str, Any]) -> Iterator[Place]:
        """Yield the calls that led to where something was done with the object."""
        for library, offset in row.get("way", ()):
            symbol = self._symbols.find(self._libraries.get(library, ""), offset - 1)
            if symbol is not None and symbol.file and Path(symbol.file).name != SHIM:
                yield Place(symbol.file, symbol.line, f"call in {symbol.name}")

    def _entry(self, row: dict[str, Any]) -> Place | None:
        """Return the function of the extension that was called."""
        if not row["library"]:
            return None
        symbol = self._symbols.find(row["library"], row["offset"])
        if symbol is None or not symbol.file:
            return None
        return Place(symbol.file, symbol.first_line or symbol.line, row["entry"])

    def _leak(self, row: dict[str, Any]) -> Finding:
        place = self._sites.get(row["leak"])
        ends = dict.fromkeys((self._sites.get(row["other"]), *self._way(row), self._entry(row)))
        related = tuple(each for each in ends if each is not None and each != place)
        count = abs(row["references"])
        what = f"{count} reference{'s' if count != 1 else ''} to {row['type']}"
        if row["references"] < 0:
            message = f"{what} given away or stored that were not taken"
            return Finding("refs-over-decref", Level.ERROR, message, place, related)
        return Finding("refs-leak", Level.ERROR, f"{what}: {row['why']}", place, related)


def site(row: dict[str, Any]) -> Place:
    """Return the place that a row tells of."""
    return Place(row["file"], row["line"], f"{row['api']} in {row['function']}")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a report; a line that a crash cut short is passed over."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row
