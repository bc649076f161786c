"""How many instructions a start executes in user mode: the steadiest figure that there is.

The processor counts them where ``perf`` may ask it; else ``valgrind`` does, which runs the
program some fifty times slower. With a fixed hash seed two runs differ by some thousandths.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.errors import UnsupportedError

_REFS = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of instructions, and which tool has counted them."""

    number: int
    tool: str


def count(command: Sequence[str], environment: Mapping[str, str]) -> Counted:
    """Run a command, whose output is dropped, and count; children are not followed by valgrind.

    Raises UnsupportedError where neither tool is to be had.
    """
    variables = {"PYTHONHASHSEED": "0", **environment}
    found = _by_perf(command, variables)
    if found is not None:
        return Counted(found, "perf")
    found = _by_valgrind(command, variables)
    if found is not None:
        return Counted(found, "valgrind")
    raise UnsupportedError(
        "instructions cannot be counted: neither perf nor valgrind can do it here",
        "install valgrind (apt-get install valgrind), or leave out --instructions",
    )


def _by_perf(command: Sequence[str], environment: Mapping[str, str]) -> int | None:
    perf = shutil.which("perf")
    if perf is None:
        return None
    with tempfile.NamedTemporaryFile() as told:
        words = [perf, "stat", "-x,", "-e", "instructions:u", "-o", told.name, "--", *command]
        _run(words, environment)
        return perf_number(Path(told.name).read_text())


def perf_number(text: str) -> int | None:
    r"""Return the number in what ``perf stat -x,`` writes, None where it could not count.

    >>> perf_number("# started\n\n38457961,,instructions:u,1,100.00,,")
    38457961
    >>> perf_number("<not supported>,,instructions:u,0,100.00,,")
    """
    for line in text.splitlines():
        number, _, rest = line.partition(",")
        if "instructions" in rest and number.isdigit():
            return int(number)
    return None


def _by_valgrind(command: Sequence[str], environment: Mapping[str, str]) -> int | None:
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    with tempfile.NamedTemporaryFile() as told:
        options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        _run([valgrind, *options, f"--log-file={told.name}", *command], environment)
        matched = _REFS.search(Path(told.name).read_text())
    return int(matched[1].replace(",", "")) if matched else None


def _run(words: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
