"""The rig: runs workloads with and without a profiler, and says what it is doing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import measure, peers
from bench.measure import Run
from bench.peers import PYTHON, Tool

WORKLOADS = Path(__file__).with_name("workloads")


@dataclass(slots=True)
class Rig:
    """Where files go, how thorough to be, and what could not be run and why.

    ``tell`` is called with a line about each run that begins. ``foreign`` collects how
    many cores others used during each run.
    """

    folder: Path
    tell: Callable[[str], None]
    quick: bool = False
    rounds: int | None = None
    rng: random.Random = field(default_factory=random.Random)
    missing: dict[str, str] = field(default_factory=dict)
    foreign: list[float] = field(default_factory=list)

    def turns(self, usual: int) -> int:
        """Return how often to repeat: as asked, once when quick, else as usual."""
        return self.rounds or (1 if self.quick else usual)

    def seconds(self, usual: float) -> float:
        """Return how long to run: less when quick."""
        return usual / 5 if self.quick else usual

    def have(self, tools: Sequence[Tool]) -> list[Tool]:
        """Return those of the tools that can be used, noting why the others cannot."""
        return [tool for tool in tools if self._has(tool)]

    def _has(self, tool: Tool) -> bool:
        try:
            peers.version(tool.program)
        except RuntimeError as error:
            self.missing[tool.program] = str(error)
            return False
        return True

    def run(
        self,
        tool: Tool | None,
        rate: int,
        workload: str,
        *arguments: str,
        timeout: float = 120.0,
        watch: measure.Watch | None = None,
    ) -> Run:
        """Run a workload, profiled by a tool or (None) plain."""
        report = self.folder / "report.json"
        output = self.folder / f"output{tool.suffix if tool else ''}"
        script = [str(WORKLOADS / f"{workload}.py"), "--report", str(report), *arguments]
        label = f"{tool.name} {rate} Hz" if tool else "plain"
        self.tell(f"{workload}: {label}")
        command = tool.line(rate, output, script) if tool else [PYTHON, *script]
        run = measure.run(label, command, report, output, timeout=timeout, watch=watch)
        if tool and not run.error and not output.exists():
            run = replace(run, error="wrote no result")
        self.foreign.append(run.foreign)
        return run

    def starter(self, tool: Tool | None, rate: int, workload: str) -> Callable[[], Run]:
        """Return a function that does that run."""
        return lambda: self.run(tool, rate, workload)
