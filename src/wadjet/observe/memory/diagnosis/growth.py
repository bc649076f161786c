"""Rules about memory over time: what grows, and what is given back to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.memory import ALLOCATED, LIVE, Moment
from wadjet.model.units import size
from wadjet.observe.memory.diagnosis.evidence import MIB, Evidence

LONG = 1_000_000_000
"""In a recording shorter than this (ns) growth says nothing."""

WORTH = MIB
"""Growth of less than this is of no account."""

SAMPLES = 8
"""Of a sampled recording, a line is accused if what it keeps rests on so many samples."""

WINDOWS = 8
"""The recording is looked at in so many windows of equal length..."""

BUSY = 6
"""...in so many of which something has to grow..."""

TAIL = 3
"""...one of the last so many among them: to end takes a program some time, too."""

START = 0.6
"""What grows has to begin before this part of the recording is over."""

KEPT = 0.5
"""A line that keeps this part of what it asks for keeps it on purpose, or leaks it."""

SHARE = 0.3
"""A line of which less is kept has to explain this part of the program's growth."""

RETAINED = 32 * MIB
"""Memory that is free but not given back is told from here on."""


def leak(evidence: Evidence) -> Iterator[Finding]:
    """What a line keeps grows as long as the program runs.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS)
    >>> for tick in range(100):
    ...     _ = made.sample(["serve app.py:7"], time=tick * 10**8, allocated=MIB)
    >>> made = made.sample(["serve app.py:7"], time=10**10, live=100 * MIB)
    >>> [found] = leak(Evidence(made.build(memory={"mean": 0})))
    >>> found.message
    'Memory asked for at one line is not given back and grows as long as the program runs: \
`serve` (app.py:7), 100.0 MiB at the end, 10.0 MiB a second.'
    """
    profile = evidence.profile
    if profile.duration < LONG:
        return
    asked = dict(evidence.charged(ALLOCATED))
    whole = evidence.fold(LIVE).total
    for place, kept in evidence.charged(LIVE):
        if kept < max(WORTH, SAMPLES * evidence.mean) or not place.line:
            return
        start = _steady_since(evidence, place)
        if start is None:
            continue
        grown = _growth(evidence.moments, start, profile.duration)
        if not (kept >= KEPT * asked.get(place, 0) or kept >= SHARE * grown > 0):
            continue
        code = evidence.text(place)
        rate = kept * 1e9 / (profile.duration - start)
        yield Finding(
            rule="leak",
            level=Level.WARNING,
            message="Memory asked for at one line is not given back and grows as long as the "
            f"program runs: {evidence.named(place)}, "
            + (f"`{code}`, " if code else "")
            + f"{size(kept)} at the end, {size(rate)} a second.",
            place=place,
            treatment="Bound what keeps it (`functools.lru_cache(maxsize=...)`, "
            "`collections.deque(maxlen=...)`, `weakref.WeakValueDictionary`), or drop it when it "
            "has served; if it is what the program is to build up, all is well. `wadjet show "
            "--tree --metric live FILE` shows who calls it.",
            weight=min(1.0, kept / whole) if whole else 0.0,
        )


def _steady_since(evidence: Evidence, place: Place) -> int | None:
    """Return since when a line asks for memory all the time, up to the end; None for not so.

    What comes before may be the imports and the set-up, and no more than START of the run.
    """
    asked, end = evidence.asked(place), evidence.profile.duration + 1
    start = asked[0][0] if asked else end
    if start > START * end or end - start < LONG:
        return None
    windows = [0] * WINDOWS
    for time, value in asked:
        windows[(time - start) * WINDOWS // (end - start)] += value
    least = sum(windows) / WINDOWS / 4
    busy = [value > least for value in windows]
    return start if sum(busy) >= BUSY and any(busy[-TAIL:]) else None


def _growth(moments: Sequence[Moment], start: int, end: int) -> int:
    """Return by how much the least that was live rises from window to window; 0 if it falls."""
    lows: list[int] = []
    for window in range(WINDOWS):
        low, high = (start + (end - start) * each // WINDOWS for each in (window, window + 1))
        inside = [moment.live for moment in moments if low <= moment.time < high]
        if inside:
            lows.append(min(inside))
    rises = sum(after > before for before, after in pairwise(lows))
    return lows[-1] - lows[0] if len(lows) >= BUSY and rises >= len(lows) - 2 else 0


def kept_resident(evidence: Evidence) -> Iterator[Finding]:
    """Memory was given back by the program, but not to the system.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> points = [[second * 10**9, (200 if second < 5 else 20) * MIB, 220 * MIB]
    ...           for second in range(1, 10)]
    >>> made = Builder(METRICS).sample(["f app.py:7"], time=10**10, live=20 * MIB)
    >>> [found] = kept_resident(Evidence(made.build(memory={"mean": 0, "timeline": points})))
    >>> found.message
    'The program gave 180.0 MiB back, but the system did not get it: 220.0 MiB are resident at \
the end for 20.0 MiB that are live.'
    """
    moments = evidence.moments
    if not moments:
        return
    top, last = max(moments, key=lambda moment: moment.live), _settled(moments)
    overhead = top.resident - top.live
    if overhead < -0.2 * top.live:  # much of the peak was never touched, so never resident
        return
    stuck = (last.resident - last.live) - max(overhead, 0)
    if stuck < max(RETAINED, last.resident / 4):
        return
    yield Finding(
        rule="kept-resident",
        level=Level.NOTE,
        message=f"The program gave {size(top.live - last.live)} back, but the system did not get "
        f"it: {size(last.resident)} are resident at the end for {size(last.live)} that are live.",
        treatment="A few live blocks keep whole arenas (fragmentation). Do the large step in a "
        "process of its own (`concurrent.futures.ProcessPoolExecutor(max_tasks_per_child=1)`), "
        "make what stays before what goes, or set `MALLOC_TRIM_THRESHOLD_=65536` and "
        "`MALLOC_ARENA_MAX=2` for what C asked for.",
        weight=min(1.0, stuck / last.resident),
    )


def _settled(moments: Sequence[Moment]) -> Moment:
    """Return the moment of the last tenth at which least was resident."""
    return min(moments[-max(len(moments) // 10, 1) :], key=lambda moment: moment.resident)
