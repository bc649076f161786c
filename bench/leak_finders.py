"""Leaks once, or cleans up, under the eyes of a tool; prints what the tool says holds it.

python -m bench.leak_finders LEAK leak|twin TOOL
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout

from tests.observe.heap import leaks

LEAST = 1000
"""Bytes that a finding must be about: what leaks has as many, by itself."""

END = "\n\f"
"""What stands between two findings."""


def wadjet(act: Callable[[], None]) -> list[str]:
    """Return the ways to what was made and is still there, the heaviest first."""
    from wadjet.model.graph.difference import holders, outlived
    from wadjet.model.graph.paths import line
    from wadjet.observe.heap import take

    before = take(twins=False)
    act()
    after = take(twins=False)
    later = take(twins=False)
    found = holders(later, outlived(before, after, later))
    return [line(later, each.path) for each in found if each.size >= LEAST]


def objgraph(act: Callable[[], None]) -> list[str]:
    """Return the chain of references to an object of the type that grew most."""
    import objgraph as tool

    tool.growth()
    tool.growth()
    act()
    grown = tool.growth(limit=1)
    if not grown:
        return []
    newest = tool.by_type(grown[0][0])[-1]
    chain = tool.find_backref_chain(newest, tool.is_proper_module)
    drawn = io.StringIO()
    tool.show_chain(chain, output=drawn)
    return [drawn.getvalue()]


def guppy(act: Callable[[], None]) -> list[str]:
    """Return the shortest paths to one of the objects that have come."""
    from guppy import hpy

    tool = hpy()
    tool.setref()
    act()
    heap = tool.heap()
    return [str(heap[0].byid[0].shpaths)] if len(heap) and heap.size >= LEAST else []


def pympler(act: Callable[[], None]) -> list[str]:
    """Return the tree of references to an object of the type that has most bytes more."""
    from pympler import muppy, refbrowser, tracker

    following = tracker.SummaryTracker()
    following.diff()
    following.diff()
    act()
    name, _, more = max(following.diff(), key=lambda row: row[2])
    if more < LEAST:
        return []
    newest = next(each for each in reversed(muppy.get_objects()) if _title(each) in name)
    text = io.StringIO()
    with redirect_stdout(text):
        refbrowser.ConsoleBrowser(newest, maxdepth=5, str_func=_brief).print_tree()
    return [text.getvalue()]


def _title(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__name__}"


def _brief(thing: object) -> str:
    return repr(thing)[:60]


TOOLS = {each.__name__: each for each in (wadjet, objgraph, guppy, pympler)}


def _act(leak: leaks.Leak, *, clean: bool) -> None:
    kept = leak.make(leaks.Treasure())
    if not clean:
        return
    if isinstance(kept, tuple):
        kept[1].set()
        kept[0].join()
    del kept
    leaks.clear()
    gc.collect()


def main() -> None:
    """Do it once and clean up, that all is warm, then under the tool's eyes."""
    name, kind, tool = sys.argv[1:]
    leak = next(each for each in leaks.leaks() if str(each) == name)
    _act(leak, clean=True)
    sys.stdout.write(END.join(TOOLS[tool](lambda: _act(leak, clean=kind == "twin"))))
    sys.stdout.flush()
    os._exit(0)  # threads that leak do not end


if __name__ == "__main__":
    main()
