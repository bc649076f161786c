"""Who finds the holder of what leaks, and who is silent where nothing does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.observe.heap.leaks import Leak, leaks

from bench.leak_finders import END, TOOLS
from bench.outcome import Outcome, Table
from bench.rig import Rig

ROOT = Path(__file__).resolve().parents[1]
NOTE = """\
What a tool names first of what has grown over one round, without being told what leaks: the \
name of the variable, class, function or thread that it hangs on has to be in it. A twin is the \
same program, that cleans up: a finding there is false."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a tool said of a leak or its twin: its findings, what is heaviest first."""

    leak: Leak
    tool: str
    findings: tuple[str, ...]
    error: str = ""

    @property
    def names_the_holder(self) -> bool:
        """True if the first finding has the name that the leak hangs on."""
        first = self.findings[0] if self.findings else ""
        names = re.findall(r"[A-Za-z_]\w*", self.leak.holder)
        return bool(first) and (not names or names[0] in first)


def corpus(rig: Rig) -> Outcome:
    """Let every tool look at every leak and at every twin."""
    tools = [tool for tool in TOOLS if _installed(rig, tool)]
    known = leaks()[:: 12 if rig.quick else 1]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        words = {
            (tool, kind): list(pool.map(lambda leak, a=tool, b=kind: _ask(rig, leak, a, b), known))
            for tool in tools
            for kind in ("leak", "twin")
        }
    rows = tuple(_row(tool, words[tool, "leak"], words[tool, "twin"]) for tool in tools)
    named = sum(each.names_the_holder for each in words["wadjet", "leak"])
    silent = sum(not each.findings and not each.error for each in words["wadjet", "twin"])
    columns = ("tool", "holder named first", "silent on the twin", "failed")
    return Outcome(
        (Table(f"{len(known)} leaks and their twins", columns, rows, NOTE),),
        {
            "leaks-named": 100 * named / len(known),
            "leaks-silent": 100 * silent / len(known),
        },
        {
            "missed": [str(each) for each in words["wadjet", "leak"] if not each.names_the_holder],
            "false": [str(each) for each in words["wadjet", "twin"] if each.findings],
        },
    )


def _installed(rig: Rig, tool: str) -> bool:
    found = subprocess.run([sys.executable, "-c", f"import {tool}"], capture_output=True)
    if found.returncode:
        rig.missing[tool] = "is not installed"
    return not found.returncode


def _ask(rig: Rig, leak: Leak, tool: str, kind: str) -> Word:
    rig.tell(f"leaks: {tool}, {leak} {kind}")
    command = [sys.executable, "-m", "bench.leak_finders", str(leak), kind, tool]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return Word(leak, tool, (), "took more than two minutes")
    if done.returncode:
        return Word(leak, tool, (), (done.stderr.strip().splitlines() or ["?"])[-1])
    return Word(leak, tool, tuple(each for each in done.stdout.strip().split(END) if each))


def _row(tool: str, leaked: Sequence[Word], clean: Sequence[Word]) -> tuple[str, ...]:
    named = sum(each.names_the_holder for each in leaked)
    silent = sum(not each.findings and not each.error for each in clean)
    failed = sum(bool(each.error) for each in (*leaked, *clean))
    total = len(leaked)
    return tool, f"{named} of {total}", f"{silent} of {total}", str(failed)
