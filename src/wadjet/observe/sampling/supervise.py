"""Runs a program and records it from outside: the supervisor.

The program's recorder writes into memory that it shares with us. So whatever becomes of
the program, what it recorded is ours to read; and the program never waits for us.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from wadjet.errors import OutputError, UnsupportedError
from wadjet.observe.sampling.companions import Companion
from wadjet.observe.sampling.processes import Processes, listen
from wadjet.observe.sampling.recording import Recording
from wadjet.observe.sampling.settings import VARIABLE, Settings
from wadjet.observe.sampling.signals import Signals

POLL = 0.05
"""Seconds between looks into the rings."""

SAVE = 1.0
"""Seconds between commits: what a crash of the supervisor can lose."""

_BOOT = Path(__file__).parent / "boot"
_NEAR = 80  # letters of a temporary folder's path; a socket's may have 107


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program that was recorded has ended; ``status`` is as subprocess has it."""

    status: int
    samples: int
    processes: int


def run(
    command: list[str],
    settings: Settings,
    path: Path,
    *,
    options: list[str] | None = None,
    overwrite: bool = False,
    companions: Sequence[Companion] = (),
    progress: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run ``python options command`` and record it to ``path``.

    ``progress`` is called now and then. Raises OutputError, UnsupportedError.
    """
    words = [*(options or []), *command]
    with _folder() as folder, listen(f"{folder}/socket") as listener:
        recording = Recording(
            path,
            settings,
            command=["python", *words],
            started=time.monotonic_ns(),
            overwrite=overwrite,
            companions=companions,
        )
        environment = _environment(settings, f"{folder}/socket", companions)
        with Signals() as signals:
            process = _spawn([sys.executable, *words], environment, signals)
            try:
                processes = Processes(listener, recording, process.pid)
                status = _follow(process, processes, recording, signals, progress)
                recording.finish(status=status)
            finally:
                _outlive(process, signals)
    return Outcome(status, recording.samples, recording.processes)


def imitate(status: int) -> int:
    """Return the exit code of a program that ended so; die as it did if a signal killed it."""
    if status >= 0:
        return status
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has dumped its own
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # its descriptor was closed before we were started
            stream.flush()
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status  # the signal is blocked


def _environment(
    settings: Settings, address: str, companions: Sequence[Companion]
) -> Mapping[str, str]:
    preloads = [each.preload for each in companions if each.preload]
    lists = {"PYTHONPATH": [str(_BOOT)], "LD_PRELOAD": preloads}
    ours = {name: _led(entries, os.environ.get(name)) for name, entries in lists.items() if entries}
    return {**os.environ, **ours, VARIABLE: settings.encode(address)}


def _led(ours: Sequence[str], theirs: str | None) -> str:
    """Return a search path on which ours come first."""
    return ":".join([*ours, theirs] if theirs else ours)


def _spawn(
    command: list[str], environment: Mapping[str, str], signals: Signals
) -> subprocess.Popen[bytes]:
    try:
        # Whatever files we were given are meant for the program; our own close on exec.
        return subprocess.Popen(
            command, env=environment, close_fds=False, preexec_fn=signals.restore
        )
    except OSError as error:
        raise UnsupportedError(
            f"cannot start {shlex.join(command[:1])} ({error.strerror})"
        ) from None


@contextmanager
def _folder() -> Iterator[str]:
    """Make a folder for the socket, with a path short enough for one, and remove it."""
    try:
        near = tempfile.gettempdir()
        folder = tempfile.mkdtemp(prefix="wadjet-", dir=near if len(near) < _NEAR else "/tmp")
    except OSError as error:
        raise OutputError(
            f"cannot make a temporary folder ({error.strerror})",
            "set TMPDIR to a folder that can be written",
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _follow(
    process: subprocess.Popen[bytes],
    processes: Processes,
    recording: Recording,
    signals: Signals,
    progress: Callable[[], None],
) -> int:
    """Read what the program records until it has ended; return its status."""
    saved = time.monotonic()
    while process.poll() is None:
        signals.pass_on(process)
        processes.wait(POLL)
        recording.poll()
        if time.monotonic() - saved > SAVE:
            recording.save()
            recording.look_ahead()
            saved = time.monotonic()
            progress()
    processes.close(process.returncode)
    return process.returncode


def _outlive(process: subprocess.Popen[bytes], signals: Signals) -> None:
    """Stay until the program has ended: if the recording fails, that is not its affair."""
    while process.poll() is None:
        signals.pass_on(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
    signals.pass_on(process)  # those that came too late are not for us either
