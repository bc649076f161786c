"""What recording costs the program and the machine, beside the peers."""

from __future__ import annotations

import math
from typing import TypeAlias

from bench import peers
from bench.measure import Run
from bench.outcome import Outcome, Table, between
from bench.pairs import Comparison, Contender, interleave
from bench.peers import Tool
from bench.rig import Rig

Entry: TypeAlias = tuple[Tool, int]
"""A tool and a rate in Hz."""
Found: TypeAlias = dict[str, Comparison]

RATES = (100, 1000)
LIGHT: tuple[Entry, ...] = (
    (peers.WADJET, 100),
    (peers.WADJET, 1000),
    (peers.PY_SPY, 100),
    (peers.PY_SPY, 1000),
    (peers.PY_SPY_FREE, 1000),
    (peers.AUSTIN, 100),
    (peers.AUSTIN, 1000),
)
HEAVY: tuple[Entry, ...] = (
    (peers.SCALENE, 100),
    (peers.SCALENE, 1000),
    (peers.PYINSTRUMENT, 100),
    (peers.PYINSTRUMENT, 1000),
)
"""These are so far from the others that every fourth round will do."""
PLAIN = "no profiler"
PARTS = ("run", "before", "after")

NOTE = """\
Each run stands between two plain ones; the ratios are to their mean: median (quartiles). "no \
profiler" is the plain program compared with itself, and shows how still the machine was. Wall \
and CPU are those of the work alone, as the program measured them. "Own CPU" is what the \
profiler's other processes used, its start-up and its summary included, as a share of one core \
during the run; a profiler that works inside the program only has none."""
COLUMNS = ("profiler", "Hz", "pairs", "wall, x", "CPU, x", "own CPU, %", "remark")


def slowdown(rig: Rig) -> Outcome:
    """Measure one call-heavy thread."""
    found = _compare(rig, "calls", turns=7)
    figures = {f"slowdown-{rate}": _cpu(found, rate) for rate in RATES}
    figures |= {f"slowdown-peers-{rate}": _behind_peers(found, rate) for rate in RATES}
    table = _table("Slowdown of a call-heavy program on one thread", found)
    return Outcome((table,), figures, {"calls": raw(found)})


def threads(rig: Rig) -> Outcome:
    """Measure eight threads: two sleep, three run C without the GIL, three run Python."""
    found = _compare(rig, "threads", turns=4)
    table = _table("Slowdown of eight threads", found)
    figures = {"slowdown-threads-1000": _cpu(found, 1000)}
    return Outcome((table,), figures, {"threads": raw(found)})


def _compare(rig: Rig, workload: str, turns: int) -> Found:
    contenders = [Contender(PLAIN, rig.starter(None, 0, workload))]
    for entries, every in ((LIGHT, 1), (HEAVY, 4)):
        usable = rig.have([tool for tool, _ in entries])
        contenders += [
            Contender(label(tool, rate), rig.starter(tool, rate, workload), every)
            for tool, rate in entries
            if tool in usable
        ]
    return interleave(rig.starter(None, 0, workload), contenders, rig.turns(turns), rig.rng)


def label(tool: Tool, rate: int) -> str:
    """Return what a tool at a rate is called in the results."""
    return f"{tool.name} @ {rate}"


def _cpu(found: Found, rate: int) -> float:
    """Return Wadjet's CPU ratio; NaN if it was not measured."""
    comparison = found.get(label(peers.WADJET, rate))
    ratio = comparison.ratio("cpu") if comparison else None
    return ratio.median if ratio else math.nan


def _behind_peers(found: Found, rate: int) -> float:
    """Return by how much Wadjet slows the program more than the gentlest peer does.

    Not counted is what reads a running program without stopping it and keeps what is torn:
    two of five of its stacks never were, says the benchmark of impossible stacks.
    """
    ours = math.nan
    theirs = []
    for tool, its_rate in (*LIGHT, *HEAVY):
        comparison = found.get(label(tool, rate))
        if (
            its_rate != rate
            or tool is peers.PY_SPY_FREE
            or comparison is None
            or not comparison.pairs
        ):
            continue
        if tool is peers.WADJET:
            ours = _slower(comparison)
        else:
            theirs.append(_slower(comparison))
    return ours - min(theirs, default=math.nan)


def _slower(comparison: Comparison) -> float:
    """Return the median ratio of wall or CPU time, whichever is greater."""
    ratios = (comparison.ratio("wall"), comparison.ratio("cpu"))
    return max(ratio.median for ratio in ratios if ratio)


def _table(title: str, found: Found) -> Table:
    return Table(title, COLUMNS, tuple(_row(name, each) for name, each in found.items()), NOTE)


def _row(name: str, comparison: Comparison) -> tuple[str, ...]:
    tool, _, rate = name.partition(" @ ")
    count = str(len(comparison.pairs))
    if not comparison.pairs:
        return tool, rate, count, "-", "-", "-", comparison.error
    wall, cpu = between(comparison.ratio("wall")), between(comparison.ratio("cpu"))
    own = 100 * comparison.mean(lambda run: run.profiler_cpu / run.elapsed)
    return tool, rate, count, wall, cpu, f"{own:.1f}" if rate else "-", comparison.error


def raw(found: Found) -> dict[str, object]:
    """Return every pair as plain numbers."""
    return {
        name: [{part: _numbers(getattr(pair, part)) for part in PARTS} for pair in comparison.pairs]
        for name, comparison in found.items()
    }


def _numbers(run: Run) -> dict[str, float]:
    return {
        "wall": run.wall,
        "cpu": run.cpu,
        "profiler_cpu": run.profiler_cpu,
        "elapsed": run.elapsed,
        "foreign": run.foreign,
    }


def idle(rig: Rig) -> Outcome:
    """Measure what the recording of an idle server costs for each second beyond the first.

    The difference between a long and a short run leaves start-up out.
    """
    entries = [(peers.WADJET, 100), (peers.PY_SPY, 100), (peers.AUSTIN, 100)]
    usable = rig.have([tool for tool, _ in entries])
    costs = {tool.name: _idle_cost(rig, tool, rate) for tool, rate in entries if tool in usable}
    table = Table(
        "Recording an idle server of eight threads at 100 Hz",
        ("profiler", "CPU, % of a core"),
        tuple((name, f"{cost:.2f}") for name, cost in costs.items()),
        "CPU time of all processes in a long run less that in a short one, over the difference.",
    )
    return Outcome((table,), {"idle": costs.get("wadjet", math.nan)}, dict(costs))


def _idle_cost(rig: Rig, tool: Tool, rate: int) -> float:
    short, long = 1.0, 1.0 + rig.seconds(10)
    runs = [rig.run(tool, rate, "idle", "--seconds", str(length)) for length in (short, long)]
    if any(run.error for run in runs):
        return math.nan
    return 100 * (runs[1].tree_cpu - runs[0].tree_cpu) / (long - short)


def robust(rig: Rig) -> Outcome:
    """Record programs whose threads, processes and tasks come and go: they must end well."""
    rows = []
    for workload in ("churn", "tasks"):
        contenders = [
            Contender(label(tool, 1000), rig.starter(tool, 1000, workload))
            for tool in rig.have([peers.WADJET, peers.PY_SPY, peers.AUSTIN])
        ]
        found = interleave(rig.starter(None, 0, workload), contenders, rig.turns(2), rig.rng)
        rows += [(workload, *_row(name, each)) for name, each in found.items()]
    title = "Threads and forks (churn), and 1,000 asyncio tasks (tasks)"
    return Outcome((Table(title, ("program", *COLUMNS), tuple(rows)),))
