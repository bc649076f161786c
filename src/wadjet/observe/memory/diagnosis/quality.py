"""Rules about the recording of memory itself: how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator

from wadjet.model.finding import Finding, Level
from wadjet.model.memory import ALLOCATED, REQUESTS
from wadjet.model.units import count, percent, plural
from wadjet.observe.memory.diagnosis.evidence import Evidence

FEW = 50
"""Fewer samples than this say little."""

UNCOUNTED = 0.01
"""A recording that lost this part of the requests says so as a warning."""


def uncounted(evidence: Evidence) -> Iterator[Finding]:
    """Requests for memory could not be counted.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS).sample(["load app.py:7"], allocations=900)
    >>> [found] = uncounted(Evidence(made.build(memory={"mean": 0, "lost": 100})))
    >>> found.message
    '10 % of the requests for memory (100) could not be counted: the tables were full.'
    """
    facts = evidence.profile.about.get("memory")
    lost = facts.get("lost") if isinstance(facts, dict) else 0
    if not isinstance(lost, int) or lost <= 0:
        return
    share = lost / (lost + evidence.fold(REQUESTS).total)
    yield Finding(
        rule="uncounted-memory",
        level=Level.WARNING if share >= UNCOUNTED else Level.NOTE,
        message=f"{percent(share)} of the requests for memory ({count(lost)}) could not be "
        "counted: the tables were full.",
        treatment="Count fewer: `wadjet run --memory` samples them.",
        weight=share,
    )


def few_samples(evidence: Evidence) -> Iterator[Finding]:
    """Too few requests were sampled to tell much.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS)
    >>> for tick in range(25):
    ...     _ = made.sample(["load app.py:7"], time=tick, allocated=1 << 19, allocations=1)
    >>> [found] = few_samples(Evidence(made.build(memory={"mean": 1 << 19})))
    >>> found.message
    'There are 25 samples of memory only: a share may be off by 21 points.'
    """
    samples = evidence.fold(REQUESTS).count
    if not evidence.mean or samples >= FEW:
        return
    rows = evidence.fold(ALLOCATED)
    points = 100 * evidence.share(ALLOCATED, rows.total // 2, sum(rows.doubt or ()) // 2).error
    yield Finding(
        rule="few-memory-samples",
        level=Level.NOTE,
        message=f"There {'is' if samples == 1 else 'are'} {plural(samples, 'sample')} of memory "
        f"only: a share may be off by {points:.0f} points.",
        treatment="Count every request: `wadjet run --memory=exact`.",
    )
