"""Snapshots that the tests make and start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The variables that a snapshot is made with and started with."""
    kept = ("HOME", "PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


def call(command: Sequence[object], *, cwd: Path, given: str = "", **variables: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [str(word) for word in command],
        input=given,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(**variables),
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def freeze(output: Path, *words: object, **variables: str) -> Ended:
    """Call ``wadjet snapshot`` with words and ``-o output``."""
    command = [sys.executable, "-m", "wadjet", "snapshot", *words, "-o", output]
    return call(command, cwd=output.parent, **variables)


def frozen(output: Path, *words: object, **variables: str) -> Path:
    """Make a snapshot, which must go well."""
    made = freeze(output, *words, **variables)
    assert made.status == 0, made.err
    return output
