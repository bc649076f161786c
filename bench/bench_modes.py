"""What starting an application costs in each mode: everything in one interleaved run."""

from __future__ import annotations

import math
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.applications import APPLICATIONS, Application
from bench.environments import BUILT
from bench.instructions import instructions, system_calls
from bench.measure import machine_busy
from bench.modes import MODES, Built, Mode
from bench.outcome import Outcome, Table, between
from bench.rig import Rig
from bench.stats import Spread, spread

PERL = Built(("perl", "-e", "1"))
ROUNDS = 9
OURS = tuple(mode.name for mode in MODES if mode.ours)
COUNTED = tuple(mode.name for mode in MODES if mode.counted)
PACKAGERS = tuple(mode.name for mode in MODES if not mode.ours and mode.name != "plain")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one application costs to start, in one mode.

    Times are ratios of wall time within a round; ``bytes`` is what lies on the disk beside the
    environment. None is what could not be counted; ``error`` says why nothing was measured.
    """

    application: str
    mode: str
    calls: int | None = None
    instructions: int | None = None
    faults: int | None = None
    bytes: int = 0
    perl: Spread | None = None
    plain: Spread | None = None
    error: str = ""


def modes(rig: Rig) -> Outcome:
    """Start each application in each mode, count, and take times in turn."""
    costs = [cost for each in APPLICATIONS for cost in _compared(each, rig)]
    return Outcome(
        tuple(_table(each, costs) for each in APPLICATIONS),
        figures(costs),
        {"costs": [asdict(cost) for cost in costs]},
    )


def figures(costs: Sequence[Cost]) -> dict[str, float]:
    """Return how each mode of ours stands to the best packager: the worst of the applications.

    NaN where an application does not run in a mode.
    """
    return {f"modes-{name.replace(' ', '-')}": _worst(name, costs) for name in OURS}


def _worst(name: str, costs: Sequence[Cost]) -> float:
    ratios = [
        ours.plain.median / min(others)
        for ours in costs
        if ours.mode == name and ours.plain
        if (others := _packaged(ours.application, costs))
    ]
    return max(ratios) if len(ratios) == len(APPLICATIONS) else math.nan


def _packaged(application: str, costs: Sequence[Cost]) -> list[float]:
    """Return the times of the packagers for an application, over that of plain python."""
    return [
        each.plain.median
        for each in costs
        if each.application == application and each.mode in PACKAGERS and each.plain
    ]


def _compared(application: Application, rig: Rig) -> list[Cost]:
    """Return the costs of an application in all modes."""
    ready: dict[str, Built] = {}
    failed: dict[str, str] = {}
    folders: list[Path] = []
    for mode in MODES:
        rig.tell(f"{application.does}: building {mode.name}")
        folder = _folder(mode, application, rig)
        folders += [folder] if mode.ours else []
        try:
            ready[mode.name] = mode.build(application, folder)
            _start(ready[mode.name], application.code)  # what is unpacked at first is there now
            _start(ready[mode.name], application.code)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            failed[mode.name] = without_places(str(error), rig.folder)
            ready.pop(mode.name, None)
    try:
        costs = _measured(application, ready, rig)
    finally:
        for built in ready.values():
            built.end()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    return costs + [Cost(application.name, name, error=error) for name, error in failed.items()]


def without_places(told: str, folder: Path) -> str:
    """Return what went wrong without the folders that it went wrong in."""
    return told.replace(f"{BUILT}/", "").replace(f"{folder}/", "")


def _folder(mode: Mode, application: Application, rig: Rig) -> Path:
    """Return where a mode builds: what we make is made anew, what packagers make is kept."""
    top = rig.folder if mode.ours else BUILT / "made"
    folder = top / mode.name / application.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _measured(application: Application, ready: Mapping[str, Built], rig: Rig) -> list[Cost]:
    turns = _rounds(application, ready, rig)
    return [_cost(application, name, built, turns, rig) for name, built in ready.items()]


def _cost(
    application: Application,
    name: str,
    built: Built,
    turns: Sequence[Mapping[str, tuple[float, int]]],
    rig: Rig,
) -> Cost:
    """Count one mode's system calls and instructions, and sum up its rounds."""
    rig.tell(f"{application.does}: counting {name}")
    count = _counter(built, application.code)
    return Cost(
        application.name,
        name,
        count(system_calls),
        count(instructions) if name in COUNTED and not rig.quick else None,
        min(turn[name][1] for turn in turns),
        built.bytes(),
        spread([turn[name][0] / turn["perl"][0] for turn in turns]),
        spread([turn[name][0] / turn["plain"][0] for turn in turns]),
    )


def _counter(
    built: Built, code: int
) -> Callable[[Callable[[Sequence[str], Mapping[str, str], int], int]], int | None]:
    """Return what applies a counter to a start, and has None where it cannot count."""

    def count(counter: Callable[[Sequence[str], Mapping[str, str], int], int]) -> int | None:
        try:
            return counter(built.command, built.environment, code)
        except RuntimeError:
            return None

    return count


def _rounds(
    application: Application, ready: Mapping[str, Built], rig: Rig
) -> list[dict[str, tuple[float, int]]]:
    """Start all in turn, in another order each round; return seconds and page faults."""
    turns = []
    for number in range(rig.turns(ROUNDS)):
        rig.tell(f"{application.does}: round {number + 1}")
        began, busy = time.monotonic(), _others_busy()
        turn = {}
        for name in rig.rng.sample([*ready, "perl"], len(ready) + 1):
            built = PERL if name == "perl" else ready[name]
            turn[name] = _start(built, 0 if name == "perl" else application.code)
        turns.append(turn)
        rig.foreign.append(max(0.0, _others_busy() - busy) / (time.monotonic() - began))
    return turns


def _others_busy() -> float:
    """Return the seconds that the cores worked, but for the children that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return machine_busy() - usage.ru_utime - usage.ru_stime


def _start(built: Built, code: int) -> tuple[float, int]:
    """Start it and wait; return the wall time, and the minor page faults of the process.

    RuntimeError if it does not end with its code.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        built.command,
        env=built.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"exit code {process.returncode}: {last}")
    return took, usage.ru_minflt


def _table(application: Application, costs: Sequence[Cost]) -> Table:
    """Return the table of one application."""
    here = [each for each in costs if each.application == application.name]
    return Table(
        f"Starting: {application.does}",
        ("mode", "time / plain python", "time / perl -e 1", "calls", "M instr.", "faults", "MB"),
        tuple(_row(each) for each in here),
        "Wall time, within a round; system calls; user instructions; minor page faults; the disk.",
    )


def _row(cost: Cost) -> tuple[str, ...]:
    if cost.error:
        return (cost.mode, cost.error, *[""] * 5)
    return (
        cost.mode,
        between(cost.plain, 2),
        between(cost.perl, 1),
        written(cost.calls),
        "-" if cost.instructions is None else f"{cost.instructions / 1e6:,.1f}",
        written(cost.faults),
        f"{cost.bytes / 1e6:,.0f}",
    )


def written(count: int | None) -> str:
    """Write a count, or a dash where there is none."""
    return "-" if count is None else f"{count:,}"
