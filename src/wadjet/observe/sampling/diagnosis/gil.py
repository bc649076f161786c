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
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import eq, ne

from wadjet.model.profile import NO_NODE, Profile, State
from wadjet.model.totals import fold

_NEAR = 25_000_000
"""So long (ns) after a thread was seen it is taken to be still there."""


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
    if int(State.WAIT_GIL) not in profile.samples.state:
        return found
    samples, wall = profile.samples, _values(profile, "wall")
    period = int(fold(profile, "wall").grain)
    processes = [_Process(profile, number) for number in range(len(profile.processes))]
    waiting: dict[int, tuple[int, int, int]] = {}  # holder, start and end
    seen: dict[int, _Sight] = {}
    for row in compress(range(len(samples)), _rows_in(profile, State.WAIT_GIL)):
        time, thread, holder = samples.time[row], samples.thread[row], samples.holder[row]
        if holder in (NO_NODE, thread):
            found.blame[thread][NO_NODE] += wall[row]
            continue
        sight = seen.get(holder)
        if sight is None or sight.time != time:
            process = processes[profile.threads[holder].process]
            sight = seen[holder] = process.sight(holder, time, period)
        found.blame[thread][sight.node] += wall[row]
        if sight.put_off:
            found.lacked[thread] += wall[row]
        whose, start, end = waiting.get(thread, (NO_NODE, time, time))
        if whose != holder or time > end + period or sight.other_turn > start:
            if end - start >= least:
                found.holds.append(Hold(whose, start, end))
            start = time
        waiting[thread] = (holder, start, time + period)
    found.holds.extend(Hold(*last) for last in waiting.values() if last[2] - last[1] >= least)
    found.holds = _apart(found.holds) if any(_values(profile, "cpu")) else []
    for hold in found.holds:
        processes[profile.threads[hold.holder].process].add_activity(hold)
    return found


def _rows_in(profile: Profile, *states: State) -> bytes:
    """Return for each sample 1 if it is in one of ``states``, else 0."""
    table = bytes(state in states for state in range(256))
    return profile.samples.state.tobytes().translate(table)


def _values(profile: Profile, name: str) -> array[int]:
    for metric, values in zip(profile.metrics, profile.samples.values, strict=True):
        if metric.name == name:
            return values
    return array("q", bytes(8 * len(profile.samples)))


@dataclass(frozen=True, slots=True)
class _Sight:
    """What can be said of a holder at a moment.

    ``node`` is where it was just seen, ``put_off`` whether it had no core, ``other_turn``
    when another thread of the process last ran with the GIL.
    """

    time: int
    node: int
    put_off: bool
    other_turn: int


class _Process:
    """Who of a process was seen with the GIL, as rows of the samples in order of time.

    ``ran`` are the rows of threads that ran with it, ``threads`` those threads, and
    ``changes`` the places in them where it is another thread's turn. ``sat`` are the rows
    of threads that held it without running.
    """

    def __init__(self, profile: Profile, number: int) -> None:
        samples = self.samples = profile.samples
        self.cpu, self.wall = _values(profile, "cpu"), _values(profile, "wall")
        self.ran = _chosen(range(len(samples)), _rows_in(profile, State.RUN_GIL))
        self.threads = _chosen(samples.thread, _rows_in(profile, State.RUN_GIL))
        idle = _rows_in(profile, State.RUNNABLE, State.BLOCKED)
        holds = map(eq, _chosen(samples.thread, idle), _chosen(samples.holder, idle))
        self.sat = list(compress(_chosen(range(len(samples)), idle), holds))
        if len(profile.processes) > 1:
            home = [thread.process == number for thread in profile.threads]
            self.sat = [row for row in self.sat if home[samples.thread[row]]]
            self.ran = [row for row in self.ran if home[samples.thread[row]]]
            self.threads = [samples.thread[row] for row in self.ran]
        turns = map(ne, self.threads, self.threads[1:])
        self.changes = list(compress(range(1, len(self.threads)), turns))

    def sight(self, holder: int, time: int, period: int) -> _Sight:
        """Return what can be said of ``holder`` at a moment."""
        end = bisect_right(self.samples.time, time)
        last = bisect_left(self.ran, end) - 1
        node, put_off = self._idle(holder, time, end, period)
        if last >= 0 and self.threads[last] == holder:
            if node == NO_NODE:
                node = self._near(self.ran[last], time)
            change = bisect_right(self.changes, last) - 1
            last = self.changes[change] - 1 if change >= 0 else -1
        elif node == NO_NODE:
            node = self._ran_at(holder, last, time)
        return _Sight(time, node, put_off, self.samples.time[self.ran[last]] if last >= 0 else -1)

    def _near(self, row: int, time: int) -> int:
        return self.samples.node[row] if time - self.samples.time[row] <= _NEAR else NO_NODE

    def _idle(self, holder: int, time: int, end: int, period: int) -> tuple[int, bool]:
        """Return where ``holder`` just sat with the GIL, and whether it had no core there."""
        for place in range(bisect_left(self.sat, end) - 1, -1, -1):
            row = self.sat[place]
            if time - self.samples.time[row] > period // 2:
                break
            if self.samples.thread[row] == holder:
                return self.samples.node[row], self.samples.state[row] == State.RUNNABLE
        return NO_NODE, False

    def _ran_at(self, holder: int, last: int, time: int) -> int:
        """Return where ``holder`` just ran, before others did."""
        for place in range(last, -1, -1):
            if time - self.samples.time[self.ran[place]] > _NEAR:
                break
            if self.threads[place] == holder:
                return self.samples.node[self.ran[place]]
        return NO_NODE

    def add_activity(self, hold: Hold) -> None:
        """Add to a hold for how long its holder ran with the GIL, or was blocked with it."""
        samples = self.samples
        start, end = (bisect_left(samples.time, time) for time in (hold.start, hold.end))
        for rows, worth in ((self.ran, self.cpu), (self.sat, self.wall)):
            for row in rows[bisect_left(rows, start) : bisect_left(rows, end)]:
                kept = samples.state[row] != State.RUNNABLE and samples.node[row] != NO_NODE
                if samples.thread[row] == hold.holder and kept:
                    hold.kept[samples.node[row]] += worth[row]


def _chosen(column: Sequence[int], rows: bytes) -> list[int]:
    return list(compress(column, rows))


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
