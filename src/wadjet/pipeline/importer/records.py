"""The times of imports as a Profile."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass

from wadjet.model.imports import METRIC, STAGE
from wadjet.model.profile import (
    NO_NODE,
    CallTree,
    Function,
    Process,
    Profile,
    Samples,
    State,
    Thread,
    TreeBuilder,
)


@dataclass(frozen=True, slots=True)
class Records:
    """What was kept while importing.

    ``nodes`` are parent (-1 at a root, else an earlier node), name, and whether that is a
    module's; ``rows`` are ns since it began, thread, node, and own time in ns, by time.
    ``threads`` are names.
    """

    started: float
    threads: tuple[str, ...]
    nodes: tuple[tuple[int, str, bool], ...]
    rows: tuple[tuple[int, int, int, int], ...]


def profile_of(records: Records) -> Profile:
    """Return the profile; files are those of the modules as they are now."""
    end = records.rows[-1][0] if records.rows else 0
    return Profile(
        metrics=(METRIC,),
        processes=(Process(1, ended=end),),
        threads=tuple(Thread(name, tid, ended=end) for tid, name in enumerate(records.threads, 1)),
        tree=_tree(records),
        samples=_samples(records),
        about={
            "command": list(sys.orig_argv),
            "started": records.started,
            "python": sys.version.partition(" ")[0],
        },
    )


def _tree(records: Records) -> CallTree:
    tree = TreeBuilder()
    for parent, name, is_module in records.nodes:
        tree.node(NO_NODE if parent < 0 else parent, _function(name, is_module=is_module), 0)
    return tree.build()


def _function(name: str, *, is_module: bool) -> Function:
    if not is_module:
        return Function(name, STAGE, 0, "native")
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return Function(name, getattr(spec, "origin", None) or "")


def _samples(records: Records) -> Samples:
    rows = records.rows
    return Samples(
        time=array("q", (row[0] for row in rows)),
        thread=array("i", (row[1] for row in rows)),
        node=array("i", (row[2] for row in rows)),
        state=array("b", [State.RUN_GIL] * len(rows)),
        holder=array("i", [-1] * len(rows)),
        values=(array("q", (row[3] for row in rows)),),
    )
