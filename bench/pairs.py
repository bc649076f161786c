"""Interleaved runs: base, tool, base, tool, base …, so that a drifting machine does no harm.

Each run of a tool stands between two runs of the plain program and is compared with their
mean. The order of the tools is drawn anew in every round.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.measure import Run
from bench.stats import Spread, spread

Start = Callable[[], Run]


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to run beside the base; takes part in every ``every``-th round."""

    label: str
    start: Start
    every: int = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """A run and the two plain ones around it."""

    run: Run
    before: Run
    after: Run

    def ratio(self, what: str) -> float:
        """Return how many times as much ``wall`` or ``cpu`` the run took."""
        base = (getattr(self.before, what) + getattr(self.after, what)) / 2
        return float(getattr(self.run, what) / base)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs of one contender; ``error`` says why it has none, or no more."""

    pairs: tuple[Pair, ...]
    error: str = ""

    def ratio(self, what: str) -> Spread | None:
        """Return the spread of the ratios, or None where there are none."""
        return spread([pair.ratio(what) for pair in self.pairs]) if self.pairs else None

    def mean(self, what: Callable[[Run], float]) -> float:
        """Return the mean of something over the runs."""
        return sum(what(pair.run) for pair in self.pairs) / len(self.pairs)


def interleave(
    base: Start, contenders: Sequence[Contender], rounds: int, rng: random.Random
) -> dict[str, Comparison]:
    """Run the rounds. A contender that fails is not tried again.

    RuntimeError if the plain program itself fails.
    """
    pairs: dict[str, list[Pair]] = {each.label: [] for each in contenders}
    failed: dict[str, str] = {}
    before = plain(base)
    for number in range(rounds):
        turns = [each for each in contenders if number % each.every == 0]
        for each in rng.sample(turns, len(turns)):
            if each.label in failed:
                continue
            run = each.start()
            if run.error:
                failed[each.label] = run.error
                continue
            after = plain(base)
            pairs[each.label].append(Pair(run, before, after))
            before = after
    return {label: Comparison(tuple(of), failed.get(label, "")) for label, of in pairs.items()}


def plain(base: Start) -> Run:
    """Run the program without a profiler, which must work."""
    run = base()
    if run.error:
        raise RuntimeError(f"the plain program failed: {run.error}")
    return run
