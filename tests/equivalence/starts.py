"""Starts of a program, each in circumstances of its own, and what came of it."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.applications.probes import QUIET
from bench.modes import Built

SECONDS = 60
_CHANCE = (
    (re.compile(r"0x[0-9a-f]+"), "0x"),  # addresses
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "tmp"),  # names that tempfile draws
    (re.compile(r"in \d+\.\d+s"), "in s"),  # how long pytest took
)
"""What differs between two runs of one program; nothing else is made alike."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start wrote, and how it ended: an exit code, or the number of a signal below 0."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Start:
    """Probes that are asked in one start, and its circumstances.

    ``around`` runs the process to its end: it is given the words and the environment, and the
    folder to be in. Without probes the application does its work.
    """

    name: str
    probes: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    text: str = ""
    around: Callable[[Popen, str], Outcome] | None = None
    shell: str = ""

    def outcome(self, built: Built, folder: Path) -> Outcome:
        """Start the application in a folder that has a file, and return what came of it."""
        (folder / "probe.txt").write_text("read from the directory")
        words = [*built.command, *self.probes]
        if self.shell:
            words = ["/bin/sh", "-c", f'{self.shell} exec "$@"', "sh", *words]
        environment = built.environment | self.variables
        return alike((self.around or calmly)(Popen(words, environment, folder), self.text))


@dataclass(frozen=True, slots=True)
class Popen:
    """A process that can be started, with the streams that are asked for."""

    words: Sequence[str]
    environment: dict[str, str]
    folder: Path

    def __call__(
        self, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE, *, leads: bool = False
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.words,
            env=self.environment,
            cwd=self.folder,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=leads,
        )


def alike(outcome: Outcome) -> Outcome:
    """Return an outcome without what differs from run to run."""
    texts = [outcome.out, outcome.err]
    for pattern, instead in _CHANCE:
        texts = [pattern.sub(instead, text) for text in texts]
    return Outcome(outcome.code, *texts)


def calmly(start: Popen, text: str) -> Outcome:
    """Give it its input, and wait."""
    with start() as process:
        return _ended(process, text)


def _ended(process: subprocess.Popen[bytes], text: str = "") -> Outcome:
    try:
        out, err = process.communicate(text.encode(), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = _rest(process)
    written = (each.decode(errors="backslashreplace") for each in (out or b"", err or b""))
    return Outcome(process.returncode, *written)


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Return what a killed process has left, and that it was killed."""
    try:
        out, err = process.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # somebody else has its streams, and lives
        return b"", b"killed, and its streams are still open"
    return out, err + b"\ndid not end by itself"


def signalled(number: signal.Signals) -> Callable[[Popen, str], Outcome]:
    """Return a way to start: once the process says that it waits, it gets the signal."""

    def around(start: Popen, text: str) -> Outcome:
        with start() as process:
            assert process.stdout is not None
            said = b""
            while b"waiting\n" not in said:
                if not select.select([process.stdout], [], [], SECONDS)[0]:
                    break
                piece = os.read(process.stdout.fileno(), 4096)
                if not piece:
                    break
                said += piece
            time.sleep(0.05)  # it has said that it will wait, and now does
            process.send_signal(number)
            ended = _ended(process)
            return Outcome(ended.code, said.decode() + ended.out, ended.err)

    return around


def unread(start: Popen, text: str) -> Outcome:
    """Have nobody read what it writes."""
    read, write = os.pipe()
    os.close(read)
    process = start(stdout=write)
    os.close(write)
    with process:
        return _ended(process, text)


def on_a_terminal(start: Popen, text: str) -> Outcome:
    """Give it a terminal, and type."""
    master, slave = pty.openpty()
    words = ["setsid", "--ctty", "--wait", *start.words]
    terminal = Popen(words, start.environment, start.folder)
    with terminal(stdin=slave, stdout=slave) as process:
        os.close(slave)
        os.write(master, text.encode())
        said = b""
        with contextlib.suppress(OSError):  # EIO: all who had it are gone
            while select.select([master], [], [], SECONDS)[0]:
                said += os.read(master, 4096)
        os.close(master)
        ended = _ended(process)
    return Outcome(ended.code, said.decode(), ended.err)


def with_a_descriptor(start: Popen, text: str) -> Outcome:
    """Have it inherit a descriptor beside the three."""
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    os.set_inheritable(read, True)
    environment = start.environment | {"PROBE_DESCRIPTOR": str(read)}
    process = subprocess.Popen(
        start.words,
        env=environment,
        cwd=start.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[read],
    )
    os.close(read)
    with process:
        return _ended(process)


QUIETLY = tuple(each.__name__ for each in QUIET)
WORK = Start("its work")
STARTS = (
    Start("all that is quiet", (*QUIETLY, "--", "", "two words", "\udcff", "--help", "-c", "ü")),
    Start("exit code", ("exit_code",)),
    Start("exit message", ("exit_message",)),
    Start("fault", ("fault",)),
    Start("fault of several", ("group",)),
    Start("fault in syntax", ("syntax",)),
    Start("fault in a thread", ("thread_fault",)),
    Start("last words", ("last_words",)),
    Start("abort", ("abort",)),
    Start("killed", ("killed",)),
    Start("exit at once", ("at_once",)),
    Start("much output", ("much",)),
    Start("much output, nobody reads", ("much",), around=unread),
    Start("all input", ("read_all",), text="first line\nümlaut\n"),
    Start("no input", ("read_all",)),
    Start("lines of input", ("read_lines",), text="answer\nnext\nand more\n"),
    Start("input that ends early", ("read_lines",)),
    Start("closed input", ("read_all",), shell="exec <&-;"),
    Start("closed output", ("exit_message",), shell="exec >&-;"),
    Start("closed errors", ("fault",), shell="exec 2>&-;"),
    Start("a full disk", ("much",), shell="exec >/dev/full;"),
    Start("Ctrl-C", ("wait",), around=signalled(signal.SIGINT)),
    Start("Ctrl-C caught", ("catch",), around=signalled(signal.SIGINT)),
    Start("SIGTERM", ("wait",), around=signalled(signal.SIGTERM)),
    Start("SIGTERM handled", ("handle",), around=signalled(signal.SIGTERM)),
    Start("SIGUSR1 handled", ("handle",), around=signalled(signal.SIGUSR1)),
    Start("SIGHUP", ("wait",), around=signalled(signal.SIGHUP)),
    Start("a terminal", ("terminal",), text="typed\n", around=on_a_terminal),
    Start("a descriptor", ("inherited",), text="from the parent", around=with_a_descriptor),
    Start("pools of processes", ("pool",)),
    Start(
        "variables",
        ("environment", "culture", "clock"),
        {"PROBE_A": "b c", "PROBE_TAKEN": "x", "PROBE_ODD": "\udcfe", "TZ": "Asia/Kolkata"},
    ),
    Start("locale C", ("streams", "culture"), {"LC_ALL": "C"}),
    Start("latin", ("streams",), {"PYTHONIOENCODING": "latin-1:replace"}),
    Start("not buffered", ("streams", "at_once"), {"PYTHONUNBUFFERED": "1"}),
    Start("another temporary folder", ("temporary",), {"TMPDIR": "/var/tmp"}),
    Start("limits", ("limits", "descriptors"), shell="ulimit -n 77; umask 027;"),
    Start("ignored signals", ("limits",), shell="trap '' INT HUP;"),
    Start("no write below", ("interpreter",), {"PYTHONDONTWRITEBYTECODE": "1"}),
    Start("a path", ("interpreter",), {"PYTHONPATH": "/nowhere:/tmp"}),
    Start("seeded hashes", ("interpreter",), {"PYTHONHASHSEED": "0"}),
)
"""All circumstances; the plain program says what is right in each."""
