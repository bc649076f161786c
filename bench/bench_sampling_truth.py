"""How right the profile is, on programs that know the truth about themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench import peers, readings, stats
from bench.measure import Run
from bench.outcome import Outcome, Table
from bench.peers import Tool
from bench.readings import Stack, Stacks
from bench.rig import Rig

RATE = 1000
PROGRAMS = {"acc1": "accuracy-one", "acc2": "accuracy-eight"}
JUDGED = (
    peers.WADJET,
    peers.PY_SPY,
    peers.PY_SPY_FREE,
    peers.AUSTIN_CPU,
    peers.SCALENE,
    peers.PYINSTRUMENT,
    peers.YAPPI,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How wrong a profile was: signed error by function, and all time reported / true."""

    errors: Mapping[str, float]
    counted: float

    @property
    def worst(self) -> float:
        """Return the size of the largest error."""
        return abs(stats.worst(self.errors)[1])


def accuracy(rig: Rig) -> Outcome:
    """Compare each profiler's shares of the CPU with those the program measured."""
    tables = []
    raw: dict[str, object] = {}
    figures: dict[str, float] = {}
    worst: dict[str, float] = {}
    for program, claim in PROGRAMS.items():
        rows = []
        for tool in rig.have(JUDGED):
            turns = rig.turns(3 if tool is peers.WADJET else 1)
            verdicts, error = _judge(rig, tool, program, turns)
            rows.append(_accuracy_row(tool, verdicts, error))
            raw[f"{program} {tool.name}"] = [dict(verdict.errors) for verdict in verdicts]
            largest = max((verdict.worst for verdict in verdicts), default=math.inf)
            worst[tool.name] = max(worst.get(tool.name, 0.0), largest)
            if tool is peers.WADJET:
                figures[claim] = largest
        tables.append(_accuracy_table(program, rows))
    figures["accuracy-peers"] = _beside_peers(worst)
    return Outcome(tuple(tables), figures, raw)


def _judge(rig: Rig, tool: Tool, program: str, turns: int) -> tuple[list[Verdict], str]:
    verdicts: list[Verdict] = []
    for _ in range(turns):
        run = rig.run(tool, RATE, program, "--seconds", str(rig.seconds(5)))
        if run.error:
            return verdicts, run.error
        verdicts.append(verdict(tool, run))
    return verdicts, ""


def verdict(tool: Tool, run: Run) -> Verdict:
    """Compare a profile with the truth of the clock that the tool claims to show."""
    truth = run.report[f"{tool.clock}_of"]
    reported = tool.times(run.output, RATE, run.report["owners"])
    counted = sum(reported.values()) / sum(truth.values())
    return Verdict(stats.errors(reported, truth), counted)


def _beside_peers(worst: Mapping[str, float]) -> float:
    """Return Wadjet's worst error over that of the best sampling peer."""
    sampling = [
        error for name, error in worst.items() if name not in (peers.WADJET.name, peers.YAPPI.name)
    ]
    return worst.get(peers.WADJET.name, math.nan) / min(sampling, default=math.nan)


def _accuracy_row(tool: Tool, verdicts: list[Verdict], error: str) -> tuple[str, ...]:
    if not verdicts:
        return tool.name, tool.clock, "0", "-", "-", "-", error
    worst = max(verdicts, key=lambda verdict: verdict.worst)
    name, points = stats.worst(worst.errors)
    counted = sum(verdict.counted for verdict in verdicts) / len(verdicts)
    runs = str(len(verdicts))
    return tool.name, tool.clock, runs, f"{points:+.2f}", name, f"{counted:.2f}", error


def _accuracy_table(program: str, rows: list[tuple[str, ...]]) -> Table:
    threads = "one thread" if program == "acc1" else "eight contending threads"
    return Table(
        f"Accuracy at 1 kHz, {threads} ({program})",
        ("profiler", "clock", "runs", "worst error, points", "of", "reported / true", "remark"),
        tuple(rows),
        "Error of a function's share of the time, in percentage points, over all functions and "
        "runs; the truth is each thread's own clock. A profiler of wall time is compared with "
        "wall time. yappi traces every call, and slows the program accordingly.",
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a profiler saw of the flutter program, in samples."""

    tool: Tool
    rate: int
    depth: int
    samples: float = 0.0
    impossible: Stacks = field(default_factory=dict)
    remark: str = ""
    failed: bool = False

    @property
    def wrong(self) -> float:
        """How many samples are impossible; NaN where there are none at all."""
        return math.nan if self.failed else sum(self.impossible.values())


FLUTTERED = (
    (peers.WADJET_BOTH, 10_000, 4.0),
    (peers.PY_SPY, 1000, 2.0),
    (peers.PY_SPY_FREE, 1000, 2.0),
    (peers.AUSTIN, 10_000, 2.0),
)
"""Each tool, its rate in Hz and the seconds at each depth: Wadjet needs 100,000 samples."""


def impossible(rig: Rig) -> Outcome:
    """Look for stacks that never were, at three depths."""
    usable = rig.have([tool for tool, _, _ in FLUTTERED])
    sightings = [
        _sight(rig, tool, rate, depth, seconds)
        for tool, rate, seconds in FLUTTERED
        if tool in usable
        for depth in (1, 10, 60)
    ]
    ours = [each for each in sightings if each.tool is peers.WADJET_BOTH]
    figures = {
        "impossible": sum(each.wrong for each in ours) if ours else math.nan,
        "impossible-samples": sum(each.samples for each in ours),
    }
    table = Table(
        "Impossible stacks",
        ("profiler", "Hz", "depth", "samples", "impossible", "remark"),
        tuple(map(_sighting_row, sightings)),
        "Two call chains flip as fast as Python can; a stack that mixes them, or misses its "
        "middle or its root, is impossible. Wadjet's CPU and wall samples are both counted.",
    )
    seen: dict[str, object] = {
        f"{each.tool.name} {each.depth}": {
            " > ".join(stack): count for stack, count in each.impossible.items()
        }
        for each in sightings
    }
    return Outcome((table,), figures, seen)


def _sight(rig: Rig, tool: Tool, rate: int, depth: int, seconds: float) -> Sighting:
    arguments = ("--depth", str(depth), "--seconds", str(rig.seconds(seconds)))
    run = rig.run(tool, rate, "flutter", *arguments)
    if run.error:
        return Sighting(tool, rate, depth, remark=run.error, failed=True)
    if tool is peers.WADJET_BOTH:
        stacks = readings.count_recording(run.output)
        remark = readings.dropped(run.output)
    else:
        stacks = {stack: time * rate for stack, time in tool.read(run.output, rate).items()}
        remark = ""
    inside, wrong = judge_stacks(stacks, depth)
    return Sighting(tool, rate, depth, inside, wrong, remark)


def _sighting_row(each: Sighting) -> tuple[str, ...]:
    share = f" ({100 * each.wrong / each.samples:.3f} %)" if each.samples else ""
    where = (each.tool.name, str(each.rate), str(each.depth))
    return *where, f"{each.samples:,.0f}", f"{each.wrong:,.0f}{share}", each.remark


def judge_stacks(stacks: Stacks, depth: int) -> tuple[float, Stacks]:
    """Return how many samples are in the flutter program, and the impossible stacks."""
    inside = {stack: weight for stack, weight in stacks.items() if NAMES & set(stack)}
    wrong = {stack: weight for stack, weight in inside.items() if not possible(stack, depth)}
    return sum(inside.values()), wrong


NAMES = {"leaf_a", "leaf_b", "hot_a", "hot_b", "drive", "descend"}


def possible(stack: Stack, depth: int) -> bool:
    """Tell whether a stack, root first, can occur in the flutter program."""
    if "main" not in stack:
        return False
    inner = stack[stack.index("main") + 1 :]
    base = ("descend",) * (depth + 1) + ("drive",)
    return any(
        inner == (*base, f"hot_{chain}", f"leaf_{chain}")[: len(inner)] for chain in ("a", "b")
    )


def reuse(rig: Rig) -> Outcome:
    """Count the functions that got their own time, though each took the memory of the last."""
    rows = []
    figures = {"reuse": math.nan}
    raw: dict[str, object] = {}
    tools = (peers.WADJET, peers.PY_SPY, peers.AUSTIN_CPU, peers.SCALENE, peers.PYINSTRUMENT)
    for tool in rig.have(tools):
        run = rig.run(tool, RATE, "reuse")
        if run.error:
            rows.append((tool.name, "-", "-", run.error))
            continue
        truth = run.report["cpu_of"]
        times = tool.times(run.output, RATE, run.report["owners"])
        named, right = stats.named(times, truth), stats.overlap(times, truth)
        rows.append((tool.name, f"{named} of {len(truth)}", f"{right:.1f}", ""))
        raw[tool.name] = times
        if tool is peers.WADJET:
            figures["reuse"] = float(named)
    table = Table(
        "Functions made by exec, 30 ms each, that die before the next is made, at 1 kHz",
        ("profiler", "named", "time to the right name, %", "remark"),
        tuple(rows),
        "A function counts as named if it got at least half of its time.",
    )
    return Outcome((table,), figures, raw)
