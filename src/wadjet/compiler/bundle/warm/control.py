"""Starting, finding and stopping the warm servers of a user, and their clients."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from wadjet.compiler.bundle import machine_code
from wadjet.compiler.bundle.warm.place import SUFFIX, folder, name
from wadjet.compiler.bundle.warm.protocol import peer_of
from wadjet.errors import UnsupportedError

_CLIENT = Path(__file__).with_name("client.c")
_FLAGS = (
    *("-std=gnu11", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector"),
    "-fno-tree-loop-distribute-patterns",
    *("-fno-asynchronous-unwind-tables", "-no-pie", "-fno-pie", "-Wl,--build-id=none", "-s"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """A server that was started: where it listens, for which interpreter, with which imports."""

    path: str
    python: str
    prefix: str
    preload: tuple[str, ...]
    idle: float

    @property
    def pid(self) -> int:
        """The server's process, as the kernel says at the other end; 0 if there is none."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self.path)
            except OSError:
                return 0
            return peer_of(connection).pid


def servers() -> list[Known]:
    """Return the user's servers that are alive."""
    found = []
    for each in sorted(folder().glob(f"*{SUFFIX}.json")):
        try:
            values = json.loads(each.read_text())
            known = Known(**{**values, "preload": tuple(values["preload"])})
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if known.pid:
            found.append(known)
    return found


def here(preload: Sequence[str] | None = None) -> Known | None:
    """Return the server of this interpreter: with these imports, or the only one there is."""
    own = [each for each in servers() if (each.python, each.prefix) == (sys.executable, sys.prefix)]
    if preload is not None:
        own = [each for each in own if sorted(each.preload) == sorted(preload)]
    return own[0] if len(own) == 1 else None


def start(preload: Sequence[str], idle: float) -> bool:
    """Start a server; return False where one is running. Raises UnsupportedError if it fails."""
    path = str(folder() / name(preload))
    known = Known(path, sys.executable, sys.prefix, tuple(preload), idle)
    command = [sys.executable, "-m", "wadjet.compiler.bundle.warm.server"]
    process = subprocess.Popen(
        [*command, json.dumps(asdict(known))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stdout.readline()
    if said == "ready\n":
        process.stdout.close()
        process.stderr.close()
        partial = Path(f"{path}.{process.pid}.part")
        partial.write_text(json.dumps(asdict(known)))
        partial.replace(f"{path}.json")
        process.returncode = 0  # it goes on without us
        return True
    _, complaint = process.communicate()
    if said == "running\n":
        return False
    last = (complaint.strip().splitlines() or ["no message"])[-1]
    raise UnsupportedError(f"the warm server does not start ({last})")


def stop(known: Known) -> None:
    """Have a server end when its programs have: it hears that its socket is gone."""
    for each in (known.path, f"{known.path}.json"):
        Path(each).unlink(missing_ok=True)


def client(server: str) -> bytes:
    """Return the executable that asks a server of a name; raises UnsupportedError."""
    with TemporaryDirectory(prefix="wadjet-warm-") as place:
        defined = [
            f"-DPYTHON={machine_code.literal(sys.executable)}",
            f"-DNAME={machine_code.literal(server)}",
        ]
        machine_code.compile_and_link(
            [*_FLAGS, *defined, str(_CLIENT), "-o", "client"], Path(place)
        )
        return Path(place, "client").read_bytes()


def kept_client(server: str) -> Path:
    """Return where the client of a server is; it is made the first time."""
    path = folder() / f"{server}.client"
    if not path.exists():
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        partial.write_bytes(client(server))
        partial.chmod(0o700)
        partial.replace(path)
    return path
