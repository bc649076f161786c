"""Medians, quartiles and errors: everything that turns runs into figures."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A median between its quartiles, of ``count`` values."""

    median: float
    low: float
    high: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the quartiles; ValueError if there are no values."""
    if not values:
        raise ValueError("no values")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high, len(values))


def shares(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return each amount as a percentage of the sum; empty if the sum is 0."""
    total = sum(amounts.values())
    return {name: 100 * amount / total for name, amount in amounts.items()} if total else {}


def errors(reported: Mapping[str, float], truth: Mapping[str, float]) -> dict[str, float]:
    """Return for each true name the error of its share, in signed percentage points.

    Names that are not in ``truth`` are left out of both sums, so that work which the
    program did not measure does not count against the profiler.
    """
    seen = shares({name: reported.get(name, 0.0) for name in truth})
    return {name: seen.get(name, 0.0) - share for name, share in shares(truth).items()}


def worst(signed: Mapping[str, float]) -> tuple[str, float]:
    """Return the name with the largest error, and the error."""
    name = max(signed, key=lambda each: abs(signed[each]))
    return name, signed[name]


def overlap(reported: Mapping[str, float], truth: Mapping[str, float]) -> float:
    """Return how much of the true time went to the right name, in percent."""
    total = sum(truth.values())
    right = sum(min(reported.get(name, 0.0), amount) for name, amount in truth.items())
    return 100 * right / total if total else 0.0


def named(reported: Mapping[str, float], truth: Mapping[str, float]) -> int:
    """Count the names that got at least half of their time; what one loses, another gets."""
    return sum(reported.get(name, 0.0) >= amount / 2 for name, amount in truth.items())
