"""Which system calls a start makes, and in which step: a run under ptrace.

Nothing is put into the program (``core/observe/startup/tracer.c``): the calls are those
that it makes alone, and as many as ``strace -c -f`` counts.
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wadjet.errors import UnsupportedError
from wadjet.model.startup import CHILDREN, ENDING, LINKING, PREPARING, RUNNING
from wadjet.observe.startup import _startup
from wadjet.observe.startup.rows import Rows
from wadjet.target.syscalls import name_of

_EVENT = struct.Struct("<IHHqq")
CALL, _PLACE, _IMPORT, _END, EXEC, _TASK, _GONE = range(7)
_PHASES = {0: PREPARING, 1: RUNNING, 2: ENDING, 4: PREPARING}
_READING = frozenset({"read", "pread64", "readv", "preadv", "preadv2"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a thread did, by its kernel id."""

    task: int
    kind: int
    number: int
    result: int
    text: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A run with its events, and the status that the program ended with as `wait` gives it."""

    status: int
    events: tuple[Event, ...]


def run(command: Sequence[str], environment: Mapping[str, str]) -> Counted:
    """Run a command to its end, and count; raises UnsupportedError where that is not allowed."""
    words = [os.fsencode(each) for each in command]
    variables = [os.fsencode(f"{name}={value}") for name, value in environment.items()]
    try:
        status, data = _startup.trace(words, variables)
    except OSError as error:
        raise UnsupportedError(
            f"the program cannot be traced ({error.strerror})",
            "allow ptrace (in a container: --cap-add=SYS_PTRACE), or leave out its system "
            "calls with --no-syscalls",
        ) from None
    return Counted(status, tuple(_events(data)))


def _events(data: bytes) -> Iterator[Event]:
    at = 0
    while at < len(data):
        task, kind, extra, number, result = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        yield Event(task, kind, number, result, data[at : at + extra].decode())
        at += -(-extra // 8) * 8


@dataclass(slots=True)
class _Follower:
    """Knows in which step each thread is."""

    rows: Rows
    program: int
    stacks: dict[int, list[int]] = field(default_factory=dict)
    sums: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Go where an event leads, or count it."""
        stack = self.stacks.setdefault(event.task, [])
        if event.kind == CALL:
            self._count(event, stack)
        elif event.kind == _PLACE and event.number in _PHASES:
            stack[:] = [self.rows.node(-1, _PHASES[event.number])]
        elif event.kind == _IMPORT:
            stack.append(self.rows.module(stack[-1] if stack else -1, event.text))
        elif event.kind == _END and stack:
            stack.pop()
        elif event.kind == _TASK and event.number != self.program:
            within = self.stacks.get(self.program) or [-1]
            stack.append(self.rows.node(within[-1], CHILDREN))

    def _count(self, event: Event, stack: list[int]) -> None:
        name = name_of(event.number, platform.machine())
        node = self.rows.node(stack[-1] if stack else -1, name)
        found = self.sums.setdefault((int(event.task != self.program), node), [0, 0])
        found[0] += 1
        if name in _READING and event.result > 0:
            found[1] += event.result


def add_calls(rows: Rows, counted: Counted) -> None:
    """Add the system calls of a run."""
    if not counted.events:
        return
    program = counted.events[0].task
    follower = _Follower(rows, program)
    follower.stacks[program] = [rows.node(-1, LINKING)]
    for event in counted.events:
        follower.follow(event)
    for (thread, node), (calls, read) in follower.sums.items():
        rows.add(thread, node, 0, calls=calls, read=read)
