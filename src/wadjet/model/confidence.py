"""How far a sampled figure can be trusted.

A sampler sees ``n`` moments of a program; a share it reports is the true one give or take
chance. Everything here is about that chance alone: a program that behaves differently the
next time is not in it.

>>> share = Share.of(61, 100)
>>> f"{share.value:.0%}, between {share.low:.0%} and {share.high:.0%}"
'61%, between 51% and 70%'
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Self

SURE = 0.95
"""The confidence behind every bound that Wadjet prints."""

_Z = 1.959963984540054  # of a normal distribution, SURE lies within so many deviations


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with the bounds it lies within at 95 % (Wilson's interval)."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, part: float, whole: float, grain: float = 1.0) -> Self:
        """Return ``part / whole`` where one sample is worth ``grain`` of either.

        >>> Share.of(0, 0)
        Share(value=0.0, low=0.0, high=1.0)
        """
        n = whole / grain if grain else 0.0
        if n <= 0:
            return cls(0.0, 0.0, 1.0)
        p = min(max(part / whole, 0.0), 1.0)
        middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        reach = _Z / (1 + _Z * _Z / n) * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return cls(p, max(0.0, min(p, middle - reach)), min(1.0, max(p, middle + reach)))

    @property
    def error(self) -> float:
        """The larger distance to a bound: what follows a printed ``±``."""
        return max(self.value - self.low, self.high - self.value)


def variance(part: float, whole: float, grain: float) -> float:
    """Return the variance that sampling gives to a sum of ``part`` out of ``whole``.

    Binomial, and never less than one sample: where ``part`` is everything there was, the
    clock still rounds.

    >>> variance(part=50.0, whole=100.0, grain=1.0)
    26.0
    """
    if whole <= 0:
        return grain * grain
    p = min(max(part / whole, 0.0), 1.0)
    return part * (1 - p) * grain + grain * grain


def surely_differ(before: float, after: float, variance: float, *, among: int = 1) -> bool:
    """Say whether two sums differ by more than chance, when ``among`` are compared at once.

    Who compares a hundred functions finds five that "differ" at 95 % by chance alone, so
    the bound widens with their number (Bonferroni).

    >>> surely_differ(100, 130, 15**2), surely_differ(100, 130, 15**2, among=100)
    (True, False)
    """
    from statistics import NormalDist  # slow to import, and rarely needed

    z = NormalDist().inv_cdf(1 - (1 - SURE) / 2 / max(among, 1))
    return abs(after - before) > z * sqrt(variance)
