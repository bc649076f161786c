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

from dataclasses import dataclass

from wadjet.model.profile import Metric, Profile

PEAK = Metric("peak", "bytes", "Memory at the peak")
LIVE = Metric("live", "bytes", "Memory never given back")
ALLOCATED = Metric("allocated", "bytes", "Memory asked for")
METRICS = (
    PEAK,
    LIVE,
    ALLOCATED,
    Metric("allocations", "count", "Allocations"),
    Metric("temporary", "count", "Allocations given back at once"),
)
"""What is recorded; the last: given back before the thread asked for anything else."""

NAMES = frozenset(metric.name for metric in METRICS)


@dataclass(frozen=True, slots=True)
class Moment:
    """Memory at a time (ns since the start): bytes live, and bytes resident."""

    time: int
    live: int
    resident: int


def is_recorded(profile: Profile) -> bool:
    """Say whether memory was recorded."""
    return any(metric.name == PEAK.name for metric in profile.metrics)


def is_exact(profile: Profile) -> bool:
    """Say whether every request was counted, so that the figures are no estimates."""
    facts = profile.about.get("memory")
    return isinstance(facts, dict) and facts.get("mean") == 0


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
