"""``wadjet.collector``: see what the garbage collector does, and treat it.

>>> from wadjet import collector
>>> with collector.trace() as recording:
...     found = __import__("gc").collect()
>>> [run.generation for run in collector.runs(recording.profile) if not run.automatic]
[2]
"""

from __future__ import annotations

import os

from wadjet.embed.session import Session, sample
from wadjet.model.collection import Garbage, Run, garbage, runs
from wadjet.observe.collector.budget import Budget
from wadjet.observe.collector.concurrent import Concurrent, Outcome, collect
from wadjet.observe.collector.freezing import Sharing, freeze, measure_sharing
from wadjet.observe.collector.growth import Growth

__all__ = [
    "Budget",
    "Concurrent",
    "Garbage",
    "Growth",
    "Outcome",
    "Run",
    "Session",
    "Sharing",
    "budget",
    "collect",
    "concurrent",
    "freeze",
    "garbage",
    "grow",
    "measure_sharing",
    "runs",
    "trace",
]


def trace(
    *,
    cycles: bool = False,
    output: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Session:
    """Record every run of the collector for as long as a ``with`` block runs.

    ``cycles`` records what it frees as well: of which type, and who made it. The recording is one
    of ``wadjet.sample`` that looks at the threads seldom; ``output`` and what is raised are as
    there.
    """
    mode = "cycles" if cycles else "runs"
    return sample(0, 10, collector=mode, output=output, overwrite=overwrite)


def concurrent(growth: float = 0.1) -> Concurrent:
    """Start to collect concurrently; see ``Concurrent``, which is returned."""
    return Concurrent(growth).start()


def grow(share: float = 0.02) -> Growth:
    """Let the thresholds grow with the heap from now on; see ``Growth``, which is returned."""
    return Growth(share).start()


def budget(pause: float = 0.005) -> Budget:
    """Place collections between requests from now on; see ``Budget``, which is returned."""
    return Budget(pause).start()
