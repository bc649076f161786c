"""What one stack costs to read, and what a long recording costs to make, keep and show."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from bench.measure import MemoryPeak, Run
from bench.outcome import Outcome, Table
from bench.rig import Rig

DEPTHS = (1, 10, 60)
MEGABYTE = 1e6
ROUNDS = 100_000

WALK = """
import sys
from wadjet.observe.sampling._sampling import stack_cost
depth, rounds = map(int, sys.argv[1:])
def descend(left):
    return descend(left - 1) if left else stack_cost(rounds)
print(*(stack_cost(rounds) if depth == 1 else descend(depth - 2)))
"""
"""Prints the depth of the stack, and the ns of one reading in each of the two ways."""

STRICT = """
import ctypes, os, platform, struct, sys
from wadjet.observe.sampling._sampling import stack_cost
depth, rounds = map(int, sys.argv[1:])
write = {"x86_64": 1, "aarch64": 64}[platform.machine()]
libc = ctypes.CDLL(None)
libc.mallopt(-2, 1 << 24)  # M_TOP_PAD,
libc.mallopt(-1, 1 << 26)  # M_TRIM_THRESHOLD and
libc.mallopt(-4, 0)  # M_MMAP_MAX: the heap has room for the buffer, and keeps it
load, jump_if_equal, ret, kill, allow = 0x20, 0x15, 0x06, 0x80000000, 0x7FFF0000
rules = ((load, 0, 0, 0), (jump_if_equal, 0, 1, write), (ret, 0, 0, allow), (ret, 0, 0, kill))
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
filter = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(program))
def descend(left):
    if left:
        return descend(left - 1)
    stack_cost(rounds)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, 2, filter, 0, 0) == 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        stack_cost(rounds)
        os.write(1, b"done")
descend(max(depth - 2, 0))
"""
"""The same where the kernel kills the process at any system call but write."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading one stack costs: us as each of the clocks does it, and system calls."""

    depth: int
    own: float
    other: float
    quiet: bool

    @property
    def dearer(self) -> float:
        """The dearer of the two ways."""
        return max(self.own, self.other)


def walk(rig: Rig) -> Outcome:
    """Measure what one stack costs to read, and that no system call is made for it."""
    costs = [_cost(rig, depth) for depth in DEPTHS]
    table = Table(
        "Reading one stack",
        ("depth", "CPU clock, us", "wall clock, us", "system calls"),
        tuple(
            (
                str(cost.depth),
                f"{cost.own:.2f}",
                f"{cost.other:.2f}",
                "none" if cost.quiet else "some",
            )
            for cost in costs
        ),
        f"The best of five means over {ROUNDS:,} stacks: a thread that reads its own, as the CPU "
        "clock's signal does, and one that reads another's, as the wall clock does. That there "
        "are no system calls is shown by reading stacks where the kernel (seccomp) kills the "
        "process at the first.",
    )
    figures = {f"walk-{cost.depth}": cost.dearer for cost in costs if cost.depth > 1}
    calls = float(sum(not cost.quiet for cost in costs))
    return Outcome((table,), figures | {"walk-calls": calls})


def _cost(rig: Rig, depth: int) -> Cost:
    """Measure one depth; RuntimeError if the stack is not as deep as was asked for."""
    rig.tell(f"walk: depth {depth}")
    own = other = math.inf
    for _ in range(rig.turns(5)):
        found, *times = _python(WALK, depth).split()
        if int(found) != depth:
            raise RuntimeError(f"a stack of depth {depth} was read as one of {found.decode()}")
        own, other = min(own, float(times[0]) / 1e3), min(other, float(times[1]) / 1e3)
    return Cost(depth, own, other, _python(STRICT, depth) == b"done")


def _python(code: str, depth: int) -> bytes:
    """Run code and return what it printed."""
    command = [sys.executable, "-c", code, str(depth), str(ROUNDS)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout


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
