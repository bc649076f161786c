"""gecko: a profile of the Firefox Profiler, whose timelines suit threads best.

It is that tool's *processed profile*, version 64: the first that can carry source text, and
every later version reads it. Each thread has its wall-clock samples in order, weighed in
milliseconds. Colours say whose code ran, and, in a leaf above the Python code that was
waiting, for what; stretches of one state are markers, which for the GIL say who held it.

The wall clock comes without the CPU time between samples: with it, the profiler would draw
how much CPU a thread used, and no wait would be seen. That is drawn for each process, and
for each thread if CPU time is what is exported.
https://github.com/firefox-devtools/profiler/blob/main/src/types/profile.ts
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from wadjet import __version__
from wadjet.model.profile import Profile
from wadjet.model.totals import fold
from wadjet.render.gecko.categories import categories, marker_schemas
from wadjet.render.gecko.counters import counters
from wadjet.render.gecko.tables import Tables
from wadjet.render.gecko.threads import Thread, threads
from wadjet.render.naming import title
from wadjet.render.renderer import Options, preferred, write_text

_GECKO_VERSION = 34
_VERSION = 64
_SHOWN = 20


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write one metric of ``profile``, the wall clock if measured, for the Firefox Profiler."""
    write_text(out, _pieces(profile, preferred(profile, "wall")))


def _pieces(profile: Profile, metric: int) -> Iterator[str]:
    tables = Tables(profile)
    shown = threads(profile, metric, tables)
    yield '{"meta": ' + json.dumps(_meta(profile, metric, shown))
    yield ',\n"libs": [],\n"threads": ['
    for position, thread in enumerate(shown):
        yield ",\n" if position else "\n"
        yield json.dumps(thread.document(tables))
    yield '\n],\n"counters": ' + json.dumps(list(counters(profile, metric, shown)))
    yield ',\n"shared": ' + json.dumps(tables.document()) + "}\n"


def _meta(profile: Profile, metric: int, shown: list[Thread]) -> dict[str, object]:
    about = profile.about
    started = about.get("started")
    busiest = sorted(range(len(shown)), key=lambda number: shown[number].busy, reverse=True)
    return {
        "product": title(profile),
        "importedFrom": f"Wadjet {__version__}",
        "arguments": title(profile),
        "interval": _interval(profile, metric),
        "startTime": started * 1000 if isinstance(started, int | float) else 0,
        "profilingStartTime": 0,
        "profilingEndTime": profile.duration / 1e6,
        "version": _GECKO_VERSION,
        "preprocessedProfileVersion": _VERSION,
        "processType": 0,
        "stackwalk": 1,
        "debug": False,
        "symbolicated": True,
        "symbolicationNotSupported": True,
        "usesOnlyOneStackType": True,
        "sourceCodeIsNotOnSearchfox": True,
        "keepProfileThreadOrder": True,
        "initialVisibleThreads": sorted(busiest[:_SHOWN]),
        "initialSelectedThreads": busiest[:1],
        "oscpu": str(about.get("platform", "")),
        "logicalCPUs": about.get("cpus", 0),
        "sampleUnits": {"time": "ms", "eventDelay": "ms", "threadCPUDelta": "ns"},
        "categories": categories(),
        "markerSchema": marker_schemas(),
        "extra": [{"label": "Recording", "entries": list(_entries(profile))}],
    }


def _interval(profile: Profile, metric: int) -> float:
    """Return how many ms a sample is worth; what is not time is no measure of that."""
    timed = profile.metrics[metric].unit == "ns"
    return fold(profile, profile.metrics[metric].name).grain / 1e6 if timed else 1.0


def _entries(profile: Profile) -> Iterator[dict[str, object]]:
    """Yield what the recording says of itself, for the profiler's panel of facts."""
    about = profile.about
    facts = [
        ("Python", f"{about.get('implementation', '')} {about.get('python', '')}".strip()),
        ("Folder", about.get("cwd")),
        ("Host", about.get("host")),
    ]
    clocks = about.get("clocks")
    for name, clock in clocks.items() if isinstance(clocks, dict) else ():
        if isinstance(clock, dict):
            facts.append((f"Clock {name}", f"{clock.get('engine')}, {clock.get('rate')} Hz"))
    notes = about.get("notes")
    facts += [("Note", note) for note in (notes if isinstance(notes, list) else ())]
    for label, value in facts:
        if value:
            yield {"label": label, "format": "string", "value": str(value)}
