"""Small programs, one a function of tests/cases/launcher/app.py, and what is seen of a run."""

from __future__ import annotations

import ast
import os
import pty
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parents[2] / "cases" / "launcher"
CASES = [
    each.name
    for each in ast.parse((HERE / "app.py").read_text()).body
    if isinstance(each, ast.FunctionDef) and each.name not in ("doubled", "waiting", "hashes")
]


def environment() -> dict[str, str]:
    """What this process has, without what tells python how to start."""
    telling = ("PYTHON", "PYTEST", "COV")
    return {key: value for key, value in os.environ.items() if not key.startswith(telling)}


def ran(
    command: list[str], given: dict[str, str] | None = None, **options: object
) -> tuple[int, bytes, bytes]:
    done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
        command,
        input=b"some text",
        capture_output=True,
        env=environment() | (given or {}),
        timeout=60,
        **options,
    )
    return done.returncode, _without_addresses(done.stdout), _without_addresses(done.stderr)


def under_terminal(command: list[str], ready: bytes, keys: bytes) -> tuple[int, bytes]:
    """Run a program on a terminal of its own; type some keys once it has said a word."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, environment())
    said = b""
    try:
        while part := os.read(terminal, 4096):
            said += part
            if ready in said and keys:
                os.write(terminal, keys)
                keys = b""
    except OSError:  # the last one has closed its end
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), _without_addresses(said)


def _without_addresses(text: bytes) -> bytes:
    return re.sub(rb"0x[0-9a-f]+", b"0x", text)
