"""The GIL over time: who held it while who waited, and who never let go.

One pass over the samples in order of time. A wait is blamed on what its holder was last
seen doing with the GIL; a *hold* is a stretch of time for which a thread was seen waiting
for one holder again and again, and in which no other thread was seen to have a turn.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress
from operator import eq

from wadjet.model.profile import NO_NODE, Profile, State
from wadjet.model.totals import fold

_NEAR = 25_000_000
"""So long (ns) after a thread was seen it is taken to be still there."""

_USES_GIL = bytes(state in (State.RUN_GIL, State.WAIT_GIL) for state in range(256))


@dataclass(slots=True)
class Hold:
    """A stretch of time (ns), the thread that held the GIL, and its nodes meanwhile.

    For ``kept`` ns of it the holder was seen running, or blocked, and did not let go; the
    rest of the time it may just have had no core.
    """

    holder: int
    start: int
    end: int
    nodes: list[int]
    active_before: int
    kept: int = 0


@dataclass(slots=True)
class Contention:
    """Waiting for the GIL: for each waiting thread ns by the holder's node, and the holds.

    Of the waiting, ``lacked`` ns by thread were for a holder that had no core to run on.
    """

    blame: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lacked: Counter[int] = field(default_factory=Counter)
    holds: list[Hold] = field(default_factory=list)


@dataclass(slots=True)
class _Turns:
    """The last two threads of a process that were seen running with the GIL, and when."""

    thread: int = -1
    time: int = -1
    thread_before: int = -1
    time_before: int = -1

    def seen(self, thread: int, time: int) -> None:
        if thread != self.thread:
            self.thread_before, self.time_before = self.thread, self.time
            self.thread = thread
        self.time = time

    def other_than(self, thread: int) -> int:
        """Return when any thread but this one last had a turn."""
        return self.time_before if thread == self.thread else self.time


def contention(profile: Profile) -> Contention:
    """Return who held the GIL while others waited; nothing where nobody was seen waiting.

    Holds need CPU samples: without them nobody can say that no other thread had a turn.
    """
    found = Contention()
    if int(State.WAIT_GIL) not in profile.samples.state:
        return found
    watch = _Watch(profile)
    for time, thread, node, state, holder, wall, cpu in _rows(profile):
        if state != State.WAIT_GIL:
            watch.ran(time, thread, node, state)
            watch.active[thread] += wall if state == State.BLOCKED else cpu
            continue
        found.blame[thread][watch.whereabouts(holder, time)] += wall
        if holder not in (NO_NODE, thread):
            watch.waited(time, thread, holder)
            if watch.state.get(holder) == State.RUNNABLE:
                found.lacked[thread] += wall
    if any(metric.name == "cpu" and fold(profile, "cpu").count for metric in profile.metrics):
        found.holds = _apart(watch.holds)
    return found


class _Watch:
    """What is known at a moment of time, while the samples go by."""

    def __init__(self, profile: Profile) -> None:
        self.period = int(fold(profile, "wall").grain)
        self.process = [thread.process for thread in profile.threads]
        self.turns = [_Turns() for _ in profile.processes]
        self.seen: dict[int, tuple[int, int]] = {}
        self.state: dict[int, int] = {}
        self.active: Counter[int] = Counter()
        self.waiting: dict[int, Hold] = {}
        self.holds: list[Hold] = []

    def ran(self, time: int, thread: int, node: int, state: int) -> None:
        """Take note of a thread that has the GIL."""
        self.seen[thread] = (time, node)
        self.state[thread] = state
        if state == State.RUN_GIL:
            self.turns[self.process[thread]].seen(thread, time)

    def whereabouts(self, thread: int, time: int) -> int:
        """Return the node at which ``thread`` was just seen; NO_NODE where it was not."""
        when, node = self.seen.get(thread, (-_NEAR, NO_NODE))
        return node if time - when <= _NEAR else NO_NODE

    def waited(self, time: int, thread: int, holder: int) -> None:
        """Go on with the hold that ``thread`` waits for, or start one."""
        hold = self.waiting.get(thread)
        if (
            hold is None
            or hold.holder != holder
            or time > hold.end + self.period
            or self.turns[self.process[thread]].other_than(holder) > hold.start
        ):
            hold = self.waiting[thread] = Hold(holder, time, time, [], self.active[holder])
            self.holds.append(hold)
        hold.end = time + self.period
        hold.kept = self.active[holder] - hold.active_before
        hold.nodes.append(self.whereabouts(holder, time))


def _rows(profile: Profile) -> Iterator[tuple[int, int, int, int, int, int, int]]:
    """Yield the samples of threads that have the GIL or wait for it, with wall and CPU ns.

    Many samples are of neither kind, and are passed over in C.
    """
    samples = profile.samples
    uses = samples.state.tobytes().translate(_USES_GIL)
    holds = map(eq, samples.thread, samples.holder)
    kept = bytes(a or b for a, b in zip(uses, holds, strict=True))
    return zip(
        compress(samples.time, kept),
        compress(samples.thread, kept),
        compress(samples.node, kept),
        compress(samples.state, kept),
        compress(samples.holder, kept),
        compress(_values(profile, "wall"), kept),
        compress(_values(profile, "cpu"), kept),
        strict=True,
    )


def _values(profile: Profile, name: str) -> array[int]:
    for metric, values in zip(profile.metrics, profile.samples.values, strict=True):
        if metric.name == name:
            return values
    return array("q", bytes(8 * len(profile.samples)))


def _apart(holds: list[Hold]) -> list[Hold]:
    """Merge stretches of one holder that overlap: several threads waited for it."""
    merged: list[Hold] = []
    last: dict[int, Hold] = {}
    for hold in sorted(holds, key=lambda each: each.start):
        before = last.get(hold.holder)
        if before is not None and hold.start < before.end:
            before.end = max(before.end, hold.end)
            before.nodes.extend(hold.nodes)
            before.kept = max(before.kept, hold.kept)
        else:
            last[hold.holder] = hold
            merged.append(hold)
    return merged
