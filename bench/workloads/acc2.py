"""The truth about eight threads that fight for the GIL, each measured by its own clock.

    python bench/workloads/acc2.py [--seconds 5] [--report FILE]

Each thread does one kind of work, some with pauses, so that they use unequal shares of the
CPU: three run Python, one sorts in C with the GIL, one compresses without it, one sleeps,
and two pass a lock to each other.
"""

from __future__ import annotations

import random
import threading
import time
import zlib
from collections.abc import Callable

import meter

TEXT = bytes(range(256)) * 4_096
NUMBERS = random.Random(1).sample(range(1_000_000), 40_000)
LOCK = threading.Lock()


def python_one() -> None:
    for number in range(40_000):
        add(number)


def python_two() -> None:
    total = 0
    for number in range(150_000):
        total += number & 7


def python_three() -> None:
    words = [str(number) for number in range(20_000)]
    "".join(reversed(words))
    words.clear()  # here: a function's variables die when its frame has gone already


def sorter() -> None:
    sorted(NUMBERS)


def packer() -> None:
    for _ in range(4):
        zlib.compress(TEXT, 9)


def sleeper() -> None:
    for _ in range(40):
        time.sleep(0.001)


def waiter() -> None:
    for _ in range(200):
        with LOCK:
            pass


def holder() -> None:
    with LOCK:
        time.sleep(0.005)
    for number in range(500):
        add(number)


def add(number: int) -> int:
    return number + 1


PAUSES: dict[Callable[[], None], float] = {
    python_one: 0.01,
    python_two: 0.02,
    python_three: 0.05,
    sorter: 0.04,
    packer: 0.0,
    sleeper: 0.0,
    waiter: 0.002,
    holder: 0.001,
}
"""What each thread does, and how long it rests (s) after each piece of work."""
OWNERS = {work.__name__: work.__name__ for work in PAUSES} | {
    "<listcomp>": "python_three",
    "python_three.<locals>.<listcomp>": "python_three",
}
"""``add`` has two callers, so a profiler without call stacks cannot tell whose it is."""


def live(work: Callable[[], None], pause: float, end: float, ledger: meter.Ledger) -> None:
    """Work and rest in turn until the end."""
    while time.monotonic() < end:
        cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
        work()
        ledger.spend(work.__name__, time.thread_time_ns() - cpu, time.perf_counter_ns() - wall)
        if pause:
            time.sleep(pause)


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    ledger = meter.Ledger()
    end = time.monotonic() + args.seconds
    with meter.measured(args.report) as facts:
        threads = [
            threading.Thread(target=live, args=(work, pause, end, ledger), name=work.__name__)
            for work, pause in PAUSES.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        facts |= {"cpu_of": ledger.cpu, "wall_of": ledger.wall, "owners": OWNERS}


if __name__ == "__main__":
    main()
