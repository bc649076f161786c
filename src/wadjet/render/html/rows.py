"""Samples summed over steps of time, so that a long recording stays a small page.

Samples of one step that agree in thread, node and state become one row. The step is as
fine as the clock where the recording is short, and doubles until the rows are few enough.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from wadjet.model import columns
from wadjet.model.profile import Profile, Samples, State

BUDGET = 300_000
"""Rows a page should hold at most."""

LARGEST_KEY = 2**63

Sums: TypeAlias = "tuple[array[int], array[int]]"
"""Keys, and the sum of the values of each."""

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


def tabulate(profile: Profile, number: array[int], budget: int = BUDGET) -> Table:
    """Sum the samples over steps; ``number`` maps a node to its number in preorder."""
    exact = len(profile.samples) <= budget
    step = _first_step(profile.duration, exact=exact)
    keys = _keys(profile, len(number) + 1, step)
    while keys.most >= LARGEST_KEY:  # so many threads and nodes that no integer tells them apart
        step *= 2
        keys = _keys(profile, len(number) + 1, step)
    packed = keys.pack(profile, number, step)
    sums = [columns.group(packed, values) for values in profile.samples.values]
    enough = budget
    if _rows(sums) > budget:
        fewest = sum(map(keys.places, sums))
        enough = max(budget, fewest + fewest // 4)  # fewer than that, no step makes them
    while (count := _rows(sums)) > enough and step * _FEWEST_STEPS < profile.duration:
        times = 4 if count > 2 * enough else 2
        step *= times
        sums = [keys.coarser(each, times) for each in sums]
    return Table(step, exact, tuple(keys.rows(each) for each in sums))


def _rows(sums: Sequence[Sums]) -> int:
    return sum(len(keys) for keys, _ in sums)


def _keys(profile: Profile, nodes: int, step: int) -> _Keys:
    threads = len(profile.threads)
    return _Keys(threads, profile.duration // step + 2, nodes, threads + 1)


def _first_step(duration: int, *, exact: bool) -> int:
    if exact:
        return max(1, min(_FINEST, duration >> 16), duration >> 30)
    least, power = max(_FINEST, duration >> 15), _FINEST
    while power * 10 <= least:
        power *= 10
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Packs thread, step, node, state and holder into one integer, in that order.

    There are fewer than ``threads``, ``steps``, ``nodes`` and ``holders`` of each. To sort
    the integers is to sort the rows, and far quicker.
    """

    threads: int
    steps: int
    nodes: int
    holders: int

    @property
    def most(self) -> int:
        """How many keys there are."""
        return self.threads * self.steps * self._inner

    @property
    def _inner(self) -> int:
        """How many keys there are in one step of a thread."""
        return self.nodes * _STATES * self.holders

    def pack(self, profile: Profile, number: array[int], step: int) -> array[int]:
        """Return the key of each sample."""
        samples = profile.samples
        steps = columns.divide(samples.time, step)
        keys = columns.fuse(samples.thread, self.steps, steps)
        keys = columns.fuse(keys, self.nodes, columns.gather(number, samples.node, 0))
        keys = columns.fuse(keys, _STATES, samples.state)
        return columns.fuse(keys, self.holders, _waited_for(samples))

    def places(self, sums: Sums) -> int:
        """Return how many keys there would be if there were one step only."""
        moments, places = _divided(sums[0], self._inner)
        threads, _ = _divided(moments, self.steps)
        keys = columns.fuse(threads, self._inner, places)
        return len(columns.group(keys, sums[1])[0])

    def coarser(self, sums: Sums, times: int) -> Sums:
        """Join each few steps to one."""
        moments, places = _divided(sums[0], self._inner)
        threads, steps = _divided(moments, self.steps)
        moments = columns.fuse(threads, self.steps, columns.divide(steps, times))
        return columns.group(columns.fuse(moments, self._inner, places), sums[1])

    def rows(self, sums: Sums) -> Rows:
        """Unpack, sorted by thread, step and node."""
        keys, values = sums
        columns.sort(keys, values)
        moments, places = _divided(keys, self._inner)
        threads, steps = _divided(moments, self.steps)
        nodes, rests = _divided(places, _STATES * self.holders)
        states, holders = _divided(rests, self.holders)
        return Rows(threads, steps, nodes, states, holders, values)


def _waited_for(samples: Samples) -> array[int]:
    """Return 1 + the thread that held the GIL while this one waited for it, else 0."""
    waiting, state = State.WAIT_GIL.value, samples.state
    if waiting not in state:
        return array("i", bytes(4 * len(state)))
    rows = zip(state, samples.holder, strict=True)
    return array("i", [holder + 1 if each == waiting else 0 for each, holder in rows])


def _divided(numbers: array[int], by: int) -> tuple[array[int], array[int]]:
    """Return quotients and remainders."""
    quotients = columns.divide(numbers, by)
    return quotients, columns.fuse(quotients, -by, numbers)
