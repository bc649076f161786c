"""What one stack costs to read, and what a long recording costs to make, keep and show."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import peers
from bench.measure import MemoryPeak, Run
from bench.outcome import Outcome, Table
from bench.rig import Rig

DEPTHS = (1, 10, 60)
MEGABYTE = 1e6

WALK = """
import sys
from wadjet.observe.sampling import _sampling
depth, stacks = map(int, sys.argv[1:])
def descend(left):
    return descend(left - 1) if left else _sampling.walk_cost(stacks)
print(descend(depth - 2))
"""
"""Prints the mean ns that reading its own stack of a given depth took."""

STRICT = """
import ctypes, os, sys
from wadjet.observe.sampling import _sampling
depth, stacks = map(int, sys.argv[1:])
def descend(left):
    if left:
        return descend(left - 1)
    _sampling.walk_cost(10)
    ctypes.CDLL(None).prctl(22, 1)
    _sampling.walk_cost(stacks)
    os.write(1, b"done")
descend(depth - 2)
"""
"""The same where the kernel kills at any system call but read, write and exit."""


def walk(rig: Rig) -> Outcome:
    """Measure what one stack costs to read, and that no system call is made for it."""
    times = {depth: _walk_time(rig, depth) for depth in DEPTHS}
    calls = {depth: not _quiet(rig, depth) for depth in DEPTHS}
    rows = (
        (str(depth), f"{times[depth]:.2f}", "yes" if calls[depth] else "none") for depth in DEPTHS
    )
    table = Table(
        "Reading one stack",
        ("depth", "us", "system calls"),
        tuple(rows),
        "The best of five means over 100,000 stacks. That there are no system calls is shown by "
        "reading stacks where the kernel (seccomp, strict) kills the process at the first.",
    )
    figures = {f"walk-{depth}": times[depth] for depth in (10, 60)}
    return Outcome((table,), figures | {"walk-calls": float(sum(calls.values()))})


def _walk_time(rig: Rig, depth: int) -> float:
    """Return the microseconds for one stack, NaN if they cannot be measured."""
    rig.tell(f"walk: depth {depth}")
    command = [sys.executable, "-c", WALK, str(depth), "100000"]
    best = math.inf
    for _ in range(rig.turns(5)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return math.nan
        best = min(best, float(done.stdout) / 1e3)
    return best


def _quiet(rig: Rig, depth: int) -> bool:
    """Tell whether stacks are read without a system call."""
    rig.tell(f"walk: depth {depth}, no system calls")
    command = [sys.executable, "-c", STRICT, str(depth), "1000"]
    return subprocess.run(command, capture_output=True, check=False).stdout == b"done"


def long(rig: Rig) -> Outcome:
    """Record eight threads for five minutes at the default rates."""
    seconds = "20" if rig.quick else "300"
    plain, recorded = MemoryPeak(), MemoryPeak()
    rig.run(None, 0, "long", "--seconds", "10", watch=plain)
    run = rig.run(
        peers.WADJET_DEFAULT, 0, "long", "--seconds", seconds, timeout=400, watch=recorded
    )
    if run.error:
        raise RuntimeError(f"the long recording failed: {run.error}")
    figures = {
        "long-file": run.output.stat().st_size / MEGABYTE,
        "long-memory": (recorded.peak - plain.peak) / MEGABYTE,
        "long-show": _show_time(rig, run.output),
    }
    return Outcome((_long_table(figures, run, seconds),), figures)


def _show_time(rig: Rig, recording: Path) -> float:
    """Return the median seconds of `wadjet show`; RuntimeError if it fails."""
    rig.tell("long: wadjet show")
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(
            [peers.SCRIPTS / "wadjet", "show", recording], stdout=subprocess.DEVNULL, check=True
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _long_table(figures: dict[str, float], run: Run, seconds: str) -> Table:
    own = 100 * run.profiler_cpu / run.elapsed
    return Table(
        f"A recording of eight threads for {seconds} s at the default rates",
        ("file, MB", "extra memory, MB", "own CPU, %", "wadjet show, s"),
        (
            (
                f"{figures['long-file']:.1f}",
                f"{figures['long-memory']:.0f}",
                f"{own:.1f}",
                f"{figures['long-show']:.2f}",
            ),
        ),
        "Memory is the peak of all processes (PSS) less that of the plain program.",
    )
