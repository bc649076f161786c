"""What a snapshot of a heap costs: CPU time, memory, the pause, and beside guppy3 and pympler."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import ClassVar

from bench.outcome import Outcome, Table
from bench.rig import Rig

SIZES = (1_000_000, 5_000_000, 10_000_000)

PROGRAM = """
import gc, json, os, resource, sys, time
objects, tool = int(sys.argv[1]), sys.argv[2]

class Item:
    def __init__(self, number):
        self.name = f"item {number}"
        self.parts = [number + 1000, float(number)]
        self.more = {"number": number * 1000}

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def wadjet(fork=False):
    file = os.open(sys.argv[3], os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    return _heap.snapshot(file, b"{}", fork=fork, ask=True, twins=False) / 1e9

def saved():
    import wadjet
    wadjet.heap().save(sys.argv[3])

def forked():
    return wadjet(fork=True)

def guppy():
    str(hpy().heap())

def pympler():
    summary.summarize(muppy.get_objects())

if tool in ("wadjet", "forked", "saved"):
    from wadjet.observe.heap import _heap
elif tool == "guppy":
    from guppy import hpy
else:
    from pympler import muppy, summary
KEPT = [Item(number) for number in range(objects * 10 // 73)]
dicts = sum(type(each) is dict for each in gc.get_objects())
gc.collect()
before, began, used = peak(), time.monotonic(), time.process_time()
pause = globals()[tool]()
used, wall, more = time.process_time() - used, time.monotonic() - began, peak() - before
made = sum(type(each) is dict for each in gc.get_objects()) - dicts
print(json.dumps({"cpu": used, "wall": wall, "pause": wall if pause is None else pause,
                  "more": more, "dicts": made}))
"""
"""Makes a heap of about so many objects, and prints what looking at it took."""

PEERS = {"guppy": "guppy", "pympler": "pympler"}

VIEWS = {"types": (), "what keeps Items": ("--keeps", "Item"), "cycles": ("--cycles",)}
VIEW_NOTE = """\
`wadjet heap FILE` with these options, by itself: seconds, and the most memory that it had, the \
pages of the file included that it looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at a heap of ``objects`` took with a tool: medians of some runs."""

    tool: str
    objects: int
    cpu: float
    pause: float
    more: float
    dicts: int


@dataclass(frozen=True, slots=True)
class View:
    """What looking at a snapshot of ``objects`` took: for each view seconds, and bytes."""

    objects: int
    seconds: tuple[float, ...]
    memory: tuple[int, ...]

    COLUMNS: ClassVar[tuple[str, ...]] = tuple(VIEWS)

    def cells(self) -> tuple[str, ...]:
        """Return a cell for each column."""
        pairs = zip(self.seconds, self.memory, strict=True)
        return tuple(f"{seconds:.2f} s, {memory / 1e6:.0f} MB" for seconds, memory in pairs)


def snapshots(rig: Rig) -> Outcome:
    """Measure Wadjet, in place and forked, and the peers that are installed."""
    sizes = SIZES[:1] if rig.quick else SIZES
    looks = [
        _look(rig, tool, objects)
        for objects in sizes
        for tool in ("wadjet", "forked", *PEERS)
        if _installed(rig, tool) and (objects == SIZES[0] or tool not in PEERS)
    ]
    shown = [_show(rig, objects) for objects in sizes]
    table = Table(
        "A snapshot of a heap",
        ("objects", "tool", "CPU, s", "pause, s", "more memory, B an object", "dicts made"),
        tuple(
            (
                f"{look.objects / 1e6:.0f} M",
                look.tool,
                f"{look.cpu:.2f}",
                f"{look.pause:.3f}",
                f"{look.more / look.objects:.0f}",
                f"{look.dicts:,}",
            )
            for look in looks
        ),
        "Wadjet's has dominators, retained sizes, cycles and ways; the peers count types.",
    )
    rows = tuple((f"{each.objects / 1e6:.0f} M", *each.cells()) for each in shown)
    later = Table("Looking at it later", ("objects", *View.COLUMNS), rows, VIEW_NOTE)
    figures = _figures(looks)
    if len(shown) == len(SIZES):
        figures["heap-view-memory"] = max(shown[-1].memory) / 1e9
    return Outcome((table, later), figures, {"looks": [str(look) for look in looks]})


def _show(rig: Rig, objects: int) -> View:
    """Save a snapshot, and look at it."""
    file = rig.folder / "objects.heap"
    file.unlink(missing_ok=True)
    program = [sys.executable, "-c", PROGRAM, str(objects), "saved", str(file)]
    subprocess.run(program, capture_output=True, check=True)
    seconds, memory = [], []
    for name, options in VIEWS.items():
        rig.tell(f"heap: {name}, {objects / 1e6:.0f} M objects")
        begin = time.monotonic()
        command = [sys.executable, "-m", "wadjet", "heap", *options, str(file)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise RuntimeError(f"wadjet heap ended with {process.returncode}")
        seconds.append(time.monotonic() - begin)
        memory.append(usage.ru_maxrss * 1024)
    return View(objects, tuple(seconds), tuple(memory))


def _installed(rig: Rig, tool: str) -> bool:
    if tool not in PEERS:
        return True
    found = subprocess.run([sys.executable, "-c", f"import {PEERS[tool]}"], capture_output=True)
    if found.returncode:
        rig.missing[tool] = "is not installed"
    return not found.returncode


def _look(rig: Rig, tool: str, objects: int) -> Look:
    runs = []
    file = rig.folder / "heap"
    for _ in range(rig.turns(5 if objects == SIZES[0] else 3)):
        rig.tell(f"heap: {tool}, {objects / 1e6:.0f} M objects")
        file.unlink(missing_ok=True)  # or the old one's pages are freed on this one's account
        command = [sys.executable, "-c", PROGRAM, str(objects), tool, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return Look(tool, objects, middle["cpu"], middle["pause"], middle["more"], int(middle["dicts"]))


def _figures(looks: list[Look]) -> dict[str, float]:
    at = {(look.tool, look.objects): look for look in looks}
    million = at["wadjet", SIZES[0]]
    figures = {
        "heap-1m": million.cpu,
        "heap-memory": million.more / million.objects,
        "heap-dicts": float(million.dicts),
    }
    for objects in SIZES[1:]:
        if ("wadjet", objects) in at:
            figures[f"heap-{objects // 1_000_000}m"] = at["wadjet", objects].cpu
    peer = at.get(("guppy", SIZES[0]))
    if peer is not None:
        figures["heap-pause"] = at["forked", SIZES[0]].pause / peer.pause
    return figures
