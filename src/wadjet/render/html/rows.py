"""Samples summed over steps of time, so that a long recording stays a small page.

Samples of one step that agree in thread, node and state become one row. The step is as
fine as the clock where the recording is short, and doubles until the rows are few enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wadjet.model.profile import Profile, State

BUDGET = 300_000
"""Rows a page should hold at most."""

_FINEST = 100_000
_FEWEST_STEPS = 512
_STATES = 8


@dataclass(frozen=True, slots=True)
class Row:
    """What a thread spent in one step at one node in one state.

    ``node`` is a number of the preorder, 0 for no frame; ``holder`` is 1 + the thread that
    held the GIL while this one waited for it, 0 where that is not known or not the case.
    """

    thread: int
    step: int
    node: int
    state: int
    holder: int
    value: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of each metric, sorted by thread and step; ``step`` is their length in ns."""

    step: int
    exact: bool
    metrics: tuple[list[Row], ...] = field(repr=False)


def tabulate(profile: Profile, number: Sequence[int], budget: int = BUDGET) -> Table:
    """Sum the samples over steps; ``number`` maps a node to its number in preorder."""
    keys = _Keys(len(number) + 1, len(profile.threads) + 1)
    exact = len(profile.samples) <= budget
    step = _first_step(profile.duration, exact=exact)
    sums = [_sum(profile, number, keys, step, metric) for metric in range(len(profile.metrics))]
    while sum(map(len, sums)) > budget and step * _FEWEST_STEPS < profile.duration:
        step *= 2
        sums = [_coarser(each, keys.size) for each in sums]
    return Table(step, exact, tuple(keys.rows(each) for each in sums))


def _first_step(duration: int, *, exact: bool) -> int:
    if exact:
        return max(1, min(_FINEST, duration >> 16), duration >> 30)
    least, power = max(_FINEST, duration >> 15), _FINEST
    while power * 10 <= least:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Packs step, thread, node, state and holder into one integer, the step on top."""

    nodes: int
    holders: int

    @property
    def size(self) -> int:
        """How many keys there are in one step."""
        return self.holders * self.nodes * _STATES * self.holders

    def rows(self, sums: dict[int, int]) -> list[Row]:
        """Unpack, sorted by thread, step and node."""
        rows = []
        for key, value in sums.items():
            step, rest = divmod(key, self.size)
            rest, holder = divmod(rest, self.holders)
            rest, state = divmod(rest, _STATES)
            thread, node = divmod(rest, self.nodes)
            rows.append((thread, step, node, state, holder, value))
        rows.sort()
        return [Row(*row) for row in rows]


def _sum(
    profile: Profile, number: Sequence[int], keys: _Keys, step: int, metric: int
) -> dict[int, int]:
    samples = profile.samples
    sums: dict[int, int] = {}
    size, nodes, holders, waiting = keys.size, keys.nodes, keys.holders, State.WAIT_GIL.value
    columns = (samples.time, samples.thread, samples.node, samples.state, samples.holder)
    for time, thread, node, state, holder, value in zip(
        *columns, samples.values[metric], strict=True
    ):
        if value:
            place = thread * nodes + (number[node] if node >= 0 else 0)
            key = (place * _STATES + state) * holders + (holder + 1 if state == waiting else 0)
            key += time // step * size
            sums[key] = sums.get(key, 0) + value
    return sums


def _coarser(sums: dict[int, int], size: int) -> dict[int, int]:
    """Join each two steps to one."""
    joined: dict[int, int] = {}
    for key, value in sums.items():
        step, rest = divmod(key, size)
        key = (step >> 1) * size + rest
        joined[key] = joined.get(key, 0) + value
    return joined
