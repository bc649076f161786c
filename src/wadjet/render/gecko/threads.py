"""The threads of a Firefox profile: samples in order, and markers of the states between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from wadjet.model.profile import Metric, Process, Profile, State
from wadjet.model.profile import Thread as RecordedThread
from wadjet.model.totals import by_thread
from wadjet.render.gecko.categories import GIL_WAIT, STATE, of_state
from wadjet.render.gecko.tables import Table, Tables
from wadjet.render.naming import STATES, thread_names

_INTERVAL = 1
"""The phase of a marker that has a start and an end."""

_WEIGHTS = {"ns": "tracing-ms", "bytes": "bytes", "count": "samples"}


@dataclass(slots=True)
class Thread:
    """A thread with its samples as parallel columns, in the metric's unit and ns.

    ``busy`` is the CPU time in ns that samples found it to use.
    """

    recorded: RecordedThread
    process: Process
    pid: str
    main: bool
    metric: Metric
    holders: list[str]
    busy: int
    time: list[int] = field(default_factory=list)
    stack: list[int] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    holder: list[int] = field(default_factory=list)

    def document(self, tables: Tables) -> Table:
        """Return the thread as the profile holds it."""
        return {
            "processType": "default",
            "processName": self.process.command or "python",
            "processStartupTime": self.process.started / 1e6,
            "processShutdownTime": self.process.ended / 1e6 or None,
            "registerTime": self.recorded.started / 1e6,
            "unregisterTime": self.recorded.ended / 1e6 or None,
            "pausedRanges": [],
            "name": self.recorded.name or "thread",
            "isMainThread": self.main,
            "showMarkersInTimeline": True,
            "pid": self.pid,
            "tid": self.recorded.tid,
            "samples": self._samples(),
            "markers": self._markers(tables),
        }

    def _samples(self) -> Table:
        timed = self.metric.unit == "ns"
        samples: Table = {
            "length": len(self.time),
            "time": [time / 1e6 for time in self.time],
            "stack": self.stack,
            "weight": [weight / 1e6 for weight in self.weight] if timed else self.weight,
            "weightType": _WEIGHTS[self.metric.unit],
        }
        if self.metric.name == "cpu" and timed:
            samples["threadCPUDelta"] = self.weight
        return samples

    def _markers(self, tables: Tables) -> Table:
        runs = list(self._runs())
        return {
            "length": len(runs),
            "name": [tables.string(STATES[State(state)]) for _, _, state, _ in runs],
            "category": [of_state(state) for _, _, state, _ in runs],
            "phase": [_INTERVAL] * len(runs),
            "startTime": [start / 1e6 for start, _, _, _ in runs],
            "endTime": [end / 1e6 for _, end, _, _ in runs],
            "data": [self._payload(state, holder) for _, _, state, holder in runs],
        }

    def _runs(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield (start, end, state, holder) of samples in a row that agree in state.

        A sample stands for the time before it. The holder matters only while it is waited for.
        """
        if self.metric.unit != "ns":
            return
        marks = [
            (state, holder if state == State.WAIT_GIL else -1)
            for state, holder in zip(self.state, self.holder, strict=True)
        ]
        end = 0
        for (state, holder), grouped in groupby(range(len(marks)), marks.__getitem__):
            rows = list(grouped)
            start = max(end, self.time[rows[0]] - self.weight[rows[0]])
            end = max(start, self.time[rows[-1]])
            if state != State.UNKNOWN:
                yield start, end, state, holder

    def _payload(self, state: int, holder: int) -> dict[str, str]:
        if state != State.WAIT_GIL:
            return {"type": STATE}
        return {"type": GIL_WAIT, "holder": self.holders[holder] if holder >= 0 else "not known"}


def threads(profile: Profile, metric: int, tables: Tables) -> list[Thread]:
    """Return the threads that the metric was measured in, in the profile's order."""
    samples = profile.samples
    busy, holders = _busy(profile, metric), thread_names(profile)
    found: dict[int, Thread] = {}
    columns = zip(
        samples.thread,
        samples.time,
        samples.node,
        samples.state,
        samples.holder,
        samples.values[metric],
        strict=True,
    )
    for number, time, node, state, holder, value in columns:
        if value:
            thread = found.get(number)
            if thread is None:
                thread = found[number] = _thread(profile, metric, number, busy, holders)
            thread.time.append(time)
            thread.stack.append(tables.stack(node, state))
            thread.weight.append(value)
            thread.state.append(state)
            thread.holder.append(holder)
    return [found[number] for number in sorted(found)]


def _thread(
    profile: Profile, metric: int, number: int, busy: dict[int, int], holders: list[str]
) -> Thread:
    recorded = profile.threads[number]
    first = [each.process for each in profile.threads].index(recorded.process)
    return Thread(
        recorded=recorded,
        process=profile.processes[recorded.process],
        pid=pid(profile, recorded.process),
        main=number == first,
        metric=profile.metrics[metric],
        holders=holders,
        busy=busy.get(number, 0),
    )


def pid(profile: Profile, process: int) -> str:
    """Return a process's pid, which must be its own: of equal ones the later get a suffix."""
    pids = [each.pid for each in profile.processes]
    earlier = pids[:process].count(pids[process])
    return f"{pids[process]}.{earlier}" if earlier else str(pids[process])


def _busy(profile: Profile, metric: int) -> dict[int, int]:
    """Return the CPU time of each thread, or as much of the metric as found it running."""
    measured = {each.name for each in profile.metrics}
    if "cpu" in measured and (spent := by_thread(profile, "cpu")):
        return {thread: sum(states.values()) for thread, states in spent.items()}
    return {
        thread: states.get(State.RUN_GIL, 0) + states.get(State.RUN_NATIVE, 0)
        for thread, states in by_thread(profile, profile.metrics[metric].name).items()
    }
