"""Every profiler that is measured: how to start it, at which rates, and how to read it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from bench import readings

Words: TypeAlias = list[str]
Command: TypeAlias = Callable[[str, int, Path, Sequence[str]], Words]
"""From (profiler, rate in Hz, output, the script and its arguments) to the command line."""
Shape: TypeAlias = Literal["stacks", "self", "cumulative"]

PYTHON = sys.executable
SCRIPTS = Path(sys.executable).parent
"""The profilers are looked for beside the interpreter that runs the benchmark."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A profiler in one of its modes.

    ``shape`` says what it measures: whole stacks, each function's own time, or each
    function's time with that of what it called. ``clock`` is the time it claims to show,
    ``suffix`` what the name of its output must end with.
    """

    name: str
    program: str
    command: Command
    read: readings.Reader
    shape: Shape = "stacks"
    clock: Literal["cpu", "wall"] = "cpu"
    suffix: str = ""

    def line(self, rate: int, output: Path, target: Sequence[str]) -> Words:
        """Return the command that profiles ``target`` at ``rate`` Hz."""
        return self.command(str(SCRIPTS / self.program), rate, output, target)

    def times(self, output: Path, rate: int, owners: Mapping[str, str]) -> dict[str, float]:
        """Return the seconds of each owner in what the profiler wrote."""
        if self.shape == "cumulative":
            owners = {name: owner for name, owner in owners.items() if name == owner}
        return readings.charge(self.read(output, rate), owners)


@cache
def version(program: str) -> str:
    """Return a profiler's version; RuntimeError says why it cannot be used."""
    path = SCRIPTS / program
    if not path.exists():
        raise RuntimeError("not installed")
    if program == "yappi":  # has no --version
        code = "from importlib.metadata import version; print(version('yappi'))"
        command = [PYTHON, "-c", code]
    else:
        command = [str(path), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    if done.returncode:
        raise RuntimeError(f"did not start: {lines[0] if lines else 'no message'}")
    return lines[0]


def _wadjet(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    return [program, "run", "-q", "--rate", str(rate), "-o", str(output), *target]


def _wadjet_default(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:  # noqa: ARG001
    return [program, "run", "-q", "-o", str(output), *target]


def _wadjet_both(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    rates = ["--rate", str(rate), "--wall-rate", str(rate)]
    return [program, "run", "-q", *rates, "-o", str(output), *target]


def _wadjet_collector(mode: str) -> Command:
    def command(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
        flags = [f"--collector{mode}", "--rate", str(rate)]
        return [program, "run", "-q", *flags, "-o", str(output), *target]

    return command


def _py_spy(*flags: str) -> Command:
    def command(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
        options = ["-r", str(rate), "-f", "raw", "-o", str(output), *flags]
        return [program, "record", *options, "--", PYTHON, *target]

    return command


def _austin(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    options = ["-t", "5000", "-i", f"{1_000_000 // rate}", "-o", str(output)]
    return [program, *options, PYTHON, *target]


def _austin_cpu(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    old = version("austin").startswith("austin 3")
    return [program, "-s" if old else "-c", *_austin("", rate, output, target)[1:]]


def _scalene(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    script, *arguments = target
    options = ["--cpu-only", "--cpu-sampling-rate", f"{1 / rate:g}", "-o", str(output)]
    return [PYTHON, program, "run", *options, script, "---", *arguments]


def _pyinstrument(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:
    whole = ["-p", "processor_options.filter_threshold=0"]  # small functions too
    options = ["-i", f"{1 / rate:g}", "-r", "json", *whole, "-o", str(output)]
    return [program, *options, *target]


def _yappi(program: str, rate: int, output: Path, target: Sequence[str]) -> Words:  # noqa: ARG001
    return [program, "-c", "cpu", "-f", "pstat", "-o", str(output), *target]


WADJET = Tool("wadjet", "wadjet", _wadjet, readings.read_wadjet)
WADJET_DEFAULT = Tool("wadjet at its defaults", "wadjet", _wadjet_default, readings.read_wadjet)
WADJET_BOTH = Tool("wadjet, wall as fast", "wadjet", _wadjet_both, readings.read_wadjet)
WADJET_RUNS = Tool("wadjet --collector", "wadjet", _wadjet_collector(""), readings.read_wadjet)
WADJET_CYCLES = Tool(
    "wadjet --collector=cycles", "wadjet", _wadjet_collector("=cycles"), readings.read_wadjet
)
PY_SPY = Tool("py-spy", "py-spy", _py_spy(), readings.read_py_spy)
PY_SPY_FREE = Tool("py-spy --nonblocking", "py-spy", _py_spy("--nonblocking"), readings.read_py_spy)
AUSTIN = Tool("austin", "austin", _austin, readings.read_austin, clock="wall")
AUSTIN_CPU = Tool("austin on CPU", "austin", _austin_cpu, readings.read_austin)
SCALENE = Tool(
    "scalene --cpu-only",
    "scalene",
    _scalene,
    readings.read_scalene,
    shape="self",
    suffix=".json",  # which it would add
)
PYINSTRUMENT = Tool(
    "pyinstrument", "pyinstrument", _pyinstrument, readings.read_pyinstrument, clock="wall"
)
YAPPI = Tool("yappi", "yappi", _yappi, readings.read_pstats, shape="cumulative")
