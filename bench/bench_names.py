"""What the passes on names gain, in small loops that do little else."""

from __future__ import annotations

import json
import math
import statistics
import subprocess

from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON
from bench.rig import WORKLOADS, Rig
from bench.stats import spread

_NOTE = """\
CPU time without passes over that with them: more than 1 is faster. Both are run in turn in one \
process; medians of the ratios, between quartiles, with what the loop itself takes in them."""
_GROUPS = {
    "builtins": "builtins and their classes, in a function",
    "globals": "globals that a function binds",
    "types": "locals of a type that is known",
    "loops": "loops of a module's own level",
}


def names(rig: Rig) -> Outcome:
    """Run each case both ways, and compare."""
    rig.tell("names, by way of all passes")
    command = [PYTHON, str(WORKLOADS / "names.py"), "--rounds", str(rig.turns(15))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, dict[str, list[float]]] = json.loads(done.stdout.splitlines()[-1])
    tables, figures = [], {}
    for group, title in _GROUPS.items():
        medians = [statistics.median(each) for each in found[group].values()]
        mean = math.exp(statistics.fmean(map(math.log, medians)))
        rows = [(case, between(spread(each), 2)) for case, each in found[group].items()]
        rows.append(("geometric mean", f"{mean:.2f}"))
        tables.append(Table(f"Names: {title}", ("case", "speed"), tuple(rows), _NOTE))
        figures[f"names-{group}"] = mean
    return Outcome(tuple(tables), figures, {"ratios": found})
