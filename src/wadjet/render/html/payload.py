"""A Profile as the block of bytes that the page carries.

The block is one zlib stream over: the length of the head (u32, little-endian), the head
(JSON, UTF-8), and the columns in the order in which the head lists them.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import asdict

from wadjet.model.columns import divide, fuse
from wadjet.model.finding import Finding, Place
from wadjet.model.origin import homes, library, shown
from wadjet.model.profile import Fact, Profile
from wadjet.render.html.columns import LARGEST, Column, delta, plain
from wadjet.render.html.holders import Holders, holders
from wadjet.render.html.rows import Table, tabulate
from wadjet.render.html.tree import Nodes, renumber

_LEVEL = 5  # a fifth quicker than 6, and a fiftieth larger
_QUANTUM = {"ns": 1000, "bytes": 1, "count": 1}


def pack(profile: Profile, findings: Sequence[Finding] = ()) -> bytes:
    """Return the block for a profile and what was found in it."""
    tree = renumber(profile.tree)
    table = tabulate(profile, tree.number)
    quanta = [
        _quantum(metric.unit, max(rows.value, default=0))
        for metric, rows in zip(profile.metrics, table.metrics, strict=True)
    ]
    columns = {
        **_tree_columns(profile, tree),
        **_row_columns(table, quanta),
        **_holder_columns(holders(profile, table.step)),
    }
    head = {
        **_facts(profile, table, quanta),
        "findings": [_finding(each) for each in findings],
        "columns": [
            [name, column.count, column.width, int(column.delta)]
            for name, column in columns.items()
        ],
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    parts = [struct.pack("<I", len(text)), text, *(each.data for each in columns.values())]
    return zlib.compress(b"".join(parts), _LEVEL)


def _quantum(unit: str, top: int) -> int:
    """Return what values are counted in: fine, but so that the largest fits a column."""
    return max(_QUANTUM[unit] if top > 1000 * _QUANTUM[unit] else 1, top // LARGEST + 1)


def _tree_columns(profile: Profile, tree: Nodes) -> dict[str, Column]:
    return {
        "frameFunction": delta(profile.tree.frame_function),
        "frameLine": delta(profile.tree.frame_line),
        "nodeUp": plain(fuse(tree.parent, -1, array("q", range(1, len(tree.parent) + 1)))),
        "nodeFrame": delta(tree.frame),
    }


def _row_columns(table: Table, quanta: Sequence[int]) -> dict[str, Column]:
    columns = {}
    for metric, (rows, quantum) in enumerate(zip(table.metrics, quanta, strict=True)):
        columns[f"thread{metric}"] = delta(rows.thread)
        columns[f"step{metric}"] = delta(rows.step)
        columns[f"node{metric}"] = delta(rows.node)
        columns[f"state{metric}"] = plain(rows.state)
        columns[f"holder{metric}"] = plain(rows.holder)
        columns[f"value{metric}"] = plain(_counted(rows.value, quantum))
    return columns


def _counted(values: array[int], quantum: int) -> array[int]:
    """Return how many quanta each value is."""
    if quantum == 1:
        return values
    return divide(fuse(values, 1, array("q", [quantum // 2]) * len(values)), quantum)


def _holder_columns(rows: Holders) -> dict[str, Column]:
    top = max(rows.value, default=0)
    return {
        "gilProcess": delta(rows.process),
        "gilStep": delta(rows.step),
        "gilHolder": plain(rows.holder),
        "gilValue": plain(value * 0xFFFF // top for value in rows.value),
    }


def _facts(profile: Profile, table: Table, quanta: Sequence[int]) -> dict[str, object]:
    files: dict[str, int] = {}
    known = homes(profile.about)
    functions = [
        [each.name, files.setdefault(each.file, len(files)), each.line, each.kind]
        for each in profile.tree.functions
    ]
    return {
        "about": dict(profile.about),
        "duration": profile.duration,
        "step": table.step,
        "exact": table.exact,
        "samples": len(profile.samples),
        "metrics": [
            {**asdict(metric), "quantum": quantum}
            for metric, quantum in zip(profile.metrics, quanta, strict=True)
        ],
        "processes": [asdict(each) for each in profile.processes],
        "threads": [asdict(each) for each in profile.threads],
        "files": [[file, shown(file, known), library(file)] for file in files],
        "functions": functions,
        "sources": {file: text for file, text in profile.sources.items() if file in files},
    }


def _finding(finding: Finding) -> dict[str, Fact]:
    return {
        "rule": finding.rule,
        "level": finding.level.name.lower(),
        "message": finding.message,
        "treatment": finding.treatment,
        "weight": finding.weight,
        "places": [_place(each) for each in (finding.place, *finding.related) if each],
    }


def _place(place: Place) -> dict[str, Fact]:
    return {"file": place.file, "line": place.line, "label": place.label}
