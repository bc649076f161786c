"""``wadjet.heap()``: a snapshot that a program takes of itself.

>>> class Visitor: pass
>>> visitors = {number: Visitor() for number in range(1000)}
>>> snapshot = heap()
>>> snapshot.count("Visitor"), snapshot.retained(visitors) > 50_000
(1000, True)
"""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.errors import OutputError, UsageError
from wadjet.model.graph import ObjectGraph

if TYPE_CHECKING:
    from wadjet.model.graph.cycles import Shape
    from wadjet.model.graph.difference import Change
    from wadjet.model.graph.paths import Path as Way
    from wadjet.model.graph.twins import Duplicate


def heap(*, fork: bool = False, duplicates: bool = True) -> Snapshot:
    """Return a snapshot of all objects of this process.

    Other threads wait while the objects are looked at; with ``fork`` a forked child does
    that, and they wait for the fork only. ``duplicates`` looks for equal strings as well.
    Raises BusyError during a collection, OutputError where there is no room, and
    UnsupportedError on a platform that has no snapshots.
    """
    from wadjet.observe.heap.taking import take

    return Snapshot(take(fork=fork, twins=duplicates))


class Snapshot:
    """All objects of a process at one moment; prints as what they amount to.

    ``graph`` is the ObjectGraph, for all that is not here.
    """

    def __init__(self, graph: ObjectGraph) -> None:
        self.graph = graph

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Snapshot:
        """Return the snapshot in a file; raises NoInputError and SnapshotError."""
        from wadjet.model.graph.file import load

        return cls(load(Path(path)))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the snapshot to a file for ``wadjet heap``; raises OutputError."""
        from wadjet.model.graph.file import save

        target = Path(path)
        if target.exists() and not overwrite:
            raise OutputError(f"{target} exists", "choose another name or pass overwrite=True")
        save(self.graph, target)

    def __len__(self) -> int:
        return len(self.graph) - 1

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return self.graph.total

    def count(self, type_name: str) -> int:
        """Return how many objects are of a type, by its full name or the last part of it."""
        from wadjet.model.graph.paths import find

        return len(find(self.graph, type_name))

    def node(self, thing: object) -> int:
        """Return the number of an object; UsageError if the snapshot does not have it."""
        return self._found(thing)[0]

    def retained(self, thing: object) -> int:
        """Return the bytes that would be freed with an object."""
        return self.graph.retained(self.node(thing))

    def keeps(self, thing: object) -> str:
        """Return what keeps an object alive, or the first of a type that is named."""
        from wadjet.model.graph.paths import keeps, line

        return line(self.graph, keeps(self.graph, self.node(thing)))

    def path(self, thing: object) -> Way:
        """Return the same step by step."""
        from wadjet.model.graph.paths import keeps

        return keeps(self.graph, self.node(thing))

    def grown(self, before: Snapshot) -> list[Change]:
        """Return how the types changed since an earlier snapshot, what grew most first."""
        from wadjet.model.graph.difference import changes

        return changes(before.graph, self.graph)

    def outlived(self, before: Snapshot, after: Snapshot) -> dict[str, int]:
        """Return what keeps objects that were made between two earlier snapshots.

        Ways to them, each with how many objects it keeps: those of a request, a test or a
        round of a loop that are held too long.
        """
        from wadjet.model.graph.difference import holders, outlived
        from wadjet.model.graph.paths import line

        late = holders(self.graph, outlived(before.graph, after.graph, self.graph))
        return {line(self.graph, each.path): each.count for each in late}

    def cycles(self) -> list[Shape]:
        """Return the cycles by the types in them, what takes most bytes first."""
        from wadjet.model.graph.cycles import shapes

        return shapes(self.graph)

    def duplicates(self) -> list[Duplicate]:
        """Return what is equal to another object and could be the same."""
        from wadjet.model.graph.twins import duplicates

        return duplicates(self.graph)

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the snapshot as one HTML file; raises OutputError."""
        from wadjet.render.html.heap import render

        target = Path(path)
        if target.exists() and not overwrite:
            raise OutputError(f"{target} exists", "choose another name or pass overwrite=True")
        try:
            with target.open("wb") as out:
                render(self.graph, out)
        except OSError as error:
            raise OutputError(f"cannot write {target} ({error.strerror})") from None

    def _found(self, thing: object) -> list[int]:
        from wadjet.model.graph.paths import find

        name = thing if isinstance(thing, str) else hex(id(thing))
        found = find(self.graph, name)
        if not found:
            raise UsageError(f"the snapshot has no {name}", "take it while the object is alive")
        return found

    def __repr__(self) -> str:
        from wadjet.render.text.heap import show

        out = StringIO()
        show(self.graph, out)
        return out.getvalue().rstrip()

    def _repr_html_(self) -> str:
        from wadjet.render.text.heap import fragment

        return fragment(self.graph)
