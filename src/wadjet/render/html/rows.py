"""Samples summed over steps of time, so that a long recording stays a small page.

Samples of one step that agree in thread, node and state become one row. The step is as
fine as the clock where the recording is short, and doubles until the rows are few enough.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

from wadjet.model.profile import Profile, State

BUDGET = 300_000
"""Rows a page should hold at most."""

_FINEST = 100_000
_FEWEST_STEPS = 512
_STATES = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """What threads spent in a step at a node in a state: columns, by thread, then step.

    ``node`` is a number of the preorder, 0 for no frame; ``holder`` is 1 + the thread that
    held the GIL while this one waited for it, 0 where that is not known or not the case.
    """

    thread: array[int]
    step: array[int]
    node: array[int]
    state: array[int]
    holder: array[int]
    value: array[int]

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of each metric; ``step`` is in ns, ``exact`` if no order was lost to it."""

    step: int
    exact: bool
    metrics: tuple[Rows, ...] = field(repr=False)


def tabulate(profile: Profile, number: Sequence[int], budget: int = BUDGET) -> Table:
    """Sum the samples over steps; ``number`` maps a node to its number in preorder."""
    keys = _Keys(len(number) + 1, len(profile.threads) + 1)
    exact = len(profile.samples) <= budget
    step = _first_step(profile.duration, exact=exact)
    sums = [_sum(profile, number, keys, step, metric) for metric in range(len(profile.metrics))]
    size = keys.size
    fewest = sum(len({key % size for key in each}) for each in sums)
    enough = max(budget, fewest + fewest // 4)  # fewer than that, no step makes them
    while (count := sum(map(len, sums))) > enough and step * _FEWEST_STEPS < profile.duration:
        times = 4 if count > 2 * enough else 2
        step *= times
        sums = [_coarser(each, size, times) for each in sums]
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

    def rows(self, sums: dict[int, int]) -> Rows:
        """Unpack, sorted by thread, step and node."""
        rows = []
        size, holders, nodes = self.size, self.holders, self.nodes
        for key, value in sums.items():
            step, rest = divmod(key, size)
            rest, holder = divmod(rest, holders)
            rest, state = divmod(rest, _STATES)
            thread, node = divmod(rest, nodes)
            rows.append((thread, step, node, state, holder, value))
        rows.sort()
        columns = list(zip(*rows, strict=True)) or [()] * 6
        return Rows(*(array("q", column) for column in columns))


def _sum(
    profile: Profile, number: Sequence[int], keys: _Keys, step: int, metric: int
) -> dict[int, int]:
    samples, values = profile.samples, profile.samples.values[metric]
    sums: dict[int, int] = {}
    size, nodes, holders, waiting = keys.size, keys.nodes, keys.holders, State.WAIT_GIL.value
    columns = (samples.time, samples.thread, samples.node, samples.state, samples.holder, values)
    for time, thread, node, state, holder, value in compress(zip(*columns, strict=True), values):
        place = thread * nodes + (number[node] if node >= 0 else 0)
        key = (place * _STATES + state) * holders + (holder + 1 if state == waiting else 0)
        key += time // step * size
        sums[key] = sums.get(key, 0) + value
    return sums


def _coarser(sums: dict[int, int], size: int, times: int) -> dict[int, int]:
    """Join each few steps to one."""
    joined: dict[int, int] = {}
    for key, value in sums.items():
        step, rest = divmod(key, size)
        key = step // times * size + rest
        joined[key] = joined.get(key, 0) + value
    return joined
