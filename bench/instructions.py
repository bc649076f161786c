"""What a start costs that no clock can tell: system calls and instructions, counted exactly."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_COUNTED = re.compile(r"\bI\s+refs:\s+([\d,]+)")
_TOTAL = re.compile(r"^100\.00\s+\S+\s+\S*\s+(\d+)(?:\s+\d+)?\s+total$", re.MULTILINE)
_HASHES = {"PYTHONHASHSEED": "0"}
"""With it, two counts of one program differ by less than two in a thousand."""


def system_calls(command: Sequence[str], variables: Mapping[str, str], code: int = 0) -> int:
    """Count the system calls of a command and its children; RuntimeError says why not."""
    with tempfile.NamedTemporaryFile("r") as told:
        _run(["strace", "-c", "-f", "-o", told.name, *command], variables, code)
        return total(told.read())


def total(told: str) -> int:
    """Return the number of calls in a summary of strace; RuntimeError if there is none."""
    found = _TOTAL.search(told)
    if found is None:
        raise RuntimeError("strace has not counted the calls")
    return int(found[1])


def instructions(command: Sequence[str], variables: Mapping[str, str], code: int = 0) -> int:
    """Count the user instructions of a command and its children; RuntimeError says why not."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"--log-file={folder}/%p"
        options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", log]
        _run(
            ["valgrind", *options, "--trace-children=yes", *command], {**_HASHES, **variables}, code
        )
        told = [each.read_text() for each in Path(folder).iterdir()]
    counts = [int(each.replace(",", "")) for text in told for each in _COUNTED.findall(text)]
    if not counts:
        raise RuntimeError(f"valgrind has not counted {command[0]}")
    return sum(counts)


def _run(command: Sequence[str], variables: Mapping[str, str], code: int) -> None:
    """Run a command with these variables alone, which must end with a code."""
    try:
        done = subprocess.run(
            command,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{command[0]}: {error}") from None
    if done.returncode != code:
        said = (done.stderr.strip() or "no message").splitlines()[-1]
        raise RuntimeError(f"{command[0]}: exit code {done.returncode}: {said}")
