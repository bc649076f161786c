"""Rules about garbage collection, where its runs were recorded (``wadjet run --collector``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wadjet.model.collection import Run, garbage
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import NO_NODE
from wadjet.model.units import count, duration, percent, plural
from wadjet.observe.sampling.diagnosis.evidence import Evidence

SHARE = 0.05
"""The part of the time in which there is work from which the collector is worth a word."""

SHARE_SERIOUS = 0.15
"""From here on it is a warning."""

LONG = 50_000_000
"""A pause (ns) that somebody who waits for an answer may feel."""

MANY = 10_000
"""Objects in cycles from which it is worth to know who makes them."""

BUSY = 10_000_000
"""Pauses shorter than this (ns) altogether are of no account."""


def collector_share(evidence: Evidence) -> Iterator[Finding]:
    """The collector takes a large part of the time.

    >>> from wadjet.model.collection import METRICS
    >>> from wadjet.model.profile import Builder, Metric
    >>> made = Builder([Metric("cpu", "ns", "CPU time"), *METRICS])
    >>> for tick in range(1000):
    ...     _ = made.sample(["load app.py:7"], time=tick * 10**6, cpu=10**6)
    >>> stack = ["load app.py:7", "gc.collect(2) <built-in gc>:0"]
    >>> profile = made.sample(stack, time=10**9, **{"gc-pause": 200 * 10**6, "gc-runs": 1}).build()
    >>> [found] = collector_share(Evidence(profile))
    >>> found.message
    'Garbage collection took 200 ms, 20 % of the time in which the program had work, in 1 run; \
most of it for `load` (app.py:7).'
    """
    spent = sum(run.pause for run in evidence.collections)
    share = _share(evidence, spent)
    if spent < BUSY or share < SHARE:
        return
    place = _worst_place(evidence, evidence.collections)
    runs = sum(run.count or 1 for run in evidence.collections)
    message = (
        f"Garbage collection took {duration(spent)}, {percent(share)} of the time in which the "
        f"program had work, in {plural(runs, 'run')}"
    )
    yield Finding(
        rule="collector-share",
        level=Level.WARNING if share >= SHARE_SERIOUS else Level.NOTE,
        message=message + (f"; most of it for {evidence.named(place)}." if place else "."),
        place=place,
        treatment=_treatment(evidence.collections),
        weight=share,
    )


def long_pauses(evidence: Evidence) -> Iterator[Finding]:
    """A collection stops the program for so long that somebody notices.

    >>> from wadjet.model.collection import METRICS
    >>> from wadjet.model.profile import Builder
    >>> stack = ["load app.py:7", "gc.collect(2) <built-in gc>:0"]
    >>> made = Builder(METRICS)
    >>> values = {"gc-pause": 210 * 10**6, "gc-runs": 1, "gc-examined": 10**6, "gc-collected": 3}
    >>> [found] = long_pauses(Evidence(made.sample(stack, time=10**9, **values).build()))
    >>> found.message
    'A collection stopped every thread for 210 ms: it examined 1,000,000 objects and collected \
3, for `load` (app.py:7).'
    """
    long = [run for run in evidence.collections if run.pause >= LONG]
    if not long:
        return
    worst = max(long, key=lambda run: run.pause)
    place = evidence.place(worst.node) if worst.node != NO_NODE else None
    message = f"A collection stopped every thread for {duration(worst.pause)}"
    if worst.examined > 0:
        message += f": it examined {count(worst.examined)} objects and collected "
        message += count(worst.collected)
    message += f", for {evidence.named(place)}." if place else "."
    if len(long) > 1:
        message += f" {plural(len(long), 'collection')} took more than {duration(LONG)}."
    yield Finding(
        rule="long-pause",
        level=Level.WARNING,
        message=message,
        place=place,
        treatment=_treatment(long),
        weight=min(1.0, sum(run.pause for run in long) / max(evidence.profile.duration, 1)),
    )


def _share(evidence: Evidence, part: int) -> float:
    """Return ``part`` (ns) of the time in which threads ran or were ready to."""
    whole = evidence.busy * evidence.profile.duration or evidence.profile.duration
    return min(1.0, part / whole) if whole else 0.0


def garbage_cycles(evidence: Evidence) -> Iterator[Finding]:
    """Objects in cycles keep the collector busy: of which type, and who makes them.

    >>> from dataclasses import replace
    >>> from wadjet.model.collection import FILE, GARBAGE, METRICS
    >>> from wadjet.model.profile import Builder, Function
    >>> made = Builder([*METRICS, GARBAGE])
    >>> run = ["serve app.py:30", "gc.collect(2) <built-in gc>:0"]
    >>> values = {"gc-pause": 20 * 10**6, "gc-runs": 1, "gc-collected": 60_000}
    >>> _ = made.sample(run, time=9, **values)
    >>> profile = made.sample(["Order x:0", "make app.py:12"], **{"gc-garbage": 50_000}).build()
    >>> named = {"Order": Function("garbage: Order", FILE)}
    >>> functions = tuple(named.get(each.name, each) for each in profile.tree.functions)
    >>> profile = replace(profile, tree=replace(profile.tree, functions=functions))
    >>> [found] = garbage_cycles(Evidence(profile))
    >>> found.message
    'The collector freed 60,000 objects in cycles; 50,000 of them are of type `Order`, most made \
by `make` (app.py:12).'
    """
    freed = sum(run.collected for run in evidence.collections)
    spent = sum(run.pause for run in evidence.collections)
    everything = garbage(evidence.profile)
    found = [each for each in everything if each.node != NO_NODE]
    if freed < MANY or spent < BUSY or not found:
        return
    worst = found[0]
    alike = sum(each.count for each in everything if each.type == worst.type)
    place = evidence.place(worst.node)
    yield Finding(
        rule="garbage-cycles",
        level=Level.NOTE,
        message=f"The collector freed {count(freed)} objects in cycles; {count(alike)} of them "
        f"are of type `{worst.type}`, most made by {evidence.named(place)}.",
        place=place,
        related=tuple(dict.fromkeys(evidence.place(each.node) for each in found[1:4])),
        treatment="Make the reference that points back a `weakref.ref`, or set it to None when "
        "the object has done its work: then it is freed at once, without the collector.",
        weight=_share(evidence, spent),
    )


def _worst_place(evidence: Evidence, runs: Sequence[Run]) -> Place | None:
    """Return the line of the program's own code for which most of the pauses were."""
    places: Counter[Place] = Counter()
    for run in runs:
        node = evidence.own[run.node] if run.node != NO_NODE else NO_NODE
        if node != NO_NODE:
            places[evidence.place(node)] += run.pause
    return places.most_common(1)[0][0] if places else None


def _treatment(runs: Sequence[Run]) -> str:
    """Name what helps against most of the pauses."""
    asked = sum(run.pause for run in runs if not run.automatic)
    old = sum(run.pause for run in runs if run.generation == 2 and run.automatic)
    young = sum(run.pause for run in runs) - asked - old
    if asked >= max(old, young):
        return "Take the call of `gc.collect()` out; the collector runs by itself."
    if old >= young:
        return (
            "Call `wadjet.collector.freeze()` once the program is set up: what is there by then "
            "is never examined again; or `wadjet.collector.concurrent()`, which marks in a "
            "forked child while the program goes on."
        )
    return "Call `wadjet.collector.grow()`: the thresholds then grow with the heap."
