"""Two tasks in turn, so that whatever else the machine does falls on both alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

Task = Callable[[], object]


def seconds(task: Task) -> float:
    """Return the CPU time of a task."""
    gc.collect()
    started = time.process_time()
    task()
    return time.process_time() - started


def ratios(stock: Task, ours: Task, rounds: int) -> list[float]:
    """Return what one takes over the other, now one first and now the other.

    The first two rounds warm up.
    """
    found = []
    for number in range(rounds + 2):
        if number % 2:
            base = seconds(stock)
            found.append(base / seconds(ours))
        else:
            mine = seconds(ours)
            found.append(seconds(stock) / mine)
    return found[2:]
