"""What every workload shares: it times its own work and reports it as JSON.

A workload is an ordinary program. Start-up, and what a profiler does before and after,
are outside ``measured`` and so outside the figures.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows ``--report``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--report", type=Path, help="write the report here, not to stdout")
    return parser


@contextmanager
def measured(report: Path | None) -> Iterator[dict[str, object]]:
    """Time the work inside; the workload may add facts of its own to what is yielded.

    ``wall`` and ``cpu`` are the seconds of the work alone, ``done`` when it was done by the
    monotonic clock; ``process_cpu`` is all the CPU
    time of the process and of its children up to here, start-up included.
    """
    facts: dict[str, object] = {}
    cpu, wall = time.process_time(), time.perf_counter()
    yield facts
    facts["wall"] = time.perf_counter() - wall
    facts["done"] = time.monotonic()
    facts["cpu"] = time.process_time() - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    facts["process_cpu"] = time.process_time() + children.ru_utime + children.ru_stime
    text = json.dumps(facts)
    if report is None:
        sys.stdout.write(text + "\n")
    else:
        report.write_text(text)


class Ledger:
    """The truth: what each function really used, read from the thread's own clock."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    def spend(self, name: str, cpu_ns: int, wall_ns: int) -> None:
        """Add to what ``name`` used. A name belongs to one thread, so no lock is needed."""
        self.cpu[name] = self.cpu.get(name, 0.0) + cpu_ns / 1e9
        self.wall[name] = self.wall.get(name, 0.0) + wall_ns / 1e9
