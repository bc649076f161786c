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
from math import exp, expm1, hypot, sqrt
from typing import Self

SURE = 0.95
"""The confidence behind every bound that Wadjet prints."""

_STEPS = 8  # of Newton's
_SURE = 500  # a block of so many grains is seen for sure

_Z = 1.959963984540054  # of a normal distribution, SURE lies within so many deviations


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sum of blocks of which those were seen on which a point fell, ``grain`` bytes apart.

    A large block is seen for sure, and of a small one nothing is known but that it was hit:
    ``doubt`` is how much of ``value`` is as uncertain as small ones are (its variance is
    ``doubt * grain``).
    """

    value: float
    doubt: float
    grain: float

    @property
    def reach(self) -> tuple[float, float]:
        """How much less and how much more it may be at 95 %: the score interval of a count.

        Where nothing was seen there may be something: the second is never 0.
        """
        n = max(self.doubt, 0.0) / self.grain
        wide = _Z * sqrt(n + _Z * _Z / 4)
        less, more = wide - _Z * _Z / 2, wide + _Z * _Z / 2
        return self.grain * less, self.grain * more

    @property
    def variance(self) -> float:
        """The variance of the sum, that of one small block at least."""
        return self.grain * (self.doubt + self.grain)


def worth(size: float, grain: float) -> float:
    """Return what a sampled block of ``size`` bytes stands for, one point each ``grain`` bytes.

    It is a sample with probability 1 - exp(-size / grain).

    >>> round(worth(1, 1000)), round(worth(1000, 1000)), round(worth(10_000, 1000))
    (1001, 1582, 10000)
    """
    return size / -expm1(-size / grain) if size > 0 else grain


def doubt(value: float, grain: float) -> float:
    """Return how much of a sample's worth is as uncertain as that of small blocks.

    >>> round(doubt(1000, 1000)), round(doubt(1582, 1000)), round(doubt(10_000, 1000))
    (1000, 921, 5)
    """
    times = value / grain
    if times <= 1:
        return value
    size = times  # of the block: value is what one of that size is worth
    for _ in range(_STEPS):
        over = exp(-size)
        size -= (size - times * (1 - over)) / (1 - times * over)
        if size <= 0:
            return value
    return value * times * exp(-size)


def doubt_of_many(value: float, blocks: int, grain: float) -> float:
    """Return the same where ``value`` may be that of several samples, which stand for ``blocks``.

    >>> round(doubt_of_many(40_000, 2000, 1000)), round(doubt_of_many(40_000, 4, 1000))
    (39601, 18)
    """
    whole = doubt(value, grain)
    if blocks < 2:
        return whole
    size = value / blocks / grain
    return max(whole, blocks * grain * size * size / expm1(size)) if size < _SURE else whole


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

    @classmethod
    def drawn(cls, part: Drawn, whole: Drawn) -> Self:
        """Return ``part / whole`` where both are sums of blocks, of which ``part`` has some.

        >>> share = Share.drawn(Drawn(60, 0, 1), Drawn(100, 40, 1))
        >>> f"{share.value:.0%}, between {share.low:.0%} and {share.high:.0%}"
        '60%, between 51% and 67%'
        """
        if whole.value <= 0:
            return cls(0.0, 0.0, 1.0)
        p = min(max(part.value / whole.value, 0.0), 1.0)
        rest = Drawn(whole.value - part.value, whole.doubt - part.doubt, whole.grain)
        (less, more), (fewer, others) = part.reach, rest.reach
        down = hypot((1 - p) * less, p * others) / whole.value
        up = hypot((1 - p) * more, p * fewer) / whole.value
        return cls(p, max(0.0, p - down), min(1.0, p + up))

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
