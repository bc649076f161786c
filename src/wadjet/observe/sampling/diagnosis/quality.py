"""Rules about the recording itself: how far its figures can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt

from wadjet.model.confidence import Share
from wadjet.model.finding import Finding, Level
from wadjet.model.profile import Fact
from wadjet.model.units import count, duration, percent, plural
from wadjet.observe.sampling.diagnosis.evidence import SECOND, Evidence

FEW = 100
"""Fewer CPU samples than this say little."""

IDLE = 0.05
"""A program that uses less of a core than this has no CPU time worth more samples."""

DROPPED = 0.01
"""A recording that lost this part of its samples says so."""

DROPPED_SERIOUS = 0.05
"""From here on lost samples are a warning."""

UNATTRIBUTED = 0.05
"""CPU time that no sample accounts for is told from this part on."""

UNATTRIBUTED_SERIOUS = 0.20
"""From here on it is a warning."""

TURNED_OFF = "turned off"
"""Why there is no clock where nobody wanted one."""

SIGMAS = 3
"""A difference between two clocks counts if it is this many standard deviations."""


def few_samples(evidence: Evidence) -> Iterator[Finding]:
    """Too few samples to tell much.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(25):
    ...     _ = recording.sample(["main app.py:9"], time=tick * 10**6, cpu=10**6)
    >>> [found] = few_samples(Evidence(recording.build()))
    >>> found.message
    'There are 25 CPU samples only: a share may be off by 18 points.'
    """
    if not any(metric.name in ("cpu", "wall") for metric in evidence.profile.metrics):
        return
    n = evidence.cpu.count
    asleep = evidence.busy < IDLE and evidence.wall.count >= FEW
    if n >= FEW or asleep or evidence.clock("cpu").get("engine") == "none":
        return
    if not n and not evidence.wall.count:
        message = "Nothing was sampled: the program ended too soon, or ran no Python code."
    elif not n:
        message = "No CPU sample was taken: the program used next to no CPU time."
    else:
        whole = evidence.cpu.total
        points = 100 * Share.of(whole / 2, whole, evidence.cpu.grain).error
        message = (
            f"There {'is' if n == 1 else 'are'} {plural(n, 'CPU sample')} only: a share may "
            f"be off by {points:.0f} points."
        )
    yield Finding(
        rule="few-samples",
        level=Level.NOTE,
        message=message,
        treatment="Let it run longer, or sample more often: `wadjet run --rate 10000`.",
    )


def dropped_samples(evidence: Evidence) -> Iterator[Finding]:
    """Samples were lost.

    >>> from wadjet.model.profile import Builder, Metric
    >>> counts = {"cpu": 900, "wall": 0, "dropped": 100}
    >>> profile = Builder([Metric("cpu", "ns", "CPU time")]).build(counts=counts)
    >>> [found] = dropped_samples(Evidence(profile))
    >>> found.message
    '10 % of the samples (100) were lost; what cost most may have lost most.'
    """
    counts = _facts(evidence.profile.about.get("counts"))
    dropped = _number(counts.get("dropped"))
    whole = dropped + _number(counts.get("cpu")) + _number(counts.get("wall"))
    share = dropped / whole if whole else 0.0
    if share < DROPPED:
        return
    yield Finding(
        rule="dropped-samples",
        level=Level.WARNING if share >= DROPPED_SERIOUS else Level.NOTE,
        message=f"{percent(share)} of the samples ({count(int(dropped))}) were lost; what cost "
        "most may have lost most.",
        treatment="Sample less often (`wadjet run --rate 100`), or leave a core free.",
        weight=share,
    )


def fallback_engine(evidence: Evidence) -> Iterator[Finding]:
    """The CPU clock is not the one that Wadjet prefers.

    >>> from wadjet.model.profile import Builder, Metric
    >>> clocks = {"cpu": {"engine": "timer", "rate": 250, "why": "perf events are not permitted"}}
    >>> profile = Builder([Metric("cpu", "ns", "CPU time")]).build(clocks=clocks)
    >>> [found] = fallback_engine(Evidence(profile))
    >>> found.message
    'CPU time was sampled by timers, 250 times a second at most: perf events are not permitted.'
    """
    clock = evidence.clock("cpu")
    engine, why = clock.get("engine"), str(clock.get("why") or "")
    if engine not in ("timer", "none") or why == TURNED_OFF:
        return
    rate = _number(clock.get("rate"))
    often = f", {rate:.0f} times a second at most" if rate else ""
    what = f"was sampled by timers{often}" if engine == "timer" else "was not sampled"
    yield Finding(
        rule="fallback-engine",
        level=Level.NOTE if engine == "timer" else Level.WARNING,
        message=f"CPU time {what}" + (f": {why.rstrip('.')}." if why else "."),
        treatment="Permit perf events: `sysctl kernel.perf_event_paranoid=1`; in a container, "
        "allow the system call perf_event_open.",
    )


def unattributed_cpu(evidence: Evidence) -> Iterator[Finding]:
    """The operating system charged CPU time that no sample accounts for, or less.

    >>> from wadjet.model.profile import Builder, Metric, Thread
    >>> from dataclasses import replace
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(700):
    ...     _ = recording.sample(["main app.py:9"], time=tick * 10**6, cpu=10**6)
    >>> profile = replace(recording.build(), threads=(Thread("MainThread", cpu=10**9),))
    >>> [found] = unattributed_cpu(Evidence(profile))
    >>> found.message
    'No sample accounts for 30 % of the CPU time (300 ms of 1.00 s).'
    """
    charged = sum(thread.cpu for thread in evidence.profile.threads)
    if not charged or evidence.clock("cpu").get("engine") == "none":
        return
    missing = charged - evidence.cpu_total
    noise = SIGMAS * sqrt(max(evidence.cpu.count, 1)) * evidence.cpu.grain
    share = abs(missing) / charged
    if share < UNATTRIBUTED or abs(missing) < max(noise, SECOND / 10):
        return
    if missing > 0:
        message = (
            f"No sample accounts for {percent(share)} of the CPU time "
            f"({duration(missing)} of {duration(charged)})."
        )
    else:
        message = (
            f"Samples claim {percent(share)} more CPU time than the system charged "
            f"({duration(evidence.cpu_total)} for {duration(charged)})."
        )
    yield Finding(
        rule="unattributed-cpu",
        level=Level.WARNING if share >= UNATTRIBUTED_SERIOUS else Level.NOTE,
        message=message,
        treatment="Shares are of what was sampled. Threads that never ran Python code and "
        "code that blocks signals cannot be sampled: `wadjet show FILE` lists CPU by thread.",
        weight=share,
    )


def incomplete(evidence: Evidence) -> Iterator[Finding]:
    """The recording ends before the program did.

    >>> from wadjet.model.profile import Builder, Metric
    >>> profile = Builder([Metric("cpu", "ns", "CPU time")]).build(complete=False)
    >>> [found] = incomplete(Evidence(profile))
    >>> found.message
    'The recording was cut short: it holds what was written until then.'
    """
    if evidence.profile.about.get("complete") is False:
        yield Finding(
            rule="incomplete",
            level=Level.NOTE,
            message="The recording was cut short: it holds what was written until then.",
            treatment="If the program was killed, find out by whom; otherwise record it again.",
        )


def _facts(fact: Fact) -> Mapping[str, Fact]:
    return fact if isinstance(fact, dict) else {}


def _number(fact: Fact) -> float:
    return float(fact) if isinstance(fact, (int, float)) else 0.0
