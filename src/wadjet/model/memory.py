"""A program's memory, as a Profile has it.

What was asked for lies in the moment in which it was asked for; what was live at the
peak, in the moment of the peak; what was never given back, in the moment of the end.

>>> from wadjet.model.profile import Builder
>>> made = Builder(METRICS).sample(["load app.py:3"], allocated=1_000_000, peak=600_000)
>>> profile = made.build(memory={"mean": 0})
>>> is_recorded(profile), is_exact(profile)
(True, True)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import compress

from wadjet.model.profile import Metric, Profile

PEAK = Metric("peak", "bytes", "Memory at the peak")
LIVE = Metric("live", "bytes", "Memory never given back")
ALLOCATED = Metric("allocated", "bytes", "Memory asked for")
REQUESTS = Metric("allocations", "count", "Allocations")
TEMPORARY = Metric("temporary", "count", "Allocations given back at once")
MAPPED = Metric("mapped", "bytes", "Memory mapped by the program itself")
AVERAGE = Metric("average", "bytes", "Memory on the average")
KEEPING = Metric("keeping", "bytes", "Free memory that live blocks keep from the system")
METRICS = (PEAK, LIVE, ALLOCATED, REQUESTS, TEMPORARY, MAPPED, AVERAGE, KEEPING)
"""What is recorded. Given back at once: before the thread asked for anything else. Mapped:
past all allocators, and in memory at the end. On the average: while the process lived. Kept
from the system: in Python's arenas at the end, charged to the blocks that are live in them."""

NAMES = frozenset(metric.name for metric in METRICS)
SIZES = frozenset(metric.name for metric in (PEAK, LIVE, ALLOCATED, AVERAGE))
"""Sampled, what these say of small blocks is as uncertain as if each sample were worth the
mean; of large blocks it is more certain than that."""

_BASIC = {*SIZES, REQUESTS.name}


@dataclass(frozen=True, slots=True)
class Moment:
    """Memory at a time (ns since the start): bytes live, and bytes resident."""

    time: int
    live: int
    resident: int


def is_recorded(profile: Profile) -> bool:
    """Say whether memory was recorded."""
    return {metric.name for metric in profile.metrics} >= _BASIC


def is_exact(profile: Profile) -> bool:
    """Say whether every request was counted, so that the figures are no estimates."""
    facts = profile.about.get("memory")
    return isinstance(facts, dict) and facts.get("mean") == 0


def mean(profile: Profile) -> int:
    """Return the bytes between samples on the average, 0 where every request was counted."""
    facts = profile.about.get("memory")
    value = facts.get("mean") if isinstance(facts, dict) else None
    return value if isinstance(value, int) and value > 0 else 0


def peak_time(profile: Profile) -> int | None:
    """Return when memory was at its peak (ns since the start), None where that is not known.

    Several processes have their peaks at several times.
    """
    if not is_recorded(profile):
        return None
    samples = profile.samples
    peaks = samples.values[profile.metric_index(PEAK.name)]
    times = set(compress(samples.time, peaks))
    return times.pop() if len(times) == 1 else None


def most_resident(profile: Profile) -> int:
    """Return the most bytes that were resident at once, 0 where that is not known."""
    return max((moment.resident for moment in timeline(profile)), default=0)


def timeline(profile: Profile) -> list[Moment]:
    """Return memory over time, of all processes together; empty where it was not recorded."""
    facts = profile.about.get("memory")
    points = facts.get("timeline") if isinstance(facts, dict) else None
    found = []
    for point in points if isinstance(points, list) else []:
        match point:
            case [int(time), int(live), int(resident)]:
                found.append(Moment(time, live, resident))
    return found


def resident(profile: Profile) -> dict[str, int]:
    """Return the bytes that were in memory at the end, by what they are for; they may be unknown.

    ``total`` is the sum of the others: ``arenas`` are Python's for small objects,
    ``mapped`` is what the program mapped by itself, ``files`` are libraries and the like,
    ``heap`` is what C's allocators hold. Of all processes together.
    """
    return _sums(profile, "resident")


def pools(profile: Profile) -> dict[str, int]:
    """Return the bytes of Python's arenas at the end by what they were for; they may be unknown.

    ``reserved`` is all, ``used`` what lay in live blocks, ``available`` and ``unused`` what was
    free; ``arenas`` and ``sparse`` count them, and those used by less than a tenth. Of all
    processes together.
    """
    return _sums(profile, "pools")


def life(profile: Profile, average: int, allocated: int) -> float | None:
    """Return how long memory lived on the average, ns; None where that is not known.

    What is live on the average is what is asked for in a time times how long it lives: Little's
    law (J. Little, A proof for the queuing formula L = lambda W, 1961).

    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS).sample(["f a.py:1"], time=10**10, allocated=500, average=100)
    >>> life(made.build(), 100, 500)
    2000000000.0
    """
    if len(profile.processes) > 1 or not allocated:
        return None
    return average * profile.duration / allocated


def _sums(profile: Profile, fact: str) -> dict[str, int]:
    facts = profile.about.get("memory")
    processes = facts.get(fact) if isinstance(facts, dict) else None
    sums: Counter[str] = Counter()
    for process in processes if isinstance(processes, list) else []:
        if isinstance(process, dict):
            sums.update({part: size for part, size in process.items() if isinstance(size, int)})
    return dict(sums)
