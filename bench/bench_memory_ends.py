"""What recording memory costs before and after the work: imports, libraries, the flame graph."""

from __future__ import annotations

import math
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bench_memory import EXACT, MEMRAY, MEMRAY_ALL, SAMPLED
from bench.measure import Run
from bench.outcome import Outcome, Table, between
from bench.pairs import Contender, interleave
from bench.peers import Tool
from bench.rig import Rig

PLAIN = "no recorder"

IMPORTS_NOTE = """\
CPU time of `import numpy, pandas, lxml.etree, pyarrow` over that of the plain program; the time \
of one dlopen of a small library, with 130 loaded before."""

GRAPH_NOTE = """\
From the program's exit until its flame graph lies on the disk as HTML: from the end of its work, \
less the time that the plain program then needs to end (its interpreter tidies up). The size is \
that of the recording."""


def imports(rig: Rig) -> Outcome:
    """Measure what loading libraries costs while memory is recorded."""
    tools = rig.have((SAMPLED, EXACT, MEMRAY))
    start = rig.starter(None, 0, "imports")
    contenders = [Contender(tool.name, rig.starter(tool, 0, "imports")) for tool in tools]
    found = interleave(start, contenders, rig.turns(7), rig.rng)
    loads = {PLAIN: _dlopen(rig, None)} | {tool.name: _dlopen(rig, tool) for tool in tools}
    rows = tuple(
        (name, between(found[name].ratio("cpu")) if name in found else "1", f"{1e3 * took:.3f}")
        for name, took in loads.items()
    )
    ratio = found[SAMPLED.name].ratio("cpu")
    columns = ("recorder", "imports, x", "dlopen, ms")
    return Outcome(
        (Table("Loading libraries", columns, rows, IMPORTS_NOTE),),
        {
            "memory-imports": ratio.median if ratio else math.nan,
            "memory-dlopen": 1e3 * loads[SAMPLED.name],
        },
        {"dlopen": loads},
    )


def _dlopen(rig: Rig, tool: Tool | None) -> float:
    runs = [rig.run(tool, 0, "libraries") for _ in range(rig.turns(3))]
    return statistics.median(float(run.report.get("dlopen", math.nan)) for run in runs)


@dataclass(frozen=True, slots=True)
class Ending:
    """Seconds from a program's exit to its flame graph, and bytes of the recording."""

    seconds: float
    size: int


Draw = Callable[[Path, Path], Sequence[str]]
"""From (recording, HTML) to the command line."""


def graph(rig: Rig) -> Outcome:
    """Measure how long it takes from a program's end to its flame graph."""
    drawers: dict[Tool, Draw] = {
        EXACT: lambda recording, html: [
            EXACT.line(0, recording, [])[0],
            "report",
            "--overwrite",
            *("-o", str(html), str(recording)),
        ],
        MEMRAY_ALL: lambda recording, html: [
            MEMRAY_ALL.line(0, recording, [])[0],
            "flamegraph",
            "--force",
            *("-o", str(html), str(recording)),
        ],
    }
    rows: list[tuple[str, ...]] = []
    figures: dict[str, float] = {}
    for workload in ("allocate", "extensions"):
        for tool in rig.have(tuple(drawers)):
            endings = [_end(rig, tool, workload, drawers[tool]) for _ in range(rig.turns(3))]
            seconds = statistics.median(each.seconds for each in endings)
            size = statistics.median(each.size for each in endings) / 1e6
            rows.append((f"{workload}.py", tool.name, f"{seconds:.2f}", f"{size:.2f}"))
            if tool is EXACT:
                figures["memory-graph"] = max(seconds, figures.get("memory-graph", 0))
                figures["memory-file"] = max(size, figures.get("memory-file", 0))
    columns = ("program", "recorder", "to the flame graph, s", "recording, MB")
    table = Table("From a program's end to its flame graph", columns, tuple(rows), GRAPH_NOTE)
    return Outcome((table,), figures)


def _end(rig: Rig, tool: Tool, workload: str, draw: Draw) -> Ending:
    plain = rig.run(None, 0, workload)
    run: Run = rig.run(tool, 0, workload)
    if run.error:
        rig.missing[f"{tool.name}, {workload}.py"] = run.error
        return Ending(math.nan, 0)
    begin = time.time()
    html = rig.folder / "graph.html"
    html.unlink(missing_ok=True)
    subprocess.run(draw(run.output, html), check=True, capture_output=True)
    drawn = time.time() - begin
    return Ending(run.after - plain.after + drawn, run.output.stat().st_size)
