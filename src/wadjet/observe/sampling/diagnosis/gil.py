"""The GIL over time: who held it while who waited, and who never let go.

A wait is blamed on what its holder was last seen doing with the GIL. A *hold* is a stretch
of time for which a thread was seen waiting for one holder again and again, and in which no
other thread of the process was seen to have a turn.

Most samples say nothing about it, so columns are sifted in C and searched by time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise
from operator import eq, ne, sub

from wadjet.model.profile import NO_NODE, Profile, State
from wadjet.model.totals import fold

_NEAR = 25_000_000
"""So long (ns) after a thread was seen it is taken to be still there."""

_ENOUGH = 8_000
"""So many waits tell who holds the GIL to within two points."""


@dataclass(slots=True)
class Hold:
    """A stretch of time (ns), and the thread that held the GIL.

    ``kept`` says for how long of it, by node, the holder was seen running, or blocked, and
    did not let go; the rest of the time it may just have had no core.
    """

    holder: int
    start: int
    end: int
    kept: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Contention:
    """Waiting for the GIL: for each waiting thread ns by the holder's node, and the holds.

    Of the waiting, ``lacked`` ns by thread were for a holder that had no core to run on.
    Of very many waits these are a part, so that shares can be told, but no sums.
    """

    blame: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lacked: Counter[int] = field(default_factory=Counter)
    holds: list[Hold] = field(default_factory=list)


def contention(profile: Profile, *, least: int) -> Contention:
    """Return who held the GIL while others waited; nothing where nobody was seen waiting.

    Holds are those of ``least`` ns or more. They need CPU samples: without them nobody can
    say that no other thread had a turn.
    """
    found = Contention()
    waits = _chosen(range(len(profile.samples)), _rows_in(profile, State.WAIT_GIL))
    if not waits:
        return found
    period = int(fold(profile, "wall").grain)
    processes = [_Process(profile, number) for number in range(len(profile.processes))]
    _blame(profile, processes, _some(waits), period, found)
    if any(_values(profile, "cpu")):
        for process in processes:
            found.holds += process.holds(waits, least, period)
    return found


def _some(rows: list[int]) -> list[int]:
    """Return rows, of very many a part that is chosen as if by dice, but always alike."""
    if len(rows) <= _ENOUGH:
        return rows
    limit = (_ENOUGH << 32) // len(rows)
    return [row for row in rows if row * 0x9E3779B1 % (1 << 32) < limit]


def _blame(
    profile: Profile,
    processes: Sequence[_Process],
    waits: Sequence[int],
    period: int,
    found: Contention,
) -> None:
    """Add to ``found`` where the holder was in each wait, and whether it had a core."""
    samples, wall = profile.samples, _values(profile, "wall")
    for row in waits:
        thread, holder = samples.thread[row], samples.holder[row]
        if holder in (NO_NODE, thread):
            found.blame[thread][NO_NODE] += wall[row]
            continue
        process = processes[profile.threads[holder].process]
        node, put_off = process.whereabouts(holder, samples.time[row], period)
        found.blame[thread][node] += wall[row]
        if put_off:
            found.lacked[thread] += wall[row]


def _rows_in(profile: Profile, *states: State) -> bytes:
    """Return for each sample 1 if it is in one of ``states``, else 0."""
    table = bytes(state in states for state in range(256))
    return profile.samples.state.tobytes().translate(table)


def _chosen(column: Sequence[int], rows: bytes) -> list[int]:
    return list(compress(column, rows))


def _values(profile: Profile, name: str) -> array[int]:
    for metric, values in zip(profile.metrics, profile.samples.values, strict=True):
        if metric.name == name:
            return values
    return array("q", bytes(8 * len(profile.samples)))


class _Process:
    """Who of a process was seen with the GIL, as rows of the samples in order of time.

    ``ran`` are the rows of threads that ran with it, ``threads`` those threads; ``sat`` are
    the rows of threads that held it without running.
    """

    def __init__(self, profile: Profile, number: int) -> None:
        samples = self.samples = profile.samples
        self.cpu, self.wall = _values(profile, "cpu"), _values(profile, "wall")
        self.ran = _chosen(range(len(samples)), _rows_in(profile, State.RUN_GIL))
        self.threads = _chosen(samples.thread, _rows_in(profile, State.RUN_GIL))
        idle = _rows_in(profile, State.RUNNABLE, State.BLOCKED)
        holds = map(eq, _chosen(samples.thread, idle), _chosen(samples.holder, idle))
        self.sat = list(compress(_chosen(range(len(samples)), idle), holds))
        self.home = [thread.process == number for thread in profile.threads]
        if not all(self.home):
            self.sat = [row for row in self.sat if self.home[samples.thread[row]]]
            self.ran = [row for row in self.ran if self.home[samples.thread[row]]]
            self.threads = [samples.thread[row] for row in self.ran]

    def whereabouts(self, holder: int, time: int, period: int) -> tuple[int, bool]:
        """Return the node at which ``holder`` was seen last, and whether it had no core."""
        samples = self.samples
        end = bisect_right(samples.time, time)
        for row in self._back(self.sat, end, time - period // 2):
            if samples.thread[row] == holder:
                return samples.node[row], samples.state[row] == State.RUNNABLE
        for row in self._back(self.ran, end, time - _NEAR):
            if samples.thread[row] == holder:
                return samples.node[row], False
        return NO_NODE, False

    def _back(self, rows: Sequence[int], end: int, until: int) -> Iterator[int]:
        """Yield rows before ``end``, the latest first, back to a moment."""
        for place in range(bisect_left(rows, end) - 1, -1, -1):
            if self.samples.time[rows[place]] < until:
                return
            yield rows[place]

    def holds(self, waits: Sequence[int], least: int, period: int) -> list[Hold]:
        """Return the holds of ``least`` ns or more."""
        found: list[Hold] = []
        for start, end in self._solos(least):
            found += self._waited_for(_between(waits, start, end), least, period)
        found = _apart(found)
        for hold in found:
            self._add_activity(hold)
        return found

    def _solos(self, least: int) -> list[tuple[int, int]]:
        """Return the first and the last row of stretches in which one thread only had turns."""
        time, rows = self.samples.time, self.ran
        turns = list(compress(rows[1:], map(ne, self.threads, self.threads[1:])))
        edges = [0, *turns, len(time) - 1]
        moments = list(map(time.__getitem__, edges))
        long = map(least.__le__, map(sub, moments[1:], moments))
        return list(compress(pairwise(edges), long))

    def _waited_for(self, waits: Sequence[int], least: int, period: int) -> list[Hold]:
        """Return the stretches for which a thread waited for one holder, again and again."""
        samples = self.samples
        waiting: dict[int, Hold] = {}
        found: list[Hold] = []
        for row in waits:
            time, thread, holder = samples.time[row], samples.thread[row], samples.holder[row]
            if holder in (NO_NODE, thread) or not self.home[thread]:
                continue
            hold = waiting.get(thread)
            if hold is None or hold.holder != holder or time > hold.end + period:
                hold = waiting[thread] = Hold(holder, time, time)
                found.append(hold)
            hold.end = time + period
        return [hold for hold in found if hold.end - hold.start >= least and self._alone(hold)]

    def _alone(self, hold: Hold) -> bool:
        """Say whether nobody but the holder had a turn."""
        first, last = (bisect_left(self.samples.time, each) for each in (hold.start, hold.end))
        low, high = bisect_left(self.ran, first), bisect_left(self.ran, last)
        return set(self.threads[low:high]) <= {hold.holder}

    def _add_activity(self, hold: Hold) -> None:
        """Add to a hold for how long its holder ran with the GIL, or was blocked with it."""
        samples = self.samples
        first, last = (bisect_left(samples.time, each) for each in (hold.start, hold.end))
        for rows, worth in ((self.ran, self.cpu), (self.sat, self.wall)):
            for row in _between(rows, first, last - 1):
                kept = samples.state[row] != State.RUNNABLE and samples.node[row] != NO_NODE
                if samples.thread[row] == hold.holder and kept:
                    hold.kept[samples.node[row]] += worth[row]


def _between(rows: Sequence[int], first: int, last: int) -> Sequence[int]:
    return rows[bisect_left(rows, first) : bisect_right(rows, last)]


def _apart(holds: list[Hold]) -> list[Hold]:
    """Merge stretches of one holder that overlap: several threads waited for it."""
    merged: list[Hold] = []
    last: dict[int, Hold] = {}
    for hold in sorted(holds, key=lambda each: each.start):
        before = last.get(hold.holder)
        if before is not None and hold.start < before.end:
            before.end = max(before.end, hold.end)
        else:
            last[hold.holder] = hold
            merged.append(hold)
    return merged
