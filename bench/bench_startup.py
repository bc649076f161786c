"""What recording a start costs the start."""

from __future__ import annotations

import json
import statistics
import subprocess

from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON
from bench.rig import Rig
from bench.stats import spread

_PROGRAMS = ("pass", "import json, decimal", "import asyncio, sqlite3, http.server")
_PAIR = """
import json, os, subprocess, sys, time
from wadjet.observe.startup import timing
command = [sys.executable, "-c", sys.argv[1]]
def plain():
    began = time.monotonic_ns()
    subprocess.run(command, close_fds=False)
    return time.monotonic_ns() - began
def timed():
    found = timing.run(command, os.environ)
    return found.ended - found.began
plain(), timed()
pairs = []
for turn in range(int(sys.argv[2])):
    first, second = (plain, timed) if turn % 2 else (timed, plain)
    one, other = first(), second()
    pairs.append((one, other) if first is plain else (other, one))
print(json.dumps(pairs))
"""


def recording(rig: Rig) -> Outcome:
    """Compare starts whose times are taken with those that nobody looks at, in turn."""
    rows, figures = [], []
    for program in _PROGRAMS:
        rig.tell(f"start of {program!r}")
        command = [PYTHON, "-c", _PAIR, program, str(rig.turns(40))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        pairs = json.loads(done.stdout)
        ratio = spread([timed / plain for plain, timed in pairs])
        usual = statistics.median(plain for plain, _ in pairs) / 1e6
        rows.append((program, f"{usual:.1f}", between(ratio, 3)))
        figures.append(ratio.median)
    table = Table(
        "Recording a start",
        ("program", "alone, ms", "recorded / alone"),
        tuple(rows),
        "Wall time from before the process is made to its end.",
    )
    return Outcome((table,), {"startup": max(figures)})
