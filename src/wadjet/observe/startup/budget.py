"""What a start may cost, and who is to blame where it costs more.

>>> budget = parse("120 ms, 600 syscalls, 2 MiB")
>>> budget.time, budget.calls, budget.read
(120000000, 600, 2097152)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wadjet.errors import UsageError
from wadjet.model.finding import Finding, Level
from wadjet.model.profile import Profile
from wadjet.model.startup import Cost, modules, phases, whole
from wadjet.model.units import count, duration, parse_size, size

_TIME = re.compile(r"(\d+(?:\.\d+)?) ?(us|ms|s)")
_CALLS = re.compile(r"(\d+) ?(?:system calls?|syscalls?|calls?)")
_SCALE = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_FORM = 'a budget is like "120 ms, 600 syscalls, 2 MiB", each part where wanted'
_NAMED = 3  # how many modules are blamed


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a start may take: ns, system calls, bytes read; None for no limit."""

    time: int | None = None
    calls: int | None = None
    read: int | None = None


def parse(text: str) -> Budget:
    """Return the budget that a text names; raises UsageError."""
    found: dict[str, int] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, value = _part(part)
        if name in found:
            raise UsageError(f"the budget {text!r} has two limits of one kind", _FORM)
        found[name] = value
    if not found:
        raise UsageError("the budget is empty", _FORM)
    return Budget(**found)


def _part(text: str) -> tuple[str, int]:
    if matched := _TIME.fullmatch(text):
        return "time", round(float(matched[1]) * _SCALE[matched[2]])
    if matched := _CALLS.fullmatch(text):
        return "calls", int(matched[1])
    try:
        return "read", parse_size(text)
    except ValueError:
        raise UsageError(f"what is {text!r}?", _FORM) from None


def exceeded(profile: Profile, budget: Budget) -> Iterator[Finding]:
    """Yield a finding for each limit that a start is over, with those that cost most.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS, STAGE
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0", "json json.py:0"], start=5 * 10**6)
    >>> [each.message for each in exceeded(made.build(), Budget(time=10**6))]
    ['The start took 5.00 ms, 4.00 ms more than the 1.00 ms of the budget: `json` 5.00 ms.']
    """
    total = whole(profile)
    for name, verb, written in (
        ("time", "took", duration),
        ("calls", "made", lambda value: f"{count(value)} system calls"),
        ("read", "read", size),
    ):
        limit, spent = getattr(budget, name), getattr(total, name)
        if limit is None or spent <= limit:
            continue
        dearest = sorted(modules(profile) or phases(profile), key=lambda each: -_of(each, name))[
            :_NAMED
        ]
        blamed = ", ".join(f"`{each.name}` {written(_of(each, name))}" for each in dearest)
        yield Finding(
            rule="start-budget",
            level=Level.ERROR,
            message=f"The start {verb} {written(spent)}, {written(spent - limit)} more than the "
            f"{written(limit)} of the budget: {blamed}.",
            weight=1.0,
        )


def _of(cost: Cost, name: str) -> int:
    value: int = getattr(cost, name)
    return value
