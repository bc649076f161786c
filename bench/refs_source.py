"""The planted mistakes of ``refs_corpus``, read off their source without a build.

The corpus writes a mistake and its twin with macros of its own. The C preprocessor expands those
here, beside a Python.h that is empty: what is left is source as authors write it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bench.refs_corpus import FILES, SOURCES, Verdict, cases
from wadjet.model.finding import Finding
from wadjet.native.refs.checking import check

_HEADERS = ("Python.h", "datetime.h", "structmember.h", "string", "vector", "memory", "utility")
_MARK = re.compile(r'# (\d+) "(.*?)"')


def verdicts(folder: Path) -> list[Verdict]:
    """Expand all pairs into ``folder``, check them, and judge.

    Allocations are left unchecked throughout the corpus, for shortness: what is said of
    those is no verdict on a twin.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _HEADERS:
        (folder / name).touch()
    made = []
    for file in FILES:
        table = [each for each in cases() if each.file == file]
        bad = check([_expanded(folder, file, bug=True)]).findings
        good = check([_expanded(folder, file, bug=False)]).findings
        false = tuple(each for each in good if each.rule != "refs-null")
        starts = [min(line for line, _ in each.wanted) for each in table]
        for case, start, end in zip(table, starts, [*starts[1:], 10**9], strict=True):
            made.append(Verdict(case, tuple(bad), _between(false, start, end)))
    return made


def _between(findings: tuple[Finding, ...], start: int, end: int) -> tuple[Finding, ...]:
    """Return the findings about the lines of a case, with the few before its first mark."""
    lines = [each.place.line if each.place else 0 for each in findings]
    return tuple(
        each for each, line in zip(findings, lines, strict=True) if start - 9 <= line < end
    )


def _expanded(folder: Path, file: str, *, bug: bool) -> Path:
    language = "c++" if file.endswith("pp") else "c"
    command = ["cc", "-E", f"-x{language}", f"-I{folder}", f"-I{SOURCES}", "-DMODULE=0"]
    command += ["-DINIT=made", "-DPY_VERSION_HEX=0", *(["-DBUG"] if bug else [])]
    run = [*command, str(SOURCES / file)]
    text = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    path = folder / ("bad" if bug else "good") / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(_relaid(text, file))
    return path


def _relaid(text: str, file: str) -> str:
    """Return preprocessed text with each line of ``file`` where it was."""
    lines: dict[int, str] = {}
    number, ours = 0, False
    for line in text.splitlines():
        mark = _MARK.match(line)
        if mark:
            number, ours = int(mark[1]), mark[2].endswith(file)
            continue
        if ours:
            lines[number] = lines.get(number, "") + line
        number += 1
    return "".join(lines.get(each, "") + "\n" for each in range(1, max(lines) + 1))
