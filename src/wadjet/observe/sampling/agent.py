"""Inside the program that is recorded: starts the recorder and tells who reads it.

Imports next to nothing, because whatever it imports the program finds imported.
"""

from __future__ import annotations

import atexit
import os
import sys
import time

from wadjet.observe.sampling import _sampling
from wadjet.observe.sampling.settings import COLLECTOR, GREETING, Settings, decode

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
    words = [
        os.getpid(),
        os.getppid(),
        time.monotonic_ns(),
        choice["engine"],
        choice["refusal"],
        choice["peek"],
        *_command(),
    ]
    message = "\0".join(map(str, words)).encode(errors="surrogateescape")
    try:
        _sampling.send(socket, choice["fd"], message)
    except OSError:
        _sampling.stop()
        raise
    for name, module, argument in settings.companions:
        _begin(name, module, argument, socket)
    if watch:
        watch.start()
    atexit.register(_sampling.stop)
    _recording = True


def _begin(name: str, module: str, argument: str, socket: str) -> None:
    """Start what records beside us; without it the rest goes on."""
    from importlib import import_module

    try:
        companion = import_module(module)
        atexit.register(companion.end)
        message = f"{GREETING}\0{name}\0{os.getpid()}".encode()
        _sampling.send(socket, companion.begin(argument), message)
    except (OSError, RuntimeError, ImportError) as error:
        _sampling.note(f"{name} is not recorded ({error})")


def _command() -> list[str]:
    # At site time sys.argv is not there yet; the whole command line is.
    return [word[:_LETTERS] for word in getattr(sys, "orig_argv", [])[:_WORDS]]


def _forked(settings: Settings, socket: str) -> None:
    """Let go of what is the parent's; record the child too where that is wanted."""
    global _recording
    _recording = False
    atexit.unregister(_sampling.stop)
    for _, module, _ in settings.companions:
        end = sys.modules[module].end
        end()
        atexit.unregister(end)
    if not settings.children:
        return
    try:
        record(settings, socket)
    except (OSError, RuntimeError):
        return  # whoever listened has gone; the child goes on
