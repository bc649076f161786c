"""Planted mistakes with references, each with a mended twin, and what the ledger says of them.

The sources are in ``tests/ext/refs``: one text for both, built with BUG defined and without.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wadjet.model.finding import Finding
from wadjet.native.refs.building import prepare
from wadjet.native.refs.reading import read

SOURCES = Path(__file__).parent.parent / "tests" / "ext" / "refs"
FILES = ("functions.c", "types.c", "plus.cpp")
_CASE = re.compile(r"^CASE\((\w+)\)|^/\* case (\w+): (.*?) ?\*/$")
_FINDS = re.compile(r"finds: ([\w -]+?)(?: \*/|$)")


@dataclass(frozen=True, slots=True)
class Case:
    """A pair: how it is driven, and the lines where a rule should find the mistake."""

    name: str
    file: str
    code: str
    wanted: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the ledger says of a case: with the mistake, and of the mended twin."""

    case: Case
    findings: tuple[Finding, ...]
    false: tuple[Finding, ...]

    @property
    def found(self) -> bool:
        """Whether it names one of the lines, by a rule that is expected there."""
        return any(
            place.line == line and Path(place.file).name == self.case.file
            for line, rule in self.case.wanted
            for each in self.findings
            if each.rule == f"refs-{rule}"
            for place in (each.place, *each.related)
            if place is not None
        )


def cases() -> Iterator[Case]:
    """Yield the pairs as the sources tell of them; what needs an older Python is left out."""
    for file in FILES:
        name, code = "", ""
        wanted: list[tuple[int, str]] = []
        for number, line in enumerate((SOURCES / file).read_text().splitlines(), 1):
            start = _CASE.match(line)
            if start:
                if name and wanted:
                    yield Case(name, file, code, tuple(wanted))
                name = start[1] or start[2]
                code = start[3] or f"m.{name}(o)"
                wanted = [] if not start[2] or name != start[1] else wanted
            found = _FINDS.search(line)
            if found:
                wanted += [(number, rule) for rule in found[1].split()]
        if name and wanted:
            yield Case(name, file, code, tuple(wanted))


def verdicts(folder: Path) -> list[Verdict]:
    """Build all pairs in ``folder``, drive them, and judge."""
    environment = prepare(folder, SOURCES)
    table = [each for each in cases() if applies(each)]
    found: dict[tuple[str, bool], list[Finding]] = {}
    for file in FILES:
        ours = [each for each in table if each.file == file]
        for bug in (True, False):
            module = f"{'bad' if bug else 'good'}_{file.partition('.')[0]}"
            _compile(folder, environment, file, module, bug=bug)
            for name, findings in _drive(folder, module, ours).items():
                found[name, bug] = findings
    return [
        Verdict(each, tuple(found[each.name, True]), tuple(found[each.name, False]))
        for each in table
    ]


def applies(case: Case) -> bool:
    """Say whether a case can be tried with this Python."""
    until = {  # what there was before
        "leak_true": (3, 12),
        "none_stored": (3, 12),
        "returned_none": (3, 12),
        "returned_true_after_a_slot": (3, 12),
        "returned_utc": (3, 12),
        "returned_weak": (3, 15),
    }
    return sys.version_info < until.get(case.name, (4,))


def _compile(
    folder: Path, environment: dict[str, str], file: str, module: str, *, bug: bool
) -> None:
    compiler = environment["CXX" if file.endswith("pp") else "CC"]
    command = [compiler, "-shared", "-fPIC", "-O0", f"-I{sysconfig.get_path('include')}"]
    command += [f"-I{SOURCES}", f'-DMODULE="{module}"', f"-DINIT=PyInit_{module}"]
    command += ["-DBUG"] if bug else []
    command += [str(SOURCES / file), "-o", str(folder / f"{module}.so")]
    subprocess.run(command, check=True, env=environment)


def _drive(folder: Path, module: str, table: list[Case]) -> dict[str, list[Finding]]:
    reports = folder / module
    reports.mkdir()
    plan = reports / "cases.json"
    plan.write_text(json.dumps({each.name: each.code for each in table}))
    environment = dict(os.environ, PYTHONPATH=str(folder))
    environment["WADJET_REFS_REPORT"] = str(reports / "all")
    with (reports / "output").open("w") as output:
        subprocess.run(
            [sys.executable, str(SOURCES / "drive.py"), module, str(plan)],
            env=environment,
            stdout=output,
            stderr=output,
            check=True,
        )
    (report,) = [each for each in reports.glob("all.*") if each.suffix != ".last"]
    return dict(_split(report, reports))


def _split(report: Path, folder: Path) -> Iterator[tuple[str, list[Finding]]]:
    """Yield the findings of each case, whose child wrote behind its name."""
    head, *parts = re.split(r'^\{"case": "(\w+)"\}\n', report.read_text(), flags=re.MULTILINE)
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        one = folder / name
        one.mkdir()
        (one / "report.1").write_text(head + text)
        yield name, read(one).findings
