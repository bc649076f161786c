"""Recordings of memory, written as scenes."""

from __future__ import annotations

from dataclasses import replace

from wadjet.model.memory import METRICS
from wadjet.model.profile import Builder, Fact, Process, Profile

MIB = 1 << 20
SECOND = 1_000_000_000
OFF: Fact = {"engine": "none", "rate": 0, "why": "turned off"}
LIBRARY = "/usr/lib/python3.11/json/decoder.py"


def remembered(
    *,
    mean: int = 0,
    peak: int = 40 * MIB,
    live: int = 12 * MIB,
    moments: tuple[tuple[int, int, int], ...] = (
        (SECOND, 10 * MIB, 20 * MIB),
        (2 * SECOND, 30 * MIB, 50 * MIB),
        (4 * SECOND, 12 * MIB, 48 * MIB),
    ),
    **about: Fact,
) -> Profile:
    """A program that parses, keeps some of it in a cache, and peaks at 3 of its 4 seconds."""
    made = Builder(METRICS)
    parse = ["main shop.py:9", "parse shop.py:41", f"decode {LIBRARY}:353"]
    keep = ["main shop.py:12", "keep shop.py:77"]
    for tick in range(20):
        size = 10 * MIB
        made.sample(parse, time=tick * SECOND // 5, allocated=size, allocations=50, temporary=5)
    made.sample(keep, time=SECOND, allocated=live, allocations=12)
    made.sample(parse, time=3 * SECOND, peak=peak - live)
    made.sample(keep, time=3 * SECOND, peak=live)
    made.sample(keep, time=4 * SECOND, live=live)
    facts: Fact = {
        "mean": mean,
        "peak": peak,
        "lost": 0,
        "resident": [{"total": 48 * MIB, "arenas": 10 * MIB, "heap": 30 * MIB, "files": 8 * MIB}],
        "timeline": [list(each) for each in moments],
    }
    known: dict[str, Fact] = {
        "memory": facts,
        "command": ["shop.py"],
        "cwd": "/srv",
        "clocks": {"cpu": OFF, "wall": OFF},
    }
    profile = made.build(**{**known, **about})
    return replace(profile, processes=(Process(pid=1, ended=4 * SECOND),))
