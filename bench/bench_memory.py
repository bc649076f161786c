"""What recording memory costs the program, beside the peers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import peers, readings
from bench.outcome import Outcome, Table, between
from bench.pairs import Comparison, Contender, interleave
from bench.peers import PYTHON, Tool
from bench.rig import Rig


def _wadjet(*flags: str) -> peers.Command:
    def command(program: str, rate: int, output: Path, target: Sequence[str]) -> list[str]:  # noqa: ARG001
        clocks = ["--rate", "0", "--wall-rate", "0"]
        return [program, "run", "-q", *clocks, *flags, "-o", str(output), *target]

    return command


def _memray(*flags: str) -> peers.Command:
    def command(program: str, rate: int, output: Path, target: Sequence[str]) -> list[str]:  # noqa: ARG001
        return [program, "run", "-q", "-f", *flags, "-o", str(output), *target]

    return command


def _scalene(program: str, rate: int, output: Path, target: Sequence[str]) -> list[str]:  # noqa: ARG001
    script, *arguments = target
    return [PYTHON, program, "run", "--memory", "-o", str(output), script, "---", *arguments]


def _fil(program: str, rate: int, output: Path, target: Sequence[str]) -> list[str]:  # noqa: ARG001
    return [program, "--no-browser", "-o", str(output), "run", *target]


def _tracemalloc(program: str, rate: int, output: Path, target: Sequence[str]) -> list[str]:  # noqa: ARG001
    run = ["sh", "-c", 'touch "$0" && exec "$@"', str(output)]
    return [*run, PYTHON, "-X", "tracemalloc=25", *target]


SAMPLED = Tool("wadjet --memory", "wadjet", _wadjet("--memory"), readings.read_wadjet)
EXACT = Tool("wadjet --memory=exact", "wadjet", _wadjet("--memory=exact"), readings.read_wadjet)
NATIVE = Tool(
    "wadjet, exact and native",
    "wadjet",
    _wadjet("--memory=exact", "--native"),
    readings.read_wadjet,
)
OURS = {SAMPLED: "sampled", EXACT: "exact", NATIVE: "native"}
MEMRAY = Tool("memray", "memray", _memray(), readings.read_wadjet)
MEMRAY_ALL = Tool(
    "memray, Python too",
    "memray",
    _memray("--trace-python-allocators"),
    readings.read_wadjet,
)
TOOLS = (
    *OURS,
    MEMRAY,
    MEMRAY_ALL,
    Tool(
        "memray, Python too, native",
        "memray",
        _memray("--trace-python-allocators", "--native"),
        readings.read_wadjet,
    ),
    Tool("scalene --memory", "scalene", _scalene, readings.read_wadjet, suffix=".json"),
    Tool("fil", "fil-profile", _fil, readings.read_wadjet),
    Tool("tracemalloc, 25 frames", "python", _tracemalloc, readings.read_wadjet),
)
"""Everything is counted by all but the first and scalene; memray alone leaves Python's own out."""

COLUMNS = ("recorder", "pairs", "CPU, x", "wall, x", "remark")
NOTE = """\
Each run stands between two plain ones; the ratios are to their mean: median (quartiles). Times \
are those of the work alone, as the program measured them."""


def tracking(rig: Rig) -> Outcome:
    """Measure a program whose memory is Python's, and one whose memory is C's."""
    tables: list[Table] = []
    figures: dict[str, float] = {}
    held: dict[str, object] = {}
    for workload, letter in (("allocate", "python"), ("extensions", "c")):
        found = _compare(rig, workload)
        for tool, mode in OURS.items():
            ratio = found[tool.name].ratio("cpu") if tool.name in found else None
            figures[f"memory-{mode}-{letter}"] = ratio.median if ratio else math.nan
        tables.append(_table(workload, found))
        held[workload] = {name: str(each.ratio("cpu")) for name, each in found.items()}
    return Outcome(tuple(tables), figures, held)


def _compare(rig: Rig, workload: str) -> dict[str, Comparison]:
    contenders = [Contender("no recorder", rig.starter(None, 0, workload))]
    contenders += [
        Contender(tool.name, rig.starter(tool, 0, workload), 1 if tool in OURS else 3)
        for tool in rig.have(TOOLS)
    ]
    return interleave(rig.starter(None, 0, workload), contenders, rig.turns(7), rig.rng)


def _table(workload: str, found: Mapping[str, Comparison]) -> Table:
    title = f"Recording the memory of {workload}.py"
    return Table(title, COLUMNS, tuple(_row(name, each) for name, each in found.items()), NOTE)


def _row(name: str, comparison: Comparison) -> tuple[str, ...]:
    ratios = (between(comparison.ratio("cpu")), between(comparison.ratio("wall")))
    return name, str(len(comparison.pairs)), *ratios, comparison.error
