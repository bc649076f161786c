"""A heap as one HTML file that works offline: a map of what keeps memory, and lists."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, BinaryIO

from wadjet.model.graph import PROCESS, ObjectGraph
from wadjet.model.graph.cycles import shapes
from wadjet.model.graph.paths import keeps, line
from wadjet.model.graph.suspects import suspects
from wadjet.model.graph.totals import by_module, by_type
from wadjet.model.graph.twins import duplicates, slimmings
from wadjet.render.graphjson import cycles as cycle_rows
from wadjet.render.graphjson import duplicates as duplicate_rows
from wadjet.render.html.page import assemble

STYLES = ("theme.css", "layout.css", "tables.css", "heap.css")
SCRIPTS = (
    "format.js",
    "columns.js",
    "dom.js",
    "header.js",
    "heapmap.js",
    "heaplists.js",
    "heapapp.js",
)

LEAST = 0.0005
"""The share of the heap from which on an object has a place of its own on the map."""

MOST_PLACES = 3000
MOST_ROWS = 300
_WAY_STEPS = 40


def render(graph: ObjectGraph, out: BinaryIO) -> None:
    """Write the page of a heap to ``out``."""
    head = json.dumps(document(graph), ensure_ascii=False, separators=(",", ":"))
    text = head.encode("utf-8", "surrogatepass")
    block = zlib.compress(struct.pack("<I", len(text)) + text)
    page = assemble(f"{_title(graph)} - Wadjet", block, STYLES, SCRIPTS)
    out.write(page.encode("utf-8", "backslashreplace"))


def _title(graph: ObjectGraph) -> str:
    command = graph.about.get("command")
    if isinstance(command, list) and command:
        return " ".join(str(word) for word in command)
    return "Heap"


def document(graph: ObjectGraph) -> dict[str, Any]:
    """Return what the page shows."""
    types, modules = by_type(graph), by_module(graph)
    return {
        "columns": [],
        "about": dict(graph.about),
        "title": _title(graph),
        "objects": len(graph) - 1,
        "size": graph.total,
        "findings": [
            {
                "level": each.level.name.lower(),
                "message": each.message,
                "treatment": each.treatment,
                "weight": each.weight,
                "rule": each.rule,
            }
            for each in suspects(graph)
        ],
        "places": places(graph),
        "types": [[each.name, each.count, each.size] for each in types[:MOST_ROWS]],
        "modules": [[each.name, each.count, each.size] for each in modules[:MOST_ROWS]],
        "cycles": cycle_rows(graph, shapes(graph)[:MOST_ROWS]),
        "duplicates": duplicate_rows(duplicates(graph)[:MOST_ROWS], slimmings(graph)[:MOST_ROWS]),
    }


def places(graph: ObjectGraph) -> list[list[Any]]:
    """Return the objects on the map, those above before those below them.

    Each is the index of the place above (-1 for the process), what it is, how it is reached,
    its type, its own bytes, those it keeps, and its address.
    """
    retained, dominator = graph.columns.retained, graph.columns.dominator
    limit = max(int(LEAST * graph.total), 1)
    large = [node for node, amount in enumerate(retained) if amount >= limit or node == PROCESS]
    large.sort(key=lambda node: -retained[node])
    chosen = sorted(large[:MOST_PLACES])  # whatever dominates an object keeps more, and is there
    index = {node: at for at, node in enumerate(chosen)}
    return [
        [
            index.get(dominator[node], 0) if node != PROCESS else -1,
            graph.describe(node),
            _way(graph, node),
            graph.kind(node).title,
            graph.size(node),
            graph.retained(node),
            hex(graph.columns.address[node]),
        ]
        for node in chosen
    ]


def _way(graph: ObjectGraph, node: int) -> str:
    way = keeps(graph, node)
    if len(way.steps) > _WAY_STEPS:
        return f"{len(way.steps)} steps from a root"
    return line(graph, way)
