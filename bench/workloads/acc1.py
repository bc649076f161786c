"""The truth about one thread: eight kinds of work, each measured by the thread's own clock.

    python bench/workloads/acc1.py [--seconds 5] [--report FILE]

The kinds take turns in a seeded order, in chunks of 5 to 30 ms, so that reading the clock
costs nothing to speak of. Among them is what profilers get wrong: deep recursion, C code
that holds the GIL, C code that does not, system calls and sleep.
"""

from __future__ import annotations

import os
import random
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import meter

DEPTH = 60
TEXT = bytes(range(256)) * 64
NUMBERS = random.Random(1).sample(range(1_000_000), 20_000)


def calls(units: int) -> None:
    """Call small functions."""
    for number in range(units):
        first_call(number)


def first_call(number: int) -> int:
    return second_call(number) + 1


def second_call(number: int) -> int:
    return number + 1


def loops(units: int) -> int:
    """Loop without calls."""
    total = 0
    for number in range(units):
        total += number * number & 1023
    return total


def deep(units: int) -> None:
    """Recurse, and work at the bottom."""
    for _ in range(units):
        descend(DEPTH)


def descend(depth: int) -> int:
    if depth:
        return descend(depth - 1)
    total = 0
    for number in range(400):
        total += number
    return total


def sorting(units: int) -> None:
    """Sort in C with the GIL."""
    for _ in range(units):
        sorted(NUMBERS)


def packing(units: int) -> None:
    """Compress in C without the GIL."""
    for _ in range(units):
        zlib.compress(TEXT, 9)


def reading(units: int) -> None:
    """Spend the time in the kernel."""
    file = os.open("/dev/zero", os.O_RDONLY)
    for _ in range(units):
        os.read(file, 65_536)
    os.close(file)


def building(units: int) -> None:
    """Allocate and free."""
    for _ in range(units):
        [[number] for number in range(1_000)]


def sleeping(units: int) -> None:
    """Use no CPU."""
    for _ in range(units):
        time.sleep(0.001)


KINDS: dict[Callable[[int], object], float] = {
    calls: 4,
    loops: 3,
    deep: 4,
    sorting: 3,
    packing: 3,
    reading: 2,
    building: 2,
    sleeping: 1,
}
"""The kinds and how often each has its turn."""
OWNERS = {kind.__name__: kind.__name__ for kind in KINDS} | {
    "first_call": "calls",
    "second_call": "calls",
    "descend": "deep",
    "<listcomp>": "building",
    "building.<locals>.<listcomp>": "building",
}
"""Which kind a function works for: for profilers that give each function's own time only."""


@dataclass(slots=True)
class Kind:
    """A kind of work that learns how long one unit of it takes."""

    work: Callable[[int], object]
    ledger: meter.Ledger
    unit_ns: float = 0.0

    def take_turn(self, wanted_ns: float) -> None:
        """Work for about so long; everything done is in the ledger, the first try too."""
        units = max(1, int(wanted_ns / self.unit_ns)) if self.unit_ns else 1
        cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
        self.work(units)
        cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
        self.ledger.spend(self.work.__name__, cpu, wall)
        self.unit_ns = max(wall / units, 1.0)


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    rng = random.Random(7)
    ledger = meter.Ledger()
    kinds = [Kind(work, ledger) for work in KINDS]
    end = time.monotonic() + args.seconds
    with meter.measured(args.report) as facts:
        while time.monotonic() < end:
            kind = rng.choices(kinds, list(KINDS.values()))[0]
            kind.take_turn(rng.uniform(5e6, 30e6))
        facts |= {"cpu_of": ledger.cpu, "wall_of": ledger.wall, "owners": OWNERS}


if __name__ == "__main__":
    main()
