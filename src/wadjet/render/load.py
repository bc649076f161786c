"""How much a process did at a time: sums over stretches of equal length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from wadjet.model.profile import Profile
from wadjet.model.totals import fold

_SAMPLES = 10
"""How many samples of a thread a stretch should hold."""

Spent: TypeAlias = Iterable[tuple[int, int, int]]
"""Thread, time and ns of each sample that counts."""


def stretch(profile: Profile, metric: int) -> int:
    """Return a length in ns over which sums of the metric mean something."""
    return max(1, round(_SAMPLES * fold(profile, profile.metrics[metric].name).grain))


def cpu_time(profile: Profile) -> Spent:
    """Return what was spent of CPU time; nothing where that was not measured."""
    names = [metric.name for metric in profile.metrics]
    if "cpu" not in names:
        return ()
    samples = profile.samples
    return zip(samples.thread, samples.time, samples.values[names.index("cpu")], strict=True)


def by_process(profile: Profile, spent: Spent, length: int) -> dict[int, dict[int, int]]:
    """Return for each process its sums, by the number of the stretch, where they are not 0."""
    sums: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for thread, time, ns in spent:
        if ns:
            sums[profile.threads[thread].process][time // length] += ns
    return {process: dict(sorted(stretches.items())) for process, stretches in sorted(sums.items())}
