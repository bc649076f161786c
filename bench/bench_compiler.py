"""What the passes gain: programs of pyperformance by way of them."""

from __future__ import annotations

import importlib.util
import json
import math
import statistics
import subprocess
from pathlib import Path

from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON
from bench.rig import WORKLOADS, Rig
from bench.stats import spread

_PROGRAMS = """
    richards deltablue nbody fannkuch spectral_norm chaos hexiom pyflate raytrace go float scimark
    nqueens
"""
_NOTE = """\
CPU time without passes over that with them: more than 1 is faster. Both are run in turn in one \
process, from one tree of pyperformance's programs; medians of the ratios, between quartiles."""


def programs(rig: Rig) -> Outcome:
    """Run each program both ways, and compare."""
    found: dict[str, list[float]] = {}
    for name in _PROGRAMS.split():
        rig.tell(f"{name} by way of all passes")
        found |= _ratios(name, rig.turns(15))
    medians = {name: statistics.median(each) for name, each in found.items()}
    mean = math.exp(statistics.fmean(math.log(each) for each in medians.values()))
    rows = [(name, between(spread(each), 2)) for name, each in found.items()]
    table = Table(
        "Programs by way of all passes",
        ("program", "speed"),
        (*rows, ("geometric mean", f"{mean:.3f}")),
        _NOTE,
    )
    return Outcome((table,), {"programs": mean}, {"ratios": found})


def _ratios(name: str, rounds: int) -> dict[str, list[float]]:
    """Return for each benchmark of a program the ratios of its rounds."""
    program = _folder() / f"bm_{name}" / "run_benchmark.py"
    command = [PYTHON, str(WORKLOADS / "optimized.py"), str(program), "all"]
    done = subprocess.run(
        [*command, "--rounds", str(rounds)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _folder() -> Path:
    """Return where pyperformance keeps its programs; RuntimeError where it is not installed."""
    spec = importlib.util.find_spec("pyperformance")
    if spec is None or spec.origin is None:
        raise RuntimeError("pyperformance is not installed")
    return Path(spec.origin).parent / "data-files" / "benchmarks"
