"""Small programs, one a function of tests/cases/launcher/app.py, and what is seen of a run."""

from __future__ import annotations

import ast
import os
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


def _without_addresses(text: bytes) -> bytes:
    return re.sub(rb"0x[0-9a-f]+", b"0x", text)
