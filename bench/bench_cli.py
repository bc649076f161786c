"""What the command line costs before it does anything."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence

from bench.instructions import instructions
from bench.outcome import Outcome, Table, between
from bench.peers import PYTHON, SCRIPTS
from bench.rig import Rig
from bench.stats import spread


def startup(rig: Rig) -> Outcome:
    """Compare `wadjet --help` with the start of Python itself, in turn."""
    plain = [PYTHON, "-c", "pass"]
    asked = [str(SCRIPTS / "wadjet"), "--help"]
    _seconds(plain), _seconds(asked)  # what is on disk comes into memory
    pairs = []
    for _ in range(rig.turns(25) + 4):
        rig.tell("wadjet --help")
        pairs.append((_seconds(plain), _seconds(asked)))
    ratio = spread([ours / base for base, ours in pairs])
    base, ours = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    rig.tell("wadjet --help: instructions")
    counts = [instructions(command, os.environ) for command in (plain, asked)]
    more = counts[1] / counts[0]
    millions = [f"{each / 1e6:.1f}" for each in counts]
    table = Table(
        "Start-up",
        ("", "python -c pass", "wadjet --help", "ratio"),
        (
            ("wall time, ms", f"{base:.1f}", f"{ours:.1f}", between(ratio, 2)),
            ("user instructions, millions", *millions, f"{more:.2f}"),
        ),
    )
    return Outcome((table,), {"help": ratio.median, "help-instructions": more})


def _seconds(command: Sequence[str]) -> float:
    """Return the wall time of a command that must succeed."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
