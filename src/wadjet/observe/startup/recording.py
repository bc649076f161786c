"""A start as a Profile: one run for the times, one for the system calls."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wadjet.errors import SourceError
from wadjet.model.profile import Fact, Profile
from wadjet.observe.startup import counting, installation, timing
from wadjet.observe.startup.rows import Rows
from wadjet.pipeline.source import read

_INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")
"""Where lies what is not the program's own."""


@dataclass(frozen=True, slots=True)
class Start:
    """A recorded start, and the exit status of the run whose times were taken."""

    profile: Profile
    status: int


def record(
    words: Sequence[str], options: Sequence[str] = (), *, calls: bool = True, runs: int = 1
) -> Start:
    """Run a program, first for its system calls, then for its times.

    ``words`` follow ``python`` on the command line, ``options`` are the interpreter's own.
    The first run leaves compiled files and warm caches, so that the next is as a start
    usually is; of several ``runs`` for the times that of the median is kept. Raises
    UnsupportedError.
    """
    command = [sys.executable, *options, *words]
    rows, environment = Rows(), dict(os.environ)
    started = time.time()
    with _undisturbed():
        counted = counting.run(command, environment) if calls else None
        timed = _median([timing.run(command, environment) for _ in range(runs)])
    files = timing.files_of(timed)
    rows.know(files)
    timing.add_times(rows, timed)
    if counted is not None:
        counting.add_calls(rows, counted)
    about: dict[str, Fact] = {
        "command": ["python", *options, *words],
        "started": started,
        "python": sys.version.partition(" ")[0],
        "exit": timed.status,
        **installation.facts(environment, calls=calls),
        "notes": [f"of {runs} runs the one with the median time"] if runs > 1 else [],
    }
    if words[0] not in ("-m", "-c", "-"):
        about["script"] = str(Path(words[0]).absolute())
    profile = rows.profile(timed.ended - timed.began, about)
    return Start(replace(profile, sources=_sources(about, files)), timed.status)


def _sources(about: Mapping[str, Fact], files: Mapping[str, str]) -> dict[str, str]:
    """Return the program's own files: those that nobody has installed."""
    installed = tuple(sysconfig.get_paths()[each] for each in _INSTALLED)
    found: dict[str, str] = {}
    for path in (about.get("script"), *files.values()):
        if isinstance(path, str) and path.endswith(".py") and not path.startswith(installed):
            with suppress(SourceError):
                found[path] = read(Path(path)).text
    return found


def _median(runs: list[timing.Timed]) -> timing.Timed:
    """Return the run that took neither long nor short; one that failed, where one did."""
    failed = [each for each in runs if each.status]
    return sorted(failed or runs, key=lambda each: each.ended - each.began)[
        len(failed or runs) // 2
    ]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave it to the program what an interrupt from the keyboard does."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # which the program is to inherit; a handler it does not
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
