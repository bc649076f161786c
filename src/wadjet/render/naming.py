"""The names that threads, processes and functions bear in every machine format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wadjet.model.profile import Function, Process, Profile, State

NO_FRAME = Function("(no Python frame)")
"""Stands for the stack of a thread that was in no Python function."""

STATES = {
    State.UNKNOWN: "unknown",
    State.RUN_GIL: "runs with the GIL",
    State.RUN_NATIVE: "runs native code",
    State.WAIT_GIL: "waits for the GIL",
    State.RUNNABLE: "waits for a CPU",
    State.BLOCKED: "blocked",
}


def title(profile: Profile) -> str:
    """Return what was recorded: its command, as it was typed."""
    command = profile.about.get("command")
    if isinstance(command, list) and command:
        return " ".join(str(word) for word in command)
    named = (process.command for process in profile.processes if process.command)
    return next(named, "a Python program")


def process_name(process: Process) -> str:
    """Return a process's command and pid."""
    return f"{process.command or 'python'} (pid {process.pid})"


def thread_names(profile: Profile) -> list[str]:
    """Return for each thread a name that tells it from the others.

    That is its own name where one is enough. The pid is added where there are several
    processes; the tid, and at last the thread's number, to threads whose names are alike.
    """
    threads = profile.threads
    names = [thread.name or "thread" for thread in threads]
    if len({thread.process for thread in threads}) > 1:
        pids = [profile.processes[thread.process].pid for thread in threads]
        names = [f"{name} (pid {pid})" for name, pid in zip(names, pids, strict=True)]
    names = _apart(names, [f" (tid {thread.tid})" for thread in threads])
    return _apart(names, [f" (thread {number})" for number in range(len(threads))])


def _apart(names: Sequence[str], suffixes: Sequence[str]) -> list[str]:
    count = Counter(names)
    return [
        name + suffix if count[name] > 1 else name
        for name, suffix in zip(names, suffixes, strict=True)
    ]


def place(function: Function) -> str:
    """Return ``name (file:line)``, with the line where the function begins."""
    if not function.file:
        return function.name
    where = f"{function.file}:{function.line}" if function.line else function.file
    return f"{function.name} ({where})"


def one_line(text: str) -> str:
    """Return ``text`` with escapes for what would break a line, or cannot be shown at all."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
