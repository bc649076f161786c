"""Every format that `wadjet export` writes: its name, its usual suffix, and where it opens.

A format's module, of the same name, has ``render(profile, out, options)``. It is imported
only when it is asked for.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import cast

from wadjet.render.renderer import Renderer


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table; ``text`` says whether a terminal can bear the output."""

    name: str
    suffix: str
    help: str
    text: bool = True

    def renderer(self) -> Renderer:
        """Import the module that writes this format."""
        return cast(Renderer, importlib.import_module(f"wadjet.render.{self.name}"))


FORMATS = {
    each.name: each
    for each in (
        Format("speedscope", ".speedscope.json", "open at https://www.speedscope.app"),
        Format("gecko", ".gecko.json", "open at https://profiler.firefox.com"),
        Format("perfetto", ".perfetto-trace.gz", "open at https://ui.perfetto.dev", text=False),
        Format("pprof", ".pb.gz", "open with `go tool pprof` or any pprof viewer", text=False),
        Format("collapsed", ".collapsed.txt", "open with flamegraph.pl, inferno or speedscope"),
        Format("callgrind", ".callgrind", "open with KCachegrind or callgrind_annotate"),
        Format("pstats", ".pstats", "open with `python -m pstats` or SnakeViz", text=False),
        Format("json", ".json", "read with any program; the schema is in the documentation"),
    )
}
