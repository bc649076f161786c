"""What is recorded beside the clocks, by parts that this one does not know.

A companion has an agent in the program, which makes a file in shared memory, and a reader
out here, which turns what it finds there into samples of its own metrics.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from wadjet.model.profile import NO_NODE, Fact, Metric, Samples
from wadjet.observe.sampling import _sampling

Columns = Mapping[int, Sequence[int]]
"""Values of samples, by the number of the metric in the recording."""


class Ledger(Protocol):
    """Where the reader of one process writes samples.

    ``pid`` is the process, which was there from ``started`` on (ns since the start of the
    recording); ``thread`` gives the number of one of its threads by the
    kernel's id.
    """

    pid: int
    started: int
    thread: Callable[[int], int]

    def python(self, parent: int, file: str, name: str, first_line: int, line: int) -> int:
        """Return the node of a Python function called from another; the root is -1."""
        ...

    def native(self, parent: int, library: str, address: int) -> int:
        """Return the node of C code at an address in its file."""
        ...

    def add(self, time: int, thread: Sequence[int], node: Sequence[int], values: Columns) -> None:
        """Write samples of one moment, given as columns."""


class Rows:
    """Samples in the making, of which each measures some of the metrics."""

    __slots__ = ("_node", "_thread", "_time", "_values")

    def __init__(self, metrics: int) -> None:
        self._time, self._thread, self._node = array("q"), array("i"), array("i")
        self._values = tuple(array("q") for _ in range(metrics))

    def add(self, time: int, thread: Sequence[int], node: Sequence[int], values: Columns) -> None:
        """Append samples of one moment, given as columns; other metrics are 0."""
        count = len(node)
        self._time.extend(array("q", [time]) * count)
        self._thread.extend(array("i", thread))
        self._node.extend(array("i", node))
        for metric, column in enumerate(self._values):
            if metric in values:
                column.extend(array("q", values[metric]))
            else:
                column.frombytes(bytes(count * column.itemsize))

    def samples(self) -> Samples:
        """Return what was added."""
        count = len(self._time)
        state, holder = array("b", bytes(count)), array("i", [NO_NODE]) * count
        return Samples(self._time, self._thread, self._node, state, holder, self._values)


class TreeLedger:
    """A ledger over the call tree of all processes."""

    __slots__ = ("_metrics", "_rows", "_tree", "pid", "started", "thread")

    def __init__(
        self,
        tree: _sampling.Tree,
        metrics: int,
        pid: int,
        started: int,
        thread: Callable[[int], int],
    ) -> None:
        self.pid = pid
        self.started = started
        self.thread = thread
        self._tree = tree
        self._metrics = metrics
        self._rows = Rows(metrics)

    def python(self, parent: int, file: str, name: str, first_line: int, line: int) -> int:
        """Return the node of a Python function called from another; the root is -1."""
        return self._tree.node(parent, file, name, first_line, line)

    def native(self, parent: int, library: str, address: int) -> int:
        """Return the node of C code at an address in its file."""
        return self._tree.native(parent, library, address)

    def add(self, time: int, thread: Sequence[int], node: Sequence[int], values: Columns) -> None:
        """Write samples of one moment, given as columns."""
        self._rows.add(time, thread, node, values)

    def take(self) -> Samples:
        """Return what was written since the last call."""
        rows, self._rows = self._rows, Rows(self._metrics)
        return rows.samples()


class Reader(Protocol):
    """Reads what a companion's agent writes in one process."""

    def read(self, time: int) -> None:
        """Read what there is; ``time`` is ns since the recording started."""

    def close(self, time: int) -> None:
        """Read the last of a process that has ended, and let go of it."""


class Agent(Protocol):
    """The module in the program."""

    def begin(self, argument: str) -> int:
        """Start; return the file in shared memory, which stays the agent's."""

    def notes(self) -> list[str]:
        """Return what the recording should say of it."""
        ...

    def overlook(self) -> None:
        """Leave out what the calling thread does."""

    def end(self) -> None:
        """Stop; harmless where nothing was started."""


class Companion(Protocol):
    """Records something else in the same run.

    ``agent`` is the module that the program imports for it, and ``argument`` what that is
    told; ``preload`` a library that the program must be started with, empty for none.
    """

    @property
    def name(self) -> str:
        """Return what the recording calls it."""
        ...

    @property
    def agent(self) -> str:
        """Return the module that the program imports."""
        ...

    @property
    def argument(self) -> str:
        """Return what the agent is told."""
        ...

    @property
    def preload(self) -> str:
        """Return the library to load before the program."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics of its samples."""
        ...

    def attach(self, ledger: Ledger, fd: int, first: int) -> Reader:
        """Read the file ``fd``, owned from now on; ``first`` is the number of its metrics' first.

        Raises OSError.
        """

    def facts(self) -> Mapping[str, Fact]:
        """Return what there is to say of the whole recording."""
