"""What two runs of a start have found, put together as one Profile.

>>> rows = Rows()
>>> rows.add(1, rows.node(-1, "program"), 5, time=9)
>>> rows.add(1, rows.node(rows.node(-1, "program"), "json", "json/__init__.py"), 7, calls=3)
>>> profile = rows.profile(ended=7, about={})
>>> [profile.tree.describe(node) for node in profile.samples.node]
['program (<import>:0)', 'program (<import>:0) > json (json/__init__.py:0)']
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from wadjet.model.imports import STAGE
from wadjet.model.profile import (
    Fact,
    Function,
    Kind,
    Process,
    Profile,
    Samples,
    State,
    Thread,
    TreeBuilder,
)
from wadjet.model.startup import METRICS

MAIN, OTHER = "MainThread", "other threads"
_THREADS = (MAIN, OTHER)


class Rows:
    """A tree that grows, and what was measured at its nodes."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._rows: list[tuple[int, ...]] = []
        self._files: dict[str, str] = {}

    def node(self, parent: int, name: str, file: str = STAGE) -> int:
        """Return the node of a phase or stage; of a module where there is a file, or ''."""
        kind: Kind = "native" if file == STAGE else "python"
        return self._tree.node(parent, Function(name, file, 0, kind), 0)

    def module(self, parent: int, name: str) -> int:
        """Return the node of a module, whose file is the one that it is known to have."""
        return self.node(parent, name, self._files.get(name, ""))

    def know(self, files: Mapping[str, str]) -> None:
        """Say which files modules have."""
        self._files.update(files)

    def add(
        self,
        thread: int,
        node: int,
        when: int,
        *,
        time: int = 0,
        calls: int = 0,
        read: int = 0,
        faults: int = 0,
    ) -> None:
        """Add what was measured; ``thread`` is 0 for the main one, ``when`` ns from the start."""
        self._rows.append((when, thread, node, time, calls, read, faults))

    def profile(self, ended: int, about: Mapping[str, Fact]) -> Profile:
        """Return all of it; the start took ``ended`` ns."""
        rows = sorted(self._rows)
        threads = 1 + max((row[1] for row in rows), default=0)
        return Profile(
            metrics=METRICS,
            processes=(Process(1, ended=ended),),
            threads=tuple(Thread(name, ended=ended) for name in _THREADS[:threads]),
            tree=self._tree.build(),
            samples=Samples(
                time=array("q", (row[0] for row in rows)),
                thread=array("i", (row[1] for row in rows)),
                node=array("i", (row[2] for row in rows)),
                state=array("b", [State.RUN_GIL] * len(rows)),
                holder=array("i", [-1] * len(rows)),
                values=tuple(array("q", (row[3 + n] for row in rows)) for n in range(len(METRICS))),
            ),
            about=about,
        )
