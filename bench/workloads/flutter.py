"""Two call chains in quick turn: ``hot_a -> leaf_a`` and ``hot_b -> leaf_b``.

    python bench/workloads/flutter.py [--depth 1] [--seconds 4] [--report FILE]

A profiler that reads a stack while it changes sees ``hot_a -> leaf_b``, which never was.
``--depth`` recursions lie below the chains.
"""

from __future__ import annotations

import time

import meter


def leaf_a() -> int:
    return sum(range(50))


def leaf_b() -> int:
    return sum(range(50))


def hot_a() -> int:
    return leaf_a()


def hot_b() -> int:
    return leaf_b()


def drive(seconds: float) -> None:
    """Run both chains in turn. Looks at the clock seldom, so as to show nothing else."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(1_000):
            hot_a()
            hot_b()


def descend(depth: int, seconds: float) -> None:
    """Recurse ``depth`` times, then drive."""
    if depth:
        descend(depth - 1, seconds)
    else:
        drive(seconds)


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    with meter.measured(args.report):
        descend(args.depth, args.seconds)


if __name__ == "__main__":
    main()
