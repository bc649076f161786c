"""The threads of a Firefox profile: samples in order, and markers of the states between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from wadjet.model.profile import Process, Profile, State
from wadjet.model.profile import Thread as RecordedThread
from wadjet.render.gecko.categories import GIL_WAIT, STATE, category
from wadjet.render.gecko.tables import Table, Tables
from wadjet.render.naming import STATES, thread_names

_INTERVAL = 1
"""The phase of a marker that has a start and an end."""

_WEIGHTS = {"ns": "tracing-ms", "bytes": "bytes", "count": "samples"}


@dataclass(slots=True)
class Thread:
    """A thread with its samples as parallel columns, in the metric's unit and ns."""

    recorded: RecordedThread
    process: Process
    pid: str
    main: bool
    unit: str
    holders: list[str]
    time: list[int] = field(default_factory=list)
    stack: list[int] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)
    cpu: list[int] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    holder: list[int] = field(default_factory=list)

    @property
    def total(self) -> tuple[int, int]:
        """CPU time, and then the metric, to order threads by."""
        return sum(self.cpu), sum(self.weight)

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
        timed = self.unit == "ns"
        return {
            "length": len(self.time),
            "time": [time / 1e6 for time in self.time],
            "stack": self.stack,
            "weight": [weight / 1e6 for weight in self.weight] if timed else self.weight,
            "weightType": _WEIGHTS[self.unit],
            "threadCPUDelta": self.cpu,
        }

    def _markers(self, tables: Tables) -> Table:
        runs = list(self._runs())
        return {
            "length": len(runs),
            "name": [tables.string(STATES[State(state)]) for _, _, state, _ in runs],
            "category": [category(state) for _, _, state, _ in runs],
            "phase": [_INTERVAL] * len(runs),
            "startTime": [start / 1e6 for start, _, _, _ in runs],
            "endTime": [end / 1e6 for _, end, _, _ in runs],
            "data": [self._payload(state, holder) for _, _, state, holder in runs],
        }

    def _runs(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield (start, end, state, holder) of samples in a row that agree in state.

        A sample stands for the time before it. The holder matters only while it is waited for.
        """
        if self.unit != "ns":
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
    found: dict[int, Thread] = {}
    columns = zip(
        samples.thread,
        samples.time,
        samples.node,
        samples.state,
        samples.holder,
        samples.values[metric],
        _cpu(profile, metric),
        strict=True,
    )
    for number, time, node, state, holder, value, cpu in columns:
        if value:
            thread = found.get(number)
            if thread is None:
                thread = found[number] = _thread(profile, metric, number)
            thread.time.append(time)
            thread.stack.append(tables.stack(node, state))
            thread.weight.append(value)
            thread.cpu.append(cpu)
            thread.state.append(state)
            thread.holder.append(holder)
    return [found[number] for number in sorted(found)]


def _thread(profile: Profile, metric: int, number: int) -> Thread:
    recorded = profile.threads[number]
    first = [each.process for each in profile.threads].index(recorded.process)
    return Thread(
        recorded=recorded,
        process=profile.processes[recorded.process],
        pid=_pid(profile, recorded.process),
        main=number == first,
        unit=profile.metrics[metric].unit,
        holders=thread_names(profile),
    )


def _pid(profile: Profile, process: int) -> str:
    """Return a process's pid, which must be its own: of equal ones the later get a suffix."""
    pids = [each.pid for each in profile.processes]
    earlier = pids[:process].count(pids[process])
    return f"{pids[process]}.{earlier}" if earlier else str(pids[process])


def _cpu(profile: Profile, metric: int) -> Iterator[int]:
    """Yield for each sample the CPU ns that its thread used since its last one.

    Where CPU time was not measured, a sample that found its thread running stands for its
    own worth of it.
    """
    samples, names = profile.samples, [each.name for each in profile.metrics]
    values = samples.values[metric]
    clock = samples.values[names.index("cpu")] if "cpu" in names else None
    if clock is None or not any(clock):
        for state, value in zip(samples.state, values, strict=True):
            yield value if state in (State.RUN_GIL, State.RUN_NATIVE) else 0
        return
    used = [0] * len(profile.threads)
    for thread, value, cpu in zip(samples.thread, values, clock, strict=True):
        used[thread] += cpu
        yield used[thread] if value else 0
        if value:
            used[thread] = 0
