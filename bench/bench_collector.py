"""What the garbage collector costs a server, treated and not; what its trace costs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

from bench import peers
from bench.bench_sampling_cost import raw
from bench.measure import Run
from bench.outcome import Outcome, Table, between
from bench.pairs import Comparison, Contender, interleave
from bench.rig import Rig

TREATMENTS = ("freeze", "grow", "budget", "concurrent")
PLAIN = "no treatment"
RATE = 100
OBJECTS = "2000000"

PAUSES_NOTE = """\
A server of two million objects, whose requests make cycles and whose cache drops sessions. Each \
run stands between two plain ones. "Pause" is the longest of the run: of the collector, or for \
the concurrent one of the fork and of each slice; "request" is the slowest. CPU is that of the \
process, without the marking child's, which "children" has."""

TRACE_NOTE = """\
The same server, of a million objects, recorded at 100 Hz with the collector's runs; ratios are \
to the recording without them."""


def pauses(rig: Rig) -> Outcome:
    """Compare the server with each treatment and without."""
    names = (PLAIN, *TREATMENTS)
    contenders = [Contender(name, _start(rig, name)) for name in names]
    found = interleave(_start(rig, PLAIN), contenders, rig.turns(5), rig.rng)
    columns = ("treatment", "pause, ms", "of plain", "request, ms", "CPU, x", "children, s", "full")
    table = Table(
        "Pauses of a server by treatment of the collector",
        columns,
        tuple(_row(name, each) for name, each in found.items()),
        PAUSES_NOTE,
    )
    beside = found["concurrent"]
    figures = {
        "collector-pause": _relative(beside, "pause"),
        "collector-throughput": _inverse(beside),
        "collector-freeze": _relative(found["freeze"], "pause"),
    }
    return Outcome((table,), figures, {"server": raw(found)})


def trace(rig: Rig) -> Outcome:
    """Compare recordings with the collector's runs with one without."""
    base = rig.starter(peers.WADJET, RATE, "server")
    contenders = [
        Contender(tool.name, rig.starter(tool, RATE, "server"))
        for tool in (peers.WADJET_RUNS, peers.WADJET_CYCLES)
    ]
    found = interleave(base, contenders, rig.turns(5), rig.rng)
    rows = tuple(
        (name, str(len(each.pairs)), between(each.ratio("cpu")), each.error)
        for name, each in found.items()
    )
    table = Table(
        "What the collector's trace costs",
        ("recording", "pairs", "CPU, x", "remark"),
        rows,
        TRACE_NOTE,
    )
    return Outcome(
        (table,),
        {
            "collector-trace": _cpu(found[peers.WADJET_RUNS.name]),
            "collector-cycles": _cpu(found[peers.WADJET_CYCLES.name]),
        },
    )


def _start(rig: Rig, name: str) -> Callable[[], Run]:
    treatment = "none" if name == PLAIN else name
    arguments = ("--objects", OBJECTS, "--treatment", treatment)
    return lambda: rig.run(None, 0, "server", *arguments)


def _row(name: str, comparison: Comparison) -> tuple[str, ...]:
    if not comparison.pairs:
        return name, *["-"] * 5, comparison.error
    return (
        name,
        f"{1e3 * _median(comparison, 'pause'):.1f}",
        f"{_relative(comparison, 'pause'):.3f}",
        f"{1e3 * _median(comparison, 'longest'):.1f}",
        between(comparison.ratio("cpu")),
        f"{comparison.mean(_children):.2f}",
        f"{_median(comparison, 'full'):.0f}",
    )


def _children(run: Run) -> float:
    return max(0.0, run.tree_cpu - float(run.report["process_cpu"]))


def _median(comparison: Comparison, fact: str) -> float:
    return statistics.median(float(pair.run.report[fact]) for pair in comparison.pairs)


def _relative(comparison: Comparison, fact: str) -> float:
    """Return the median ratio of a fact to that of the plain runs around; NaN for none."""
    ratios = [
        2
        * float(pair.run.report[fact])
        / (float(pair.before.report[fact]) + float(pair.after.report[fact]))
        for pair in comparison.pairs
    ]
    return statistics.median(ratios) if ratios else math.nan


def _cpu(comparison: Comparison) -> float:
    ratio = comparison.ratio("cpu")
    return ratio.median if ratio else math.nan


def _inverse(comparison: Comparison) -> float:
    """Return the throughput, in requests for each second of CPU, over that of the plain runs."""
    return 1 / _cpu(comparison)
