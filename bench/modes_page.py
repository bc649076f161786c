"""Writes the page on ways to start: `python -m bench.modes_page [RESULTS]`.

RESULTS is what `bench/run.py --only modes` wrote (build/bench/results.json). Its figures are kept
in bench/modes.json, and the page is made of those alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.applications import APPLICATIONS
from bench.bench_modes import Cost, written
from bench.modes import MODES
from bench.outcome import Table
from bench.page import markdown
from bench.stats import Spread

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ROOT / "bench" / "modes.json"
PAGE = ROOT / "docs" / "explanation" / "start-up.md"
_HEAD = """\
# Ways to start

Programs that people start many times a day, started as python starts them, in each of Wadjet's
modes, and by the packagers, in one run. This page is written by `python -m bench.modes_page` from
what `bench/run.py --only modes` measured. `tests/equivalence/test_modes.py` holds each of Wadjet's
modes to what python does.

"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The figures of one run, and its circumstances."""

    date: str
    machine: Mapping[str, str]
    foreign: float
    costs: tuple[Cost, ...]


def load(path: Path = RECORDED) -> Recorded:
    """Return the figures that are kept."""
    told = json.loads(path.read_text())
    costs = tuple(map(_cost, told["costs"]))
    return Recorded(told["date"], told["machine"], told["foreign"], costs)


def _cost(told: dict[str, Any]) -> Cost:
    spreads = {key: told[key] and Spread(**told[key]) for key in ("perl", "plain")}
    return Cost(**{**told, **spreads})


def keep(results: Path, path: Path = RECORDED) -> None:
    """Take the figures out of a benchmark's results; KeyError if it did not measure them."""
    told = json.loads(results.read_text())
    costs = told["outcomes"]["modes"]["raw"]["costs"]
    kept = {key: told[key] for key in ("date", "machine", "foreign")} | {"costs": costs}
    kept["machine"].pop("profilers", None)  # which have no part in this
    path.write_text(json.dumps(kept, indent=1) + "\n")


def page(recorded: Recorded) -> str:
    """Return the page."""
    circumstances = [
        f"- date: {recorded.date}",
        *(f"- {name}: {fact}" for name, fact in recorded.machine.items()),
        f"- other programs used {recorded.foreign:.2f} cores during the median run",
    ]
    parts = [_HEAD, "\n".join(circumstances), "\n\n"]
    parts += [markdown(table) + "\n" for table in _tables(recorded.costs)]
    return "".join(parts).rstrip() + "\n" + _missing(recorded.costs)


def _tables(costs: Sequence[Cost]) -> Iterator[Table]:
    """Yield a table a figure: modes down, applications across."""
    yield _table("Time, over that of plain python", costs, lambda each: _ratio(each.plain, 2), TIME)
    yield _table("Time, over that of `perl -e 1`", costs, lambda each: _ratio(each.perl, 1), TIME)
    yield _table("System calls", costs, lambda each: written(each.calls), CALLS)
    yield _table("User instructions, in millions", costs, _millions, INSTRUCTIONS)
    yield _table("Minor page faults", costs, lambda each: written(each.faults), FAULTS)
    yield _table("On the disk, in MB", costs, lambda each: f"{each.bytes / 1e6:,.0f}", DISK)


TIME = "Wall time of the whole run of the program: medians of the ratios within a round."
CALLS = "Counted by `strace -c -f`, children included; of `warm`, those of the client alone."
INSTRUCTIONS = (
    "Counted by valgrind, children included, where an interpreter starts as valgrind lets it: not "
    "in a snapshot, nor behind a warm client, nor for packagers. What has a - was not counted."
)
FAULTS = "The least of the rounds, children included; of `warm`, those of the client alone."
DISK = "What the mode adds beside the environment of the application; holes in files take nothing."


def _table(title: str, costs: Sequence[Cost], write: Callable[[Cost], str], note: str) -> Table:
    modes = [each.name for each in MODES if any(each.name == cost.mode for cost in costs)]
    across = [each for each in APPLICATIONS if any(each.name == cost.application for cost in costs)]
    found = {(each.mode, each.application): each for each in costs}
    rows = [
        (mode, *(_cell(found.get((mode, each.name)), write) for each in across)) for mode in modes
    ]
    return Table(title, ("", *(each.does for each in across)), tuple(rows), note)


def _cell(cost: Cost | None, write: Callable[[Cost], str]) -> str:
    return "-" if cost is None or cost.error else write(cost)


def _ratio(spread: Spread | None, places: int) -> str:
    return "-" if spread is None else f"{spread.median:.{places}f}"


def _millions(cost: Cost) -> str:
    return "-" if cost.instructions is None else f"{cost.instructions / 1e6:,.1f}"


def _missing(costs: Sequence[Cost]) -> str:
    """Return why some have no figures."""
    why = [f"- {each.mode}, {each.application}: {each.error}" for each in costs if each.error]
    return "\n".join(["", "## What has no figures, and why", "", *why, ""]) if why else ""


def main(words: Sequence[str]) -> None:
    """Keep the figures of a run, if one is given, and write the page."""
    if words:
        keep(Path(words[0]))
    PAGE.write_text(page(load()))


if __name__ == "__main__":
    main(sys.argv[1:])
