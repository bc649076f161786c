"""The agent: a thread that waits at a socket until someone asks for a snapshot.

The socket has a name that only this machine knows and no file; whoever asks must be the
same user, or root.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from pathlib import Path

from wadjet.errors import WadjetError

_CREDENTIALS = struct.Struct("3i")
_MOST = 65536
_waiting_in = 0
_listener: socket.socket | None = None


def address(pid: int) -> str:
    """Return where the agent of a process listens."""
    return f"\0wadjet-agent-{pid}"


def start() -> None:
    """Start to wait in this process, and in children that it forks; harmless again."""
    global _waiting_in, _listener
    if _waiting_in == os.getpid():
        return
    if not _waiting_in:
        os.register_at_fork(after_in_child=start)
    if _listener is not None:  # a forked child must not keep its parent's open
        _listener.close()
    _waiting_in = os.getpid()
    _listener = listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address(os.getpid()))
    listener.listen(4)
    threading.Thread(target=_wait, args=(listener,), name="wadjet-agent", daemon=True).start()


def ask(pid: int, path: str, *, fork: bool, patience: float) -> dict[str, object]:
    """Ask the agent of a process to write a snapshot; return its answer, {} for none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(address(pid))
            connection.send(json.dumps({"path": path, "fork": fork}).encode())
            word = json.loads(connection.recv(_MOST) or b"{}")
        except (OSError, ValueError):
            return {}
    return word if isinstance(word, dict) else {}


def _wait(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(10)
            try:
                _answer(connection)
            except (OSError, ValueError, KeyError, TypeError):
                continue


def _answer(connection: socket.socket) -> None:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(raw)
    if user not in (0, os.getuid()):
        return
    wanted = json.loads(connection.recv(_MOST) or b"{}")
    if not wanted:
        return
    from wadjet.observe.heap.taking import write_to

    try:
        word: dict[str, object] = {"pause": write_to(Path(wanted["path"]), fork=wanted["fork"])}
    except WadjetError as error:
        word = {"error": str(error)}
    connection.send(json.dumps(word).encode())
