"""Profile: a call tree with a vector of named metrics for each sample.

Time, memory, start-up, locks and collections all make one. Everything is columnar: a
sample is a row over parallel arrays, a node is an index, and a stack is the walk from its
leaf node to the root.

>>> profile = (
...     Builder([Metric("cpu", "ns", "CPU time")])
...     .sample(["main app.py:9", "parse app.py:41"], cpu=1_000_000)
...     .sample(["main app.py:9"], cpu=500_000)
...     .build()
... )
>>> [profile.tree.describe(node) for node in profile.samples.node]
['main (app.py:9) > parse (app.py:41)', 'main (app.py:9)']
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["ns", "bytes", "count"]
Kind: TypeAlias = Literal["python", "native", "task"]
Fact: TypeAlias = str | int | float | bool | list["Fact"] | dict[str, "Fact"] | None

NO_NODE = -1
"""The node of a sample whose thread had no frame."""


class State(IntEnum):
    """What a thread was doing when it was sampled."""

    UNKNOWN = 0
    RUN_GIL = 1
    RUN_NATIVE = 2
    WAIT_GIL = 3
    RUNNABLE = 4
    BLOCKED = 5


@dataclass(frozen=True, slots=True)
class Metric:
    """A named quantity; ``title`` is what people read."""

    name: str
    unit: Unit
    title: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function by what it is, never by where it lay in memory.

    ``name`` is qualified; ``file`` is the source file, or the library of a native
    function; ``line`` is the first line, 0 where there is none.
    """

    name: str
    file: str = ""
    line: int = 0
    kind: Kind = "python"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was recorded. ``status`` is its exit status, None when not known."""

    pid: int
    parent: int = 0
    command: str = ""
    started: int = 0
    ended: int = 0
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread; ``process`` indexes ``Profile.processes``, times are ns since the start.

    ``cpu`` is the CPU time in ns that the operating system charged to the thread while
    it was recorded, whether or not samples account for it.
    """

    name: str
    tid: int = 0
    process: int = 0
    started: int = 0
    ended: int = 0
    cpu: int = 0


@dataclass(frozen=True, slots=True)
class CallTree:
    """A prefix tree of frames.

    ``frame_function[f]`` and ``frame_line[f]`` describe frame ``f``; ``node_parent[n]``
    (-1 at a root, and always less than ``n``) and ``node_frame[n]`` describe node ``n``.
    """

    functions: tuple[Function, ...]
    frame_function: array[int]
    frame_line: array[int]
    node_parent: array[int]
    node_frame: array[int]

    def __len__(self) -> int:
        return len(self.node_parent)

    def function_of(self, node: int) -> int:
        """Return the index of the node's function."""
        return self.frame_function[self.node_frame[node]]

    def line_of(self, node: int) -> int:
        """Return the line that was executing in the node's frame."""
        return self.frame_line[self.node_frame[node]]

    def path(self, node: int) -> Iterator[int]:
        """Yield the node and its ancestors, leaf first."""
        while node >= 0:
            yield node
            node = self.node_parent[node]

    def describe(self, node: int) -> str:
        """Return the stack as one line, root first."""
        places = []
        for each in self.path(node):
            function = self.functions[self.function_of(each)]
            places.append(f"{function.name} ({function.file}:{self.line_of(each)})")
        return " > ".join(reversed(places))


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows in order of time over parallel columns.

    ``time`` is ns since the recording started, ``holder`` the index of the thread that
    held the GIL (-1 for none or not known), ``values[m][i]`` sample ``i``'s worth in
    ``Profile.metrics[m]``. Where a sample measures one metric only, the others are 0.
    ``derived`` keeps what ``totals`` has worked out: the columns never change.
    """

    time: array[int]
    thread: array[int]
    node: array[int]
    state: array[int]
    holder: array[int]
    values: tuple[array[int], ...]
    derived: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a program cost, where.

    ``about`` holds the facts of the recording (command, versions, rates, the engines
    that were chosen and why); ``sources`` the text of files by path, where recorded.
    """

    metrics: tuple[Metric, ...]
    processes: tuple[Process, ...]
    threads: tuple[Thread, ...]
    tree: CallTree
    samples: Samples
    about: Mapping[str, Fact] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def metric_index(self, name: str) -> int:
        """Return the index of the metric called ``name``; ValueError if there is none."""
        for index, metric in enumerate(self.metrics):
            if metric.name == name:
                return index
        known = ", ".join(metric.name for metric in self.metrics)
        raise ValueError(f"no metric {name!r}; this profile has {known}")

    @property
    def duration(self) -> int:
        """Length of the recording in ns."""
        ends = [process.ended for process in self.processes]
        last = self.samples.time[-1] if len(self.samples) else 0
        return max([last, *ends])


class TreeBuilder:
    """Interns functions, frames and stacks into a CallTree."""

    __slots__ = ("_frames", "_functions", "_nodes")

    def __init__(self) -> None:
        self._functions: dict[Function, int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._nodes: dict[tuple[int, int], int] = {}

    def node(self, parent: int, function: Function, line: int) -> int:
        """Return the node for ``function`` at ``line`` called from ``parent``."""
        number = self._functions.setdefault(function, len(self._functions))
        frame = self._frames.setdefault((number, line), len(self._frames))
        return self._nodes.setdefault((parent, frame), len(self._nodes))

    def build(self) -> CallTree:
        """Return the tree of everything interned so far."""
        return CallTree(
            functions=tuple(self._functions),
            frame_function=array("i", (function for function, _ in self._frames)),
            frame_line=array("i", (line for _, line in self._frames)),
            node_parent=array("i", (parent for parent, _ in self._nodes)),
            node_frame=array("i", (frame for _, frame in self._nodes)),
        )


class Builder:
    """Builds a Profile from stacks written as text; for tests, imports and examples."""

    __slots__ = ("_columns", "_metrics", "_threads", "_tree", "_values")

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = tuple(metrics)
        self._tree = TreeBuilder()
        self._threads: dict[str, int] = {}
        self._columns: list[tuple[int, int, int, int, int]] = []
        self._values: list[tuple[int, ...]] = []

    def thread(self, name: str) -> int:
        """Return the index of the thread called ``name``, adding it if it is new."""
        return self._threads.setdefault(name, len(self._threads))

    def sample(
        self,
        stack: Sequence[str],
        *,
        thread: str = "MainThread",
        time: int | None = None,
        state: State = State.RUN_GIL,
        holder: str | None = None,
        **values: int,
    ) -> Builder:
        """Add a sample of ``stack``, root first, each frame as ``name file:line``."""
        node = NO_NODE
        for text in stack:
            name, _, place = text.partition(" ")
            file, _, line = place.rpartition(":")
            node = self._tree.node(node, Function(name, file), int(line))
        when = len(self._columns) if time is None else time
        keeper = -1 if holder is None else self.thread(holder)
        self._columns.append((when, self.thread(thread), node, int(state), keeper))
        self._values.append(tuple(values.get(each.name, 0) for each in self._metrics))
        return self

    def build(self, **about: Fact) -> Profile:
        """Return the profile."""
        order = sorted(range(len(self._columns)), key=lambda row: self._columns[row][0])
        columns = list(zip(*map(self._columns.__getitem__, order), strict=True)) or [()] * 5
        values = list(zip(*map(self._values.__getitem__, order), strict=True))
        values = values or [()] * len(self._metrics)
        time, thread, node, state, holder = (
            array(code, column) for code, column in zip("qiibi", columns, strict=True)
        )
        end = max(time, default=0)
        return Profile(
            metrics=self._metrics,
            processes=(Process(pid=1, ended=end),),
            threads=tuple(Thread(name, tid, ended=end) for name, tid in self._threads.items()),
            tree=self._tree.build(),
            samples=Samples(
                time, thread, node, state, holder, tuple(array("q", each) for each in values)
            ),
            about=about,
        )
