"""Eight threads: two sleep, three run C code without the GIL, three run Python.

    python bench/workloads/threads.py [--amount 1.0] [--report FILE]

The work is fixed, so that a slower program takes longer. ``long.py`` does the same for
minutes.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable

import meter

BLOCK = bytes(range(256)) * 256


def sleeper(amount: float) -> None:
    """Sleep most of the time."""
    for _ in range(int(110 * amount)):
        time.sleep(0.01)


def hasher(amount: float) -> None:
    """Hash without the GIL."""
    for _ in range(int(65 * amount)):
        hashlib.pbkdf2_hmac("sha256", BLOCK[:64], b"salt", 24_000)


def packer(amount: float) -> None:
    """Compress without the GIL."""
    for _ in range(int(1_700 * amount)):
        zlib.compress(BLOCK, 9)


def counter(amount: float) -> int:
    """Run Python, and so need the GIL all the time."""
    return sum(collatz(start) for start in range(1, int(38_000 * amount)))


def collatz(number: int) -> int:
    """Return the number of steps to 1."""
    steps = 0
    while number != 1:
        number = step(number)
        steps += 1
    return steps


def step(number: int) -> int:
    """Halve, or triple and add one."""
    return number * 3 + 1 if number & 1 else number >> 1


JOBS: tuple[tuple[str, Callable[[float], object]], ...] = (
    ("sleeper-1", sleeper),
    ("sleeper-2", sleeper),
    ("hasher-1", hasher),
    ("hasher-2", hasher),
    ("packer", packer),
    ("counter-1", counter),
    ("counter-2", counter),
    ("counter-3", counter),
)


def run(amount: float) -> None:
    """Start all threads and wait for them."""
    threads = [threading.Thread(target=target, args=(amount,), name=name) for name, target in JOBS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--amount", type=float, default=1.0)
    args = parser.parse_args()
    with meter.measured(args.report):
        run(args.amount)


if __name__ == "__main__":
    main()
