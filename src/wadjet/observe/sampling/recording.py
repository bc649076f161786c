"""A recording in the making: reads the rings of its processes and writes the file."""

from __future__ import annotations

import errno
import os
import platform
import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from wadjet import __version__
from wadjet.errors import OutputError
from wadjet.model import collection
from wadjet.model.profile import Fact, Metric, Process, Samples, Thread
from wadjet.model.store import Writer
from wadjet.observe.sampling import _sampling
from wadjet.observe.sampling.companions import Companion, Reader, TreeLedger
from wadjet.observe.sampling.names import Names, column
from wadjet.observe.sampling.settings import Settings
from wadjet.observe.sampling.sources import Costs, worth_keeping

METRICS = (Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time"))
AWAIT = Metric("await", "ns", "Await time")
_CLOCKS = (
    "wall",
    "cpu",
    "await",
    "gc-pause",
    "gc-runs",
    "gc-examined",
    "gc-collected",
    "gc-garbage",
)
"""The columns of values that the tree has, in its order."""

_COLLECTOR = {
    "": (),
    "runs": collection.METRICS,
    "cycles": (*collection.METRICS, collection.GARBAGE),
}


@dataclass(frozen=True, slots=True)
class Hello:
    """What a process says of itself when its recorder has started."""

    pid: int
    parent: int
    time: int
    engine: str
    refusal: int
    peek: str
    command: tuple[str, ...]
    companions: tuple[str, ...] = ()  # names of those whose files came along


def parse_hello(message: bytes) -> Hello:
    """Read the first message of a process. Raises ValueError."""
    words = message.decode(errors="replace").split("\0")
    pid, parent, when, engine, refusal, peek, companions, *command = words
    return Hello(
        int(pid),
        int(parent),
        int(when),
        engine,
        int(refusal),
        peek,
        tuple(command),
        tuple(companions.split(",") if companions else ()),
    )


@dataclass(slots=True)
class _Source:
    """A process that is being read."""

    reader: _sampling.Reader
    number: int
    process: Process
    threads: set[int] = field(default_factory=set)
    live: dict[int, int] = field(default_factory=dict)  # threads by kernel id
    names: dict[int, str] = field(default_factory=dict)  # likewise, of threads not found yet
    numbers: dict[int, int] = field(default_factory=dict)  # likewise, of all that ever were
    early: set[int] = field(default_factory=set)  # threads that no record has told of yet
    ledgers: list[tuple[TreeLedger, Reader]] = field(default_factory=list)


class Recording:
    """Collects what processes record and writes it to ``path``.

    Call ``attach`` for each process, ``poll`` often and ``save`` now and then; ``finish``
    completes the file. Raises OutputError where it cannot be written.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        command: list[str],
        started: int,
        overwrite: bool = False,
        companions: Sequence[Companion] = (),
    ) -> None:
        self.path = path
        self.settings = settings
        self.started = started
        self.notes: list[str] = []
        self._tree = _sampling.Tree()
        metrics = _metrics(settings)
        self._wanted = [_CLOCKS.index(metric.name) for metric in metrics]
        self._companions = {each.name: each for each in companions}
        self._taken: list[Samples] = []  # of processes that have ended
        self._metrics = [*metrics, *(metric for each in companions for metric in each.metrics)]
        self._writer = Writer(path, tuple(self._metrics), overwrite=overwrite)
        self._names = Names(self._writer, separately=settings.native)
        self._costs = Costs(len(self._metrics))
        self._sources: list[_Source] = []
        self._threads: dict[int, Thread] = {}
        self._counts = {"cpu": 0, "wall": 0, "dropped": 0}
        self._processes = 0
        self._writer.about(_facts(command))
        self._writer.commit()

    def attach(self, hello: Hello, fd: int, *files: int) -> int:
        """Read the ring in ``fd``, owned from now on; returns the process's number.

        ``files`` are those of the companions that the process names, owned as well.
        """
        number = self._processes
        process = Process(
            hello.pid, hello.parent, " ".join(hello.command), hello.time - self.started
        )
        reader = _sampling.Reader(self._tree, fd, self.started)
        self._sources.append(_Source(reader, number, process))
        self._processes += 1
        self._writer.process(number, process)
        if number == 0:
            self._writer.about({"clocks": _clocks(self.settings, hello)})
        for name, file in zip(hello.companions, files, strict=True):
            self._accompany(self._sources[-1], self._companions[name], file)
        return number

    def accompany(self, number: int, name: str, fd: int) -> None:
        """Read what a companion records of a process in ``fd``, owned from now on."""
        for source in [each for each in self._sources if each.number == number]:
            self._accompany(source, self._companions[name], fd)

    def _accompany(self, source: _Source, companion: Companion, fd: int) -> None:
        """Read what a companion has recorded of a process in ``fd``."""
        ledger = TreeLedger(
            self._tree,
            len(self._metrics),
            source.process.pid,
            source.process.started,
            lambda tid: self._thread_number(source, tid),
        )
        first = self._metrics.index(companion.metrics[0])
        source.ledgers.append((ledger, companion.attach(ledger, fd, first)))

    def poll(self) -> None:
        """Read what the processes have recorded since."""
        for source in self._sources:
            self._read(source)
            for _, reader in source.ledgers:
                reader.read(time.monotonic_ns() - self.started)

    def detach(self, number: int, status: int | None = None) -> None:
        """Read the last of a process that has ended."""
        for source in [each for each in self._sources if each.number == number]:
            self._read(source)
            self._sources.remove(source)
            ended = time.monotonic_ns() - self.started
            for ledger, companion in source.ledgers:
                companion.close(ended)
                self._taken.append(ledger.take())
            self._writer.process(number, replace(source.process, ended=ended, status=status))
            self._end_threads(source, ended)
            for name, count in zip(("cpu", "wall", "dropped"), source.reader.counts(), strict=True):
                self._counts[name] += count
            source.reader.close()

    def save(self) -> None:
        """Write what was read, so that it survives whatever happens to us."""
        ledgers = [ledger for source in self._sources for ledger, _ in source.ledgers]
        taken = [*self._taken, *(ledger.take() for ledger in ledgers)]
        functions, libraries, frames, nodes, samples = self._tree.take()
        self._names.add(functions, libraries, *frames)
        parent, frame = (column("i", each) for each in nodes)
        self._writer.nodes(parent, frame)
        self._costs.add_nodes(parent, frame)
        moment, thread, node, state, holder = (
            column(code, each) for code, each in zip("qiibi", samples[:5], strict=True)
        )
        values = tuple(column("q", samples[5 + each]) for each in self._wanted)
        values += (array("q", bytes(8 * len(holder))),) * (len(self._metrics) - len(values))
        for each in (Samples(moment, thread, node, state, holder, values), *taken):
            self._writer.samples(each)
            self._costs.add_samples(each)
        self._taken.clear()
        self._writer.commit()

    def look_ahead(self) -> None:
        """Begin with what is needed at the end, in a thread: there is time while others work."""
        self._names.look_ahead()

    def finish(self, *, status: int | None, complete: bool = True) -> None:
        """Write the rest and close the file."""
        for source in list(self._sources):
            self.detach(source.number)
        self.save()
        self._names.symbolize()
        for companion in self._companions.values():
            self._writer.about(companion.facts())
        costs = self._costs.by_file(*self._names.seen())
        self._writer.sources(worth_keeping(self._names.files(), costs))
        self._writer.about(
            {
                "complete": complete,
                "exit": status,
                "counts": dict(self._counts),
                "notes": list(self.notes),
            }
        )
        self._writer.close()

    def close(self) -> None:
        """Let go of everything and leave the file as it is; harmless after ``finish``."""
        for source in self._sources:
            source.reader.close()
        self._sources.clear()
        with suppress(OutputError):  # what was committed is there
            self._writer.close()

    @property
    def samples(self) -> int:
        """Samples read of processes that have ended."""
        return self._counts["cpu"] + self._counts["wall"]

    @property
    def threads(self) -> int:
        """How many threads have been found."""
        return len(self._threads)

    @property
    def processes(self) -> int:
        """How many processes were recorded."""
        return self._processes

    def _read(self, source: _Source) -> None:
        source.reader.drain()
        for event in source.reader.events():
            if event[0] == "note":
                self.notes.append(event[1])
            elif event[0] == "name":
                self._name_thread(source, event[1], event[2])
            else:
                self._tell_thread(source, *event)

    def _tell_thread(
        self, source: _Source, kind: str, number: int, tid: int, when: int, cpu: int, name: str
    ) -> None:
        known = self._threads.get(number)
        if known is None or number in source.early:
            source.early.discard(number)
            nameless = "MainThread" if tid == source.process.pid else f"thread {tid}"
            name = name or source.names.pop(tid, known.name if known else nameless)
            known = Thread(name, tid, source.number, when)
            source.live[tid] = source.numbers[tid] = number
        if kind == "end":
            known = replace(known, ended=when, cpu=cpu)
            source.live.pop(tid, None)
        elif name:
            known = replace(known, name=name)
        source.threads.add(number)
        self._threads[number] = known
        self._writer.thread(number, known)

    def _name_thread(self, source: _Source, tid: int, name: str) -> None:
        number = source.live.get(tid)
        if number is None:
            source.names[tid] = name
        else:
            self._threads[number] = replace(self._threads[number], name=name)
            self._writer.thread(number, self._threads[number])

    def _thread_number(self, source: _Source, tid: int) -> int:
        """Return the number of a thread, which the clocks may find later or never."""
        number = source.numbers.get(tid)
        if number is None:
            number = source.reader.expect(tid)
            self._tell_thread(source, "thread", number, tid, source.process.started, 0, "")
            source.early.add(number)
        return number

    def _end_threads(self, source: _Source, when: int) -> None:
        spent = source.reader.spent()
        for number in source.threads:
            thread = self._threads[number]
            if thread.ended == 0:  # it ended with its process, and nobody read its clock
                cpu = spent.get(number, 0)
                self._threads[number] = replace(thread, ended=when, cpu=cpu)
                self._writer.thread(number, self._threads[number])


def _metrics(settings: Settings) -> tuple[Metric, ...]:
    waits = (AWAIT,) if settings.tasks else ()
    return (*METRICS, *waits, *_COLLECTOR[settings.collector])


def _facts(command: list[str]) -> Mapping[str, Fact]:
    return {
        "wadjet": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "command": list(command),
        "cwd": _folder(),
        "host": platform.node(),
        "platform": platform.platform(),
        "cpus": len(os.sched_getaffinity(0)),
        "started": time.time(),
        "complete": False,
    }


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""  # it was removed


def _clocks(settings: Settings, hello: Hello) -> dict[str, Fact]:
    engine, why = _cpu_engine(settings, hello)
    read = "none" if not settings.wall_rate else "stack copy"
    return {
        "cpu": {"engine": engine, "rate": settings.rate, "why": why},
        "wall": {
            "engine": read,
            "rate": settings.wall_rate,
            "why": "" if settings.wall_rate else "turned off",
        },
    }


def _cpu_engine(settings: Settings, hello: Hello) -> tuple[str, str]:
    if not settings.rate:
        return "none", "turned off"
    refused = errno.errorcode.get(hello.refusal, str(hello.refusal))
    match hello.engine:
        case "perf":
            return "perf", "perf events of each thread"
        case "perf-user":
            return "perf", (
                "perf events of each thread, in user code only: time in the kernel counts "
                "for what runs right after it (lower kernel.perf_event_paranoid to 1)"
            )
        case "timer":
            cause = f"perf events are refused ({refused})" if hello.refusal else "asked for"
            return "timer", f"{cause}; CPU timers tick at the kernel's own rate at most"
        case _:
            return "none", "the program handles SIGURG itself, and SIGSTKFLT too"
