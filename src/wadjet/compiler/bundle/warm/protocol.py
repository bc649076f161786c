"""What a client and a warm server tell each other; client.c has the other end."""

from __future__ import annotations

import array
import signal
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum

_REPLY = struct.Struct("=ii504s")
_REQUEST = struct.Struct("=IIQ")
_PEER = struct.Struct("=iii")
_SIGNAL = struct.Struct("=I")
MOST = 64 << 20
"""Bytes of arguments and environment that are accepted; the kernel allows a client less."""


class Kind(IntEnum):
    """What a reply says: how a program ended, or that the plain python has to run it."""

    EXITED = 0
    KILLED = 1
    DECLINED = 2


class Declined(Exception):  # noqa: N818 (no error)
    """The plain python has to run this; the text says why, if that is worth a line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, as the kernel knows it; pid 0 is out of sight."""

    pid: int
    uid: int
    gid: int

    def may_run(self, user: int) -> bool:
        """Say whether it may have programs run by the server of a user."""
        return self.pid > 0 and self.uid == user


@dataclass(frozen=True, slots=True)
class Request:
    """Arguments with that of the client first, environment, and the signals it has blocked."""

    arguments: tuple[bytes, ...]
    environment: dict[bytes, bytes]
    mask: int


def peer_of(connection: socket.socket) -> Peer:
    """Return who is at the other end of a connection."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return Peer(*_PEER.unpack(data))


def reply(connection: socket.socket, kind: Kind, value: int, text: str = "") -> None:
    """Tell a client; one that has gone is told nothing."""
    data = _REPLY.pack(kind, value, text.encode("utf-8", "surrogateescape")[:503])
    try:
        connection.sendall(data, socket.MSG_NOSIGNAL)
    except OSError:
        return


def receive(connection: socket.socket) -> Request:
    """Receive a request; its three files get the lowest numbers that are free.

    Raises Declined for what no client of ours sends.
    """
    data, rights, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(12))
    if len(data) < _REQUEST.size or len(rights) != 1:
        raise Declined("")
    size, count, mask = _REQUEST.unpack_from(data)
    files = array.array("i", rights[0][2])
    if size > MOST or list(files) != [0, 1, 2]:
        raise Declined("")
    parts = [data[_REQUEST.size :]]
    left = size - len(parts[0])
    while left > 0:
        parts.append(connection.recv(min(left, 1 << 20)))
        if not parts[-1]:
            raise Declined("")
        left -= len(parts[-1])
    words = b"".join(parts).split(b"\0")
    pairs = (each.partition(b"=") for each in words[count:-1])
    environment = {key: value for key, equals, value in pairs if equals}
    return Request(tuple(words[:count]), environment, mask)


def decline(connection: socket.socket, why: str) -> bool:
    """Receive a request for nothing, and say so: a socket closed unread would be an error.

    Returns False where there was none.
    """
    connection.settimeout(1)
    try:
        data = connection.recv(_REQUEST.size)
        left = _REQUEST.unpack(data)[0] if len(data) == _REQUEST.size else 0
        while left > 0 and (data := connection.recv(min(left, 1 << 20))):
            left -= len(data)
    except OSError:
        return False
    reply(connection, Kind.DECLINED, 0, why)
    return bool(data)


def receive_signal(connection: socket.socket) -> int:
    """Receive the number of a signal; 0, which is none, for anything else."""
    connection.settimeout(1)
    try:
        data = connection.recv(_SIGNAL.size)
    except OSError:
        return 0
    number = int(_SIGNAL.unpack(data)[0]) if len(data) == _SIGNAL.size else 0
    return number if number in signal.valid_signals() else 0
