"""Counts every request for memory of this process for a while, and returns a Profile of it.

No clock runs and no thread of ours: there is nothing over time, only the peak, what stays,
and what was asked for. To record both, and more, there is ``wadjet.memory()``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from wadjet.errors import BusyError, UnsupportedError
from wadjet.model.memory import METRICS
from wadjet.model.profile import Function, Process, Profile, Thread, TreeBuilder
from wadjet.observe.memory import agent
from wadjet.observe.memory.companion import Memory
from wadjet.observe.sampling.companions import Columns, Rows

_END = 1  # the one moment that there is


class Watch:
    """Counts from its making until ``stop``.

    Raises BusyError where memory is watched already, UnsupportedError where it cannot be.
    """

    def __init__(self) -> None:
        try:
            file = agent.begin("0")
        except RuntimeError:
            raise BusyError("the memory of this process is being recorded already") from None
        except OSError as error:
            raise UnsupportedError(f"memory cannot be watched ({error})") from None
        self._file = os.dup(file)

    def stop(self) -> Profile:
        """Stop, and return what was asked for since; nothing of it is ours."""
        agent.end()
        ledger = _Pages()
        memory = Memory(0)
        memory.attach(ledger, self._file, 0).close(_END)
        return ledger.profile({**memory.facts()})


class _Pages:
    """A ledger that keeps what is written."""

    __slots__ = ("_nodes", "_rows", "_threads", "pid", "started", "thread")

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.started = 0
        self.thread: Callable[[int], int] = self._thread
        self._nodes = TreeBuilder()
        self._threads: dict[int, int] = {}
        self._rows = Rows(len(METRICS))

    def _thread(self, tid: int) -> int:
        return self._threads.setdefault(tid, len(self._threads))

    def python(self, parent: int, file: str, name: str, first_line: int, line: int) -> int:
        """Return the node of a Python function called from another."""
        return self._nodes.node(parent, Function(name, file, first_line), line)

    def native(self, parent: int, library: str, address: int) -> int:
        """Return the node of C code, which goes without a name."""
        name = f"{library.rpartition('/')[2]}+{address:#x}"
        return self._nodes.node(parent, Function(name, library, 0, "native"), 0)

    def add(self, time: int, thread: Sequence[int], node: Sequence[int], values: Columns) -> None:
        """Write samples; all are of one moment."""
        self._rows.add(time, thread, node, values)

    def profile(self, about: Mapping[str, object]) -> Profile:
        """Return what was written."""
        return Profile(
            metrics=METRICS,
            processes=(Process(self.pid, ended=_END),),
            threads=tuple(Thread(f"thread {tid}", tid, ended=_END) for tid in self._threads),
            tree=self._nodes.build(),
            samples=self._rows.samples(),
            about=about,  # type: ignore[arg-type]
        )
