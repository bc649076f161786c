"""Who held the GIL over time: each process has one, so each has its own rows."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import compress

from wadjet.model.profile import Profile

CLOCK = "wall"
"""The metric whose samples look at all threads at once, whether they run or not."""


@dataclass(frozen=True, slots=True)
class Holders:
    """Columns, sorted by process, then step.

    ``holder`` is 1 + the thread that held the GIL, 0 for none; ``value`` the sum of the
    samples that saw it so, in ns, which counts a moment once for each thread of the
    process. Only the shares of a step mean something.
    """

    process: array[int]
    step: array[int]
    holder: array[int]
    value: array[int]


def holders(profile: Profile, step: int) -> Holders:
    """Sum over steps of ``step`` ns; empty where holders were not recorded."""
    sums: dict[tuple[int, int, int], int] = {}
    samples = profile.samples
    names = [metric.name for metric in profile.metrics]
    if CLOCK in names and max(samples.holder, default=-1) >= 0:
        values = samples.values[names.index(CLOCK)]
        processes = [thread.process for thread in profile.threads]
        rows = zip(samples.time, samples.thread, samples.holder, values, strict=True)
        for time, thread, holder, value in compress(rows, values):
            key = (processes[thread], time // step, holder + 1)
            sums[key] = sums.get(key, 0) + value
    keys = list(zip(*sorted(sums), strict=True)) or [()] * 3
    process, steps, holder_column = (array("q", column) for column in keys)
    return Holders(process, steps, holder_column, array("q", (sums[key] for key in sorted(sums))))
