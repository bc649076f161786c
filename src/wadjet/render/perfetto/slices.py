"""Slices: what was going on from when to when, put together from samples in a row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TypeAlias, TypeVar

from wadjet.model.profile import Profile, State
from wadjet.render.naming import STATES, place, thread_names
from wadjet.render.perfetto.packets import Sequence
from wadjet.render.perfetto.tracks import Tracks, begin, end
from wadjet.render.stacks import NO_STACK, Stacks, merge_lines

K = TypeVar("K")

Interval: TypeAlias = tuple[int, int, int, int]
"""A lane, a sample, and the start and end in ns of the time that it stands for."""


def intervals(profile: Profile, metric: int, lanes: list[int]) -> Iterator[Interval]:
    """Yield what each sample stands for: the time before it, as far as none did yet.

    ``lanes`` gives the lane of each thread; in one lane intervals do not overlap.
    """
    samples = profile.samples
    covered: dict[int, int] = {}
    columns = zip(samples.thread, samples.time, samples.values[metric], strict=True)
    for row, (thread, time, value) in enumerate(columns):
        if value:
            lane = lanes[thread]
            start = max(time - value, covered.get(lane, 0))
            if start < time:
                covered[lane] = time
                yield lane, row, start, time


def calls(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield the slices of functions, which nest as they called each other.

    From one sample to the next only the frames that differ end and begin.
    """
    stacks = merge_lines(profile.tree)
    stage = Stage(profile, stacks, tracks, sequence)
    opened: dict[int, tuple[int, int]] = {}
    threads = list(range(len(profile.threads)))
    for thread, row, start, time in intervals(profile, metric, threads):
        before, until = opened.get(thread, (NO_STACK, start))
        if until < start:
            yield stage.change(thread, before, NO_STACK, until)
            before = NO_STACK
        after = stacks.of(profile.samples.node[row])
        yield stage.change(thread, before, after, start)
        opened[thread] = after, time
    for thread, (before, until) in opened.items():
        yield stage.change(thread, before, NO_STACK, until)


class Stage:
    """Turns the change from one stack to another into ends and begins."""

    def __init__(
        self, profile: Profile, stacks: Stacks, tracks: Tracks, sequence: Sequence
    ) -> None:
        self._functions = profile.tree.functions
        self._stacks = stacks
        self._tracks = tracks
        self._sequence = sequence
        self._depth = array("i", [0]) * (len(stacks.parent) + 1)  # the last one is for NO_STACK
        for stack, parent in enumerate(stacks.parent):
            self._depth[stack] = self._depth[parent] + 1
        self._begin = cache(self._begin_of)
        self._end = cache(end)

    def change(self, thread: int, before: int, after: int, time: int) -> bytes:
        """Return the slices that end and then those that begin when the stack changes."""
        parent, depth, event = self._stacks.parent, self._depth, self._sequence.event
        track = self._tracks.of_thread(thread)
        packets = []
        opening = []
        while before != after:
            if depth[before] >= depth[after]:
                before = parent[before]
                packets.append(event(self._end(track), time))
            else:
                opening.append(after)
                after = parent[after]
        begins = (self._begin(track, self._stacks.function[stack]) for stack in reversed(opening))
        packets.extend(event(each, time) for each in begins)
        return b"".join(packets)

    def _begin_of(self, track: int, number: int) -> bytes:
        function = self._functions[number]
        return begin(self._sequence, track, function.name, {"function": place(function)})


def states(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield a slice for each stretch in which a thread was in one state.

    A wait for the GIL says who held it.
    """
    samples, names = profile.samples, thread_names(profile)

    def mark(row: int) -> tuple[int, int]:
        state = samples.state[row]
        return state, samples.holder[row] if state == State.WAIT_GIL else -1

    found = intervals(profile, metric, list(range(len(profile.threads))))
    made: dict[int, int] = {}
    for thread, (state, holder), start, until in _runs(found, mark):
        if state != State.UNKNOWN:
            if thread not in made:
                made[thread], declared = tracks.below_thread(sequence, thread, "State")
                yield declared
            notes = {"held by": names[holder]} if holder >= 0 else {}
            yield sequence.event(begin(sequence, made[thread], STATES[State(state)], notes), start)
            yield sequence.event(end(made[thread]), until)


def holders(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield for each process a slice for each stretch in which one thread held the GIL."""
    names = thread_names(profile)
    found = intervals(profile, metric, [thread.process for thread in profile.threads])
    made: dict[int, int] = {}
    for process, holder, start, until in _runs(found, profile.samples.holder.__getitem__):
        if holder >= 0:
            if process not in made:
                made[process], declared = tracks.below_process(sequence, process, "GIL held by")
                yield declared
            yield sequence.event(begin(sequence, made[process], names[holder]), start)
            yield sequence.event(end(made[process]), until)


def _runs(found: Iterable[Interval], mark: Callable[[int], K]) -> Iterator[tuple[int, K, int, int]]:
    """Yield (lane, mark, start, end) for intervals that follow each other with one mark."""
    opened: dict[int, tuple[K, int, int]] = {}
    for lane, row, start, until in found:
        this = mark(row)
        if lane in opened:
            last, since, before = opened[lane]
            if last == this and before == start:
                start = since
            else:
                yield lane, last, since, before
        opened[lane] = this, start, until
    for lane, (last, since, before) in opened.items():
        yield lane, last, since, before
