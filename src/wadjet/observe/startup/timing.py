"""How long each step of a start takes: a run in which the interpreter tells of them.

A library is loaded before all others (``core/observe/startup/agent.c``), and writes down
when the interpreter's imports begin and end. The file that it writes to is mapped and
shared, so that a program that is killed has told what there was to tell.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from wadjet.errors import OutputError, UnsupportedError
from wadjet.model.startup import COLLECTION, ENDING, LINKING, PREPARING, RUNNING
from wadjet.observe.startup.rows import Rows

_VARIABLE = "WADJET_STARTUP"
_ROOM = 1 << 28  # bytes, of which those that are not written to take no space
_HEAD = struct.Struct("<Q")
_RECORD = struct.Struct("<qqIBBH")
_MODULE, _STAGE, _END, _PHASE = range(4)
_STAGES = (
    "",
    "find",
    "read",
    "compile",
    "load code",
    "load extension",
    "run extension",
    COLLECTION,
)
_PHASES = (PREPARING, RUNNING, ENDING)
"""Which phase begins where the agent tells of one."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that began, or ended, in a thread at a time in ns, after so many page faults."""

    time: int
    faults: int
    thread: int
    kind: int
    which: int
    text: str


@dataclass(frozen=True, slots=True)
class Timed:
    """A run with its times: of the monotonic clock, in ns, and the program's exit status."""

    began: int
    ended: int
    status: int
    steps: tuple[Step, ...]


def run(command: Sequence[str], environment: Mapping[str, str]) -> Timed:
    """Run a command of this interpreter to its end.

    Raises UnsupportedError where it cannot be started, and OutputError where there is no
    room for what it tells.
    """
    with _memory() as (file, name):
        preloaded = [*filter(None, [environment.get("LD_PRELOAD")]), str(_agent())]
        variables = {**environment, _VARIABLE: name, "LD_PRELOAD": ":".join(preloaded)}
        began = time.monotonic_ns()
        try:
            done = subprocess.run(command, env=variables, close_fds=False, check=False)
        except OSError as error:
            raise UnsupportedError(f"cannot start {command[0]} ({error.strerror})") from None
        ended = time.monotonic_ns()
        return Timed(began, ended, done.returncode, tuple(_steps(file)))


def _agent() -> Path:
    return Path(__file__).parent / "wadjet_startup.so"


@contextmanager
def _memory() -> Iterator[tuple[BinaryIO, str]]:
    """Make a file without a disk, and the name by which another process can open it."""
    try:
        descriptor = os.memfd_create("wadjet-startup")
        os.ftruncate(descriptor, _ROOM)
    except OSError as error:
        raise OutputError(f"cannot make a file in memory ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        yield file, f"/proc/{os.getpid()}/fd/{descriptor}"


def _steps(file: BinaryIO) -> Iterator[Step]:
    """Yield what was written, as far as it is whole."""
    (used,) = _HEAD.unpack(file.read(_HEAD.size))
    data = file.read(min(used, _ROOM))
    at = 0
    while at + _RECORD.size <= len(data):
        when, faults, thread, kind, which, extra = _RECORD.unpack_from(data, at)
        if not when:
            return  # a thread was about to write it
        at += _RECORD.size
        text = data[at : at + extra].decode("utf-8", "replace")
        yield Step(when, faults, thread, kind, which, text)
        at += -(-extra // 8) * 8


def files_of(timed: Timed) -> dict[str, str]:
    """Return the files of the modules that were imported, by name."""
    found: dict[str, str] = {}
    waiting: dict[int, list[str]] = {}
    for step in timed.steps:
        stack = waiting.setdefault(step.thread, [])
        if step.kind in (_MODULE, _STAGE):
            stack.append(step.text)
        elif step.kind == _END and stack:
            name = stack.pop()
            if name and step.text:
                found[name] = step.text
    return found


@dataclass(slots=True)
class _Clock:
    """Follows the steps of one thread: what is innermost has what passes until the next step."""

    rows: Rows
    thread: int
    start: int
    last: int
    faults: int = 0
    stack: list[int] = field(default_factory=list)

    def follow(self, step: Step) -> None:
        """Go where a step leads."""
        self._until(step.time, step.faults)
        if step.kind == _PHASE:
            if step.which < len(_PHASES):
                self.stack[:] = [self.rows.node(-1, _PHASES[step.which])]
        elif step.kind == _END:
            del self.stack[-1:]
        else:
            parent = self.stack[-1] if self.stack else -1
            self.stack.append(
                self.rows.module(parent, step.text)
                if step.kind == _MODULE
                else self.rows.node(parent, _STAGES[step.which])
            )

    def end(self, when: int) -> None:
        """Leave everything."""
        self._until(when, self.faults)

    def _until(self, when: int, faults: int) -> None:
        time, found = when - self.last, faults - self.faults
        if self.stack and (time or found):
            self.rows.add(self.thread, self.stack[-1], when - self.start, time=time, faults=found)
        self.last, self.faults = when, faults


def add_times(rows: Rows, timed: Timed) -> None:
    """Add the times of a run; raises UnsupportedError where the interpreter told nothing."""
    if not timed.steps:
        raise UnsupportedError(
            "the interpreter did not say what it did",
            "nothing may be loaded into it: is it set-user-ID, or linked statically?",
        )
    main = timed.steps[0].thread
    clocks = {main: _Clock(rows, 0, timed.began, timed.began)}
    clocks[main].stack.append(rows.node(-1, LINKING))
    for step in timed.steps:
        if step.thread not in clocks:
            clocks[step.thread] = _Clock(rows, 1, timed.began, step.time, step.faults)
        clocks[step.thread].follow(step)
    clocks[main].end(timed.ended)
