"""What is known of a heap, as JSON for programs. Bytes are numbers, addresses hexadecimal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TextIO

from wadjet.model.graph import ObjectGraph, Reference
from wadjet.model.graph.cycles import Shape
from wadjet.model.graph.difference import Change
from wadjet.model.graph.paths import Group, line
from wadjet.model.graph.suspects import suspects
from wadjet.model.graph.totals import by_module, by_type
from wadjet.model.graph.tree import branches
from wadjet.model.graph.twins import Duplicate, Slimming


def write(document: object, out: TextIO) -> None:
    """Write one of the documents below."""
    json.dump(document, out, indent=1)
    out.write("\n")


def summary(graph: ObjectGraph, top: int, least: float) -> dict[str, Any]:
    """Return the facts, what stands out, the types and modules, and the dominator tree."""
    return {
        "about": dict(graph.about),
        "objects": len(graph) - 1,
        "size": graph.total,
        "findings": [
            {"rule": each.rule, "level": each.level.name.lower(), "message": each.message}
            for each in suspects(graph)
        ],
        "types": [asdict(each) for each in by_type(graph)[:top]],
        "modules": [asdict(each) for each in by_module(graph)[:top]],
        "tree": [
            {**node(graph, each.node), "depth": len(each.last)}
            for each in branches(graph, least, top)
        ],
    }


def node(graph: ObjectGraph, number: int) -> dict[str, Any]:
    """Return what an object is."""
    return {
        "address": hex(graph.columns.address[number]),
        "type": graph.kind(number).title,
        "text": graph.describe(number),
        "size": graph.size(number),
        "retained": graph.retained(number),
    }


def ways(graph: ObjectGraph, found: Sequence[Group]) -> list[dict[str, Any]]:
    """Return in which ways objects are kept."""
    return [
        {
            "objects": each.count,
            "retained": each.size,
            "way": line(graph, each.path),
            "steps": [{"name": step.name, **node(graph, step.target)} for step in each.path.steps],
        }
        for each in found
    ]


def cycles(graph: ObjectGraph, found: Sequence[Shape]) -> list[dict[str, Any]]:
    """Return the cycles by what they are made of."""
    return [
        {
            "types": dict(each.types),
            "cycles": each.count,
            "size": each.size,
            "garbage": each.garbage,
            "finalizers": list(each.finalizers),
            "cut": _reference(graph, each.cut),
        }
        for each in found
    ]


def _reference(graph: ObjectGraph, reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    source, target, name = reference
    return {"name": name, "from": node(graph, source), "to": node(graph, target)}


def duplicates(found: Sequence[Duplicate], classes: Sequence[Slimming]) -> dict[str, Any]:
    """Return what is equal, and what would gain from __slots__."""
    equal = [
        {"type": each.type, "text": each.text, "objects": each.count, "wasted": each.wasted}
        for each in found
    ]
    return {"equal": equal, "slots": [{**asdict(each), "total": each.total} for each in classes]}


def changes(found: Sequence[Change]) -> list[dict[str, Any]]:
    """Return how the types changed."""
    return [{"type": each.name, "objects": each.count, "size": each.size} for each in found]
