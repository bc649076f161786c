"""Threads and processes that come and go.

python bench/workloads/churn.py [--threads 1000] [--forks 20] [--report FILE]
"""

from __future__ import annotations

import os
import threading

import meter


def task(done: list[int], number: int) -> None:
    """Work for about a millisecond."""
    done.append(sum(range(20_000 + number % 7)))


def start_threads(count: int, at_once: int = 10) -> int:
    """Start so many threads, a few at once; return how many did their work."""
    done: list[int] = []
    for first in range(0, count, at_once):
        numbers = range(first, min(first + at_once, count))
        threads = [threading.Thread(target=task, args=(done, number)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return len(done)


def fork(count: int) -> int:
    """Fork one child after another; return how many ended well."""
    return sum(fork_once() for _ in range(count))


def fork_once() -> bool:
    """Fork a child that works for about five milliseconds and ends."""
    child = os.fork()
    if not child:
        sum(range(200_000))
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1_000)
    parser.add_argument("--forks", type=int, default=20)
    args = parser.parse_args()
    with meter.measured(args.report) as facts:
        facts["threads"] = start_threads(args.threads)
        facts["forks"] = fork(args.forks)


if __name__ == "__main__":
    main()
