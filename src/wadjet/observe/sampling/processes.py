"""The processes that record themselves: who came, who is still there."""

from __future__ import annotations

import os
import selectors
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wadjet.observe.sampling.recording import Recording, parse_hello

HELLO_LIMIT = 1 << 18
"""Bytes of a process's first and only message at most."""

_BACKLOG = 128
_FILES = 8
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


@contextmanager
def listen(address: str) -> Iterator[socket.socket]:
    """Wait at ``address`` for processes. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        yield listener


@dataclass(frozen=True, slots=True)
class _Member:
    """A process that is being read; ``ended`` is its pidfd, owned, -1 where there is none."""

    number: int
    pid: int
    ended: int


class Processes:
    """Greets processes that come, and lets those go that have ended.

    A process says who it is and hands over its ring, and then has no more to do with us:
    whether it lives is asked of the kernel. So it may close what it likes.
    """

    def __init__(self, listener: socket.socket, recording: Recording, first: int) -> None:
        """``first`` is the process that was started: it is let go last, by ``close``."""
        self._listener = listener
        self._recording = recording
        self._first = first
        self._members: list[_Member] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(os.pidfd_open(first), selectors.EVENT_READ)

    def wait(self, seconds: float) -> None:
        """Wait for processes that come or go, and see to them."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.fileobj, socket.socket):
                self._greet(key.fileobj)
            elif key.data in self._members:
                self._leave(key.data)

    def close(self, status: int) -> None:
        """Let go of all; ``status`` is how the first process has ended."""
        self._accept()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._listener:
                self._greet(key.fileobj)
        last = [each.number for each in self._members if each.pid == self._first][-1:]
        for member in list(self._members):
            self._leave(member, status if member.number in last else None)
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, int):
                os.close(key.fileobj)
        self._selector.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)

    def _greet(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        with connection:
            pid = _peer(connection)
            try:
                number = self._attach(connection)
            except (OSError, ValueError) as error:
                self._recording.notes.append(f"process {pid} could not be recorded ({error})")
                return
        if number is not None:
            self._join(number, pid)

    def _attach(self, connection: socket.socket) -> int | None:
        """Return the number of the process; None if it has not said a word."""
        try:
            message, files, _, _ = socket.recv_fds(connection, HELLO_LIMIT, _FILES)
        except BlockingIOError:
            return None
        if not message:
            return None
        if not files:
            raise OSError("its memory did not arrive")
        return self._recording.attach(parse_hello(message), *files)

    def _join(self, number: int, pid: int) -> None:
        for member in [each for each in self._members if each.pid == pid]:
            self._leave(member)  # it became another program by exec
        member = _Member(number, pid, -1 if pid == self._first else _pidfd(pid))
        self._members.append(member)
        if member.ended >= 0:
            self._selector.register(member.ended, selectors.EVENT_READ, member)
        elif pid != self._first:
            self._leave(member)

    def _leave(self, member: _Member, status: int | None = None) -> None:
        self._members.remove(member)
        if member.ended >= 0:
            self._selector.unregister(member.ended)
            os.close(member.ended)
        self._recording.detach(member.number, status)


def _peer(connection: socket.socket) -> int:
    """Return the process at the other end, by its number in our own namespace."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid: int = _CREDENTIALS.unpack(data)[0]
    return pid


def _pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1  # it has ended, and its parent knows
