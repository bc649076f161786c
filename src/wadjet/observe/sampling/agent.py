"""Inside the program that is recorded: starts the recorder and tells who reads it.

Imports next to nothing, because whatever it imports the program finds imported.
"""

from __future__ import annotations

import atexit
import os
import sys
import time

from wadjet.observe.sampling import _sampling
from wadjet.observe.sampling.settings import COLLECTOR, Settings, decode

_WORDS = 100
_LETTERS = 500
_recording = False


def start(value: str) -> bool:
    """Record this process as the environment variable's ``value`` asks; True if it does.

    A recorder that cannot start must not harm the program: it says so in one line.
    """
    try:
        settings, socket = decode(value)
        record(settings, socket)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"wadjet: process {os.getpid()} is not recorded ({error})", file=sys.stderr)
        return False
    os.register_at_fork(after_in_child=lambda: _forked(settings, socket))
    return True


def follows(value: str) -> bool:
    """True if the processes that this one starts are to be recorded as well."""
    return decode(value)[0].children


def recording() -> bool:
    """True while this process is recorded from outside."""
    return _recording


def record(settings: Settings, socket: str) -> None:
    """Start recording and hand the ring to the reader that listens at ``socket``."""
    global _recording
    watch = None
    if settings.tasks:
        from wadjet.observe.sampling.tasks import Watch  # imports asyncio

        watch = Watch()
    choice = _sampling.start(
        cpu_period=settings.cpu_period,
        wall_period=settings.wall_period,
        native=settings.native,
        perf=settings.perf,
        capacity=settings.capacity,
        hidden=watch.thread if watch else 0,
        collector=COLLECTOR.index(settings.collector),
    )
    beside = _companions(settings)
    words = [
        os.getpid(),
        os.getppid(),
        time.monotonic_ns(),
        choice["engine"],
        choice["refusal"],
        choice["peek"],
        ",".join(beside),
        *_command(),
    ]
    message = "\0".join(map(str, words)).encode(errors="surrogateescape")
    try:
        _sampling.send(socket, (choice["fd"], *beside.values()), message)
    except OSError:
        _sampling.stop()
        for _, module, _ in settings.companions:
            sys.modules[module].end()
        raise
    for module in settings.modules:
        __import__(module)
    if watch:
        watch.start()
    atexit.register(_sampling.stop)
    _recording = True


def _companions(settings: Settings) -> dict[str, int]:
    """Start what records beside us, and return its files; where one cannot, the rest goes on."""
    files = {}
    for name, module, argument in settings.companions:
        try:
            __import__(module)
            companion = sys.modules[module]
            files[name] = companion.begin(argument)
            atexit.register(companion.end)
        except (OSError, RuntimeError, ImportError) as error:
            _sampling.note(f"{name} is not recorded ({error})")
    return files


def _command() -> list[str]:
    # At site time sys.argv is not there yet; the whole command line is.
    return [word[:_LETTERS] for word in getattr(sys, "orig_argv", [])[:_WORDS]]


def _forked(settings: Settings, socket: str) -> None:
    """Let go of what is the parent's; record the child too where that is wanted."""
    global _recording
    _recording = False
    atexit.unregister(_sampling.stop)
    for _, module, _ in settings.companions:
        if module in sys.modules:
            end = sys.modules[module].end
            end()
            atexit.unregister(end)
    if not settings.children:
        return
    try:
        record(settings, socket)
    except (OSError, RuntimeError):
        return  # whoever listened has gone; the child goes on
