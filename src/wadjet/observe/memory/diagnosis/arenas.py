"""A rule about Python's arenas, in which small objects lie."""

from __future__ import annotations

from collections.abc import Iterator

from wadjet.model.finding import Finding, Level
from wadjet.model.memory import KEEPING, pools
from wadjet.model.units import percent, size
from wadjet.observe.memory.diagnosis.evidence import MIB, Evidence

FREE = 16 * MIB
"""Less than this that is free in arenas is of no account..."""

PART = 0.4
"""...nor is less than this part of them."""

BLAMED = 0.3
"""A line is named that keeps this part of what is free."""


def fragmentation(evidence: Evidence) -> Iterator[Finding]:
    """Much of Python's arenas is free, and a few live blocks keep it from the system.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> facts = {"arenas": 64, "reserved": 64 * MIB, "used": 9 * MIB, "available": 50 * MIB,
    ...          "unused": 4 * MIB, "sparse": 50}
    >>> made = Builder(METRICS).sample(["parse app.py:7"], keeping=40 * MIB)
    >>> made = made.sample(["load app.py:9"], keeping=14 * MIB)
    >>> [found] = fragmentation(Evidence(made.build(memory={"mean": 0, "pools": [facts]})))
    >>> found.message
    '54.0 MiB of the 64.0 MiB that Python holds for small objects are free, but few live ones \
keep them: 74 % because of those made at one line, `parse` (app.py:7).'
    """
    facts = pools(evidence.profile)
    free = facts.get("available", 0) + facts.get("unused", 0)
    if free < max(FREE, PART * facts.get("reserved", 0)):
        return
    kept = evidence.fold(KEEPING).total
    for place, part in evidence.charged(KEEPING)[:1]:
        if not place.line or part < BLAMED * kept:
            return
        yield Finding(
            rule="fragmentation",
            level=Level.NOTE,
            message=f"{size(free)} of the {size(facts['reserved'])} that Python holds for small "
            f"objects are free, but few live ones keep them: {percent(part / kept)} because of "
            f"those made at one line, {evidence.named(place)}.",
            place=place,
            treatment="Make what stays before what goes, or keep it in one object (an `array`, a "
            "`tuple` of strings joined to one); a large step that leaves little behind is best "
            "done in a process of its own (`concurrent.futures.ProcessPoolExecutor"
            "(max_tasks_per_child=1)`).",
            weight=min(1.0, part / facts["reserved"]),
        )
