"""Runs a program and records it from outside: the supervisor.

The program's recorder writes into memory that it shares with us. So whatever becomes of
the program, what it recorded is ours to read; and the program never waits for us.
"""

from __future__ import annotations

import os
import resource
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from wadjet.errors import UnsupportedError
from wadjet.observe.sampling.recording import Recording, parse_hello
from wadjet.observe.sampling.settings import VARIABLE, Settings

POLL = 0.05
"""Seconds between looks into the rings."""

SAVE = 1.0
"""Seconds between commits: what a crash of the supervisor can lose."""

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT)
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_BOOT = Path(__file__).parent / "boot"


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
    progress: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run ``python options command`` and record it to ``path``.

    ``progress`` is called now and then. Raises OutputError, UnsupportedError.
    """
    with tempfile.TemporaryDirectory(prefix="wadjet-") as folder:
        address = f"{folder}/socket"
        with _listen(address) as listener:
            started = time.monotonic_ns()
            recording = Recording(
                path,
                settings,
                command=["python", *(options or []), *command],
                started=started,
                overwrite=overwrite,
            )
            environment = _environment(settings, address)
            process = _spawn([sys.executable, *(options or []), *command], environment)
            with _signals_go_to(process):
                status = _follow(process, listener, recording, progress)
            recording.finish(status=status)
    return Outcome(status, recording.samples, recording.processes)


def imitate(status: int) -> int:
    """Return the exit code of a program that ended so; die as it did if a signal killed it."""
    if status >= 0:
        return status
    if -status in (signal.SIGKILL, signal.SIGSTOP):
        return 128 - status
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has dumped its own
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status  # the signal is blocked


def _environment(settings: Settings, address: str) -> Mapping[str, str]:
    ours = str(_BOOT)
    theirs = os.environ.get("PYTHONPATH")
    path = f"{ours}:{theirs}" if theirs else ours
    return {**os.environ, "PYTHONPATH": path, VARIABLE: settings.encode(address)}


def _spawn(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environment)
    except OSError as error:
        raise UnsupportedError(
            f"cannot start {shlex.join(command[:1])} ({error.strerror})"
        ) from None


@contextmanager
def _listen(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen(128)
        listener.setblocking(False)
        yield listener


@contextmanager
def _signals_go_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass signals on. Those of the terminal reach the program without us."""

    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    def leave(_number: int, _frame: FrameType | None) -> None:
        return None

    handlers: dict[int, Callable[[int, FrameType | None], None]]
    handlers = dict.fromkeys(_FORWARDED, forward) | dict.fromkeys(_OF_THE_TERMINAL, leave)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Connections:
    """The processes that record themselves: who came, who is still there."""

    def __init__(self, listener: socket.socket, recording: Recording) -> None:
        self._listener = listener
        self._recording = recording
        self._numbers: dict[socket.socket, int] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)

    def watch(self, fd: int) -> None:
        """Wake up for ``fd`` as well."""
        self._selector.register(fd, selectors.EVENT_READ)

    def wait(self, seconds: float) -> None:
        """Wait for processes that come or go, and see to them."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj)

    def close(self, status: int) -> None:
        """Let go of all; ``status`` is that of the first process."""
        self._accept()
        for connection in list(self._numbers):
            self._leave(connection, status)
        self._selector.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.settimeout(1.0)  # they speak first, at once
            self._greet(connection)

    def _greet(self, connection: socket.socket) -> None:
        try:
            message, files, _, _ = socket.recv_fds(connection, 1 << 20, 1)
            hello = parse_hello(message)
            number = self._recording.attach(hello, files[0])
        except (OSError, ValueError, IndexError):
            connection.close()
            return
        connection.setblocking(False)
        self._numbers[connection] = number
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._leave(connection, None)

    def _leave(self, connection: socket.socket, status: int | None) -> None:
        number = self._numbers.pop(connection)
        self._selector.unregister(connection)
        connection.close()
        self._recording.detach(number, status if number == 0 else None)


def _follow(
    process: subprocess.Popen[bytes],
    listener: socket.socket,
    recording: Recording,
    progress: Callable[[], None],
) -> int:
    """Read what the program records until it has ended; return its status."""
    connections = _Connections(listener, recording)
    ended = os.pidfd_open(process.pid)
    connections.watch(ended)
    saved = time.monotonic()
    while process.poll() is None:
        connections.wait(POLL)
        recording.poll()
        if time.monotonic() - saved > SAVE:
            recording.save()
            saved = time.monotonic()
            progress()
    connections.close(process.returncode)
    os.close(ended)
    return process.returncode
