"""Samples summed over steps of time, so that a long recording stays a small page.

Samples of one step that agree in thread, node and state become one row. The step is as
fine as the clock where the recording is short, and doubles until the rows are few enough.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
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
    exact = len(profile.samples) <= budget
    step = _first_step(profile.duration, exact=exact)
    keys = _Keys(profile.duration // step + 2, len(number) + 1, len(profile.threads) + 1)
    packed = keys.pack(profile, number, step)
    sums = [_sum(packed, values) for values in profile.samples.values]
    enough = budget
    if sum(map(len, sums)) > budget:
        fewest = sum(map(keys.places, sums))
        enough = max(budget, fewest + fewest // 4)  # fewer than that, no step makes them
    while (count := sum(map(len, sums))) > enough and step * _FEWEST_STEPS < profile.duration:
        times = 4 if count > 2 * enough else 2
        step *= times
        sums = [keys.coarser(each, times) for each in sums]
    return Table(step, exact, tuple(keys.rows(each) for each in sums))


def _first_step(duration: int, *, exact: bool) -> int:
    if exact:
        return max(1, min(_FINEST, duration >> 16), duration >> 30)
    least, power = max(_FINEST, duration >> 15), _FINEST
    while power * 10 <= least:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


def _sum(keys: Sequence[int], values: Sequence[int]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for key, value in compress(zip(keys, values, strict=True), values):
        sums[key] = sums.get(key, 0) + value
    return sums


@dataclass(frozen=True, slots=True)
class _Keys:
    """Packs thread, step, node, state and holder into one integer, in that order.

    There are fewer than ``steps``, ``nodes`` and ``holders`` of each. To sort the integers
    is to sort the rows, and far quicker.
    """

    steps: int
    nodes: int
    holders: int

    @property
    def _inner(self) -> int:
        """How many keys there are in one step of a thread."""
        return self.nodes * _STATES * self.holders

    def pack(self, profile: Profile, number: Sequence[int], step: int) -> list[int]:
        """Return the key of each sample."""
        samples, waiting = profile.samples, State.WAIT_GIL.value
        numbers = [*number, 0]  # the last: -1 is no node
        steps, nodes, holders = self.steps, self.nodes, self.holders
        columns = (samples.time, samples.thread, samples.node, samples.state, samples.holder)
        return [
            (((thread * steps + time // step) * nodes + numbers[node]) * _STATES + state) * holders
            + (holder + 1 if state == waiting else 0)
            for time, thread, node, state, holder in zip(*columns, strict=True)
        ]

    def places(self, sums: Collection[int]) -> int:
        """Return how many keys there would be if there were one step only."""
        inner, steps = self._inner, self.steps
        return len({key // inner // steps * inner + key % inner for key in sums})

    def coarser(self, sums: dict[int, int], times: int) -> dict[int, int]:
        """Join each few steps to one."""
        joined: dict[int, int] = {}
        for key, value in sums.items():
            moment, place = divmod(key, self._inner)
            thread, step = divmod(moment, self.steps)
            key = (thread * self.steps + step // times) * self._inner + place
            joined[key] = joined.get(key, 0) + value
        return joined

    def rows(self, sums: dict[int, int]) -> Rows:
        """Unpack, sorted by thread, step and node."""
        keys = sorted(sums)
        moments, places = _divided(keys, self._inner)
        threads, steps = _divided(moments, self.steps)
        nodes, rests = _divided(places, _STATES * self.holders)
        states, holders = _divided(rests, self.holders)
        columns = (threads, steps, nodes, states, holders, map(sums.__getitem__, keys))
        return Rows(*(array("q", column) for column in columns))


def _divided(numbers: list[int], by: int) -> tuple[list[int], list[int]]:
    """Return quotients and remainders."""
    return [number // by for number in numbers], [number % by for number in numbers]
