"""Chrome's .heapsnapshot: DevTools (Memory, Load profile) shows it with its own views.

Written as it is made, an object and a reference a line, so that no heap is too large.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from wadjet.model.graph import PROCESS, ObjectGraph

NODE_FIELDS = ("type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness")
NODE_TYPES = (
    *("hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native"),
    *("synthetic", "concatenated string", "sliced string", "symbol", "bigint"),
)
EDGE_FIELDS = ("type", "name_or_index", "to_node")
EDGE_TYPES = ("context", "element", "property", "internal", "hidden", "shortcut", "weak")

_ELEMENT, _PROPERTY, _INTERNAL = 1, 2, 3
_TYPES = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "collections.deque"), "array"),
    **dict.fromkeys(("str", "bytes", "bytearray"), "string"),
    **dict.fromkeys(("int", "float", "complex", "bool"), "number"),
    **dict.fromkeys(("code", "type", "module"), "code"),
    **dict.fromkeys(("function", "method", "builtin_function_or_method"), "closure"),
    **dict.fromkeys(("thread", "frame", "interpreter", "process"), "synthetic"),
}


def render(graph: ObjectGraph, out: BinaryIO) -> None:
    """Write the snapshot to ``out``."""
    strings: dict[str, int] = {"": 0}
    edges = sum(len(_edges(graph, node)) for node in range(len(graph)))
    meta = {
        "node_fields": NODE_FIELDS,
        "node_types": [NODE_TYPES, "string", *["number"] * 5],
        "edge_fields": EDGE_FIELDS,
        "edge_types": [EDGE_TYPES, "string_or_number", "node"],
        "trace_function_info_fields": [],
        "trace_node_fields": [],
        "sample_fields": [],
        "location_fields": [],
    }
    facts = {"meta": meta, "node_count": len(graph), "edge_count": edges}
    out.write(f'{{"snapshot":{json.dumps(facts)},\n"nodes":['.encode())
    _write_rows(out, _nodes(graph, strings))
    out.write(b'],\n"edges":[')
    _write_rows(out, _references(graph, strings))
    out.write(b'],\n"trace_function_infos":[],"trace_tree":[],"samples":[],"locations":[],\n')
    out.write(b'"strings":' + json.dumps(list(strings)).encode() + b"}\n")


def _write_rows(out: BinaryIO, rows: Iterator[str]) -> None:
    first = True
    for row in rows:
        out.write((row if first else ",\n" + row).encode())
        first = False


def _edges(graph: ObjectGraph, node: int) -> list[int]:
    return [place for place, target in enumerate(graph.targets(node)) if target]


def _nodes(graph: ObjectGraph, strings: dict[str, int]) -> Iterator[str]:
    for node in range(len(graph)):
        kind = graph.kind(node).title
        number = NODE_TYPES.index(_TYPES.get(kind, "object"))
        name = strings.setdefault(graph.describe(node), len(strings))
        size, edges = graph.size(node), len(_edges(graph, node))
        yield f"{number},{name},{2 * node + 1},{size},{edges},0,0"


def _references(graph: ObjectGraph, strings: dict[str, int]) -> Iterator[str]:
    for node in range(len(graph)):
        targets = graph.targets(node)
        for place in _edges(graph, node):
            to = targets[place] * len(NODE_FIELDS)
            name = "" if node == PROCESS else graph.reference_name(node, place)
            if name[1:-1].isdigit() and name[0] == "[":
                yield f"{_ELEMENT},{name[1:-1]},{to}"
            elif name:
                yield f"{_PROPERTY},{strings.setdefault(name.lstrip('.'), len(strings))},{to}"
            else:
                yield f"{_ELEMENT},{place},{to}"
