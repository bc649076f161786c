"""The warm server: ``python -m wadjet.compiler.bundle.warm.server STATE``, started by control.py.

It accepts, forks and reaps, and ends where its socket is removed. What a client sends is read in
the child, so that a slow client holds up nobody; signals for a program come by a second connection
of its client.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from wadjet.compiler.bundle.warm.program import Before, be, new_stream, seen
from wadjet.compiler.bundle.warm.protocol import (
    Kind,
    decline,
    peer_of,
    receive_signal,
    reply,
)
from wadjet.compiler.bundle.warm.watch import Watch, files_in_memory


class Server:
    """Accepts connections until it has been idle for some seconds, or a file has changed."""

    def __init__(self, listener: socket.socket, watch: Watch, idle: float) -> None:
        self.listener = listener
        self.path: str = listener.getsockname()
        self.watch = watch
        self.idle = idle
        self.user = os.getuid()
        self.ending = False
        self.stale: str | None = None
        self.programs: dict[int, int] = {}
        """The pid of a client, and that of its program."""
        self.clients: dict[int, int] = {}
        """The descriptor of a connection, and the pid of the program."""
        self.children: dict[int, tuple[int, int, socket.socket]] = {}
        """The descriptor of a child, and its pid, its client's, and the connection."""
        self.poll = select.poll()
        self.poll.register(listener, select.POLLIN)
        self.poll.register(watch.descriptor, select.POLLIN)

    def serve(self) -> tuple[socket.socket, int] | None:
        """Return a connection and its client's pid in each child; None where the server ends."""
        while self.children or not self.ending:
            accepted = self._wait()
            if accepted is not None:
                return accepted
        return None

    def _wait(self) -> tuple[socket.socket, int] | None:
        events = {
            number for number, _ in self.poll.poll(None if self.children else self.idle * 1e3)
        }
        if not events:
            self._end()
        if self.watch.descriptor in events:
            self.stale = self.stale or self.watch.changed()
            if self.stale == self.path:
                self._end()
        for number in events & self.clients.keys():
            self._lose(number)
        for number in events & self.children.keys():
            self._reap(number)
        return self._accept() if not self.ending and self.listener.fileno() in events else None

    def _accept(self) -> tuple[socket.socket, int] | None:
        try:
            connection, _ = self.listener.accept()
        except OSError:  # the client has gone, or there are no descriptors left for now
            return None
        peer = peer_of(connection)
        if not peer.may_run(self.user):
            connection.close()
        elif peer.pid in self.programs:
            with connection:
                _kill(self.programs[peer.pid], receive_signal(connection))
        elif self.stale:
            with connection:
                why = f"{self.stale} has changed since the warm server started"
                heard = decline(connection, why)
            if heard:
                self._end()
        else:
            return self._fork(connection, peer.pid)
        return None

    def _fork(self, connection: socket.socket, client: int) -> tuple[socket.socket, int] | None:
        try:
            pid = os.fork()
        except OSError as error:
            with connection:
                decline(connection, f"the warm server cannot fork ({error.strerror})")
            return None
        if pid == 0:
            return connection, client
        child = os.pidfd_open(pid)
        self.programs[client] = pid
        self.clients[connection.fileno()] = pid
        self.children[child] = pid, client, connection
        self.poll.register(child, select.POLLIN)
        self.poll.register(connection, select.POLLRDHUP)
        return None

    def _lose(self, number: int) -> None:
        """Have the program of a client end that has ended itself."""
        self.poll.unregister(number)
        _kill(self.clients.pop(number), signal.SIGKILL)

    def _reap(self, child: int) -> None:
        """Tell a client how its program has ended."""
        pid, client, connection = self.children.pop(child)
        self.poll.unregister(child)
        os.close(child)
        if self.clients.pop(connection.fileno(), None):
            self.poll.unregister(connection)
        self.programs.pop(client, None)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        reply(connection, *((Kind.EXITED, code) if code >= 0 else (Kind.KILLED, -code)))
        connection.close()

    def _end(self) -> None:
        """Accept no more; the server ends when all its programs have."""
        if not self.ending:
            self.ending = True
            self.poll.unregister(self.listener)
            Path(self.path).unlink(missing_ok=True)
            self.listener.close()


def _kill(pid: int, number: int) -> None:
    """Send a signal to a program, which may have taken other rights."""
    with suppress(OSError):
        os.kill(pid, number)


def listen(path: str) -> tuple[socket.socket, int] | None:
    """Return a socket that only this user may connect to, and a lock that goes with it.

    Returns None where another server has the lock; whatever is there without one is dead.
    """
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    listener.bind(path)
    os.umask(mask)
    return listener, lock


def _keep_only(numbers: Sequence[int]) -> None:
    """Close every file but the standard streams and some others."""
    low = 3
    for each in sorted(numbers):
        os.closerange(low, each)
        low = each + 1
    os.closerange(low, 1 << 30)


def _stand_alone() -> None:
    """Have streams over pipes that lead nowhere, as programs may have them (program.stream)."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        ends = os.pipe()
        os.dup2(ends[number > 0], number)
        for each in ends:
            os.close(each)
        made = new_stream(number, mode, getattr(sys, name))
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)


def _prepared(preload: Sequence[str]) -> Before:
    """Import what programs are to have; they keep all that the server has but Wadjet itself."""
    for name in preload:
        importlib.import_module(name)
    kept = {each for each in sys.modules if each.partition(".")[0] != "wadjet"}
    return seen(frozenset(kept))


def main() -> None:
    """Be the server of a state: ``path``, ``preload``, ``idle`` seconds."""
    state = json.loads(sys.argv[1])
    os.chdir("/")
    del sys.path[0]
    listening = listen(state["path"])
    if listening is None:
        print("running", flush=True)
        return
    listener, lock = listening
    before = _prepared(state["preload"])
    told = os.dup(1)
    _keep_only((listener.fileno(), lock, told))
    os.setsid()
    _stand_alone()
    watch = Watch({*files_in_memory(), state["path"]})
    server = Server(listener, watch, state["idle"])
    listener.listen(64)
    os.write(told, b"ready\n")
    os.close(told)
    gc.collect()
    gc.freeze()
    accepted = server.serve()
    if accepted is not None:
        be(*accepted, before)


if __name__ == "__main__":
    main()
