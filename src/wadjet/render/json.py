"""JSON: the profile as it is, columns and all, for programs of your own.

``docs/reference/profile.schema.json`` describes it. The keys are those of
``wadjet.model.profile``; ``values`` holds a column for each metric, by name.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import asdict
from typing import BinaryIO

from wadjet.model.profile import Profile, State
from wadjet.render.renderer import Options, write_text

FORMAT = "wadjet-profile"
VERSION = 1


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write ``profile`` as JSON."""
    write_text(out, _pieces(profile))


def _pieces(profile: Profile) -> Iterator[str]:
    tree, samples = profile.tree, profile.samples
    yield json.dumps(_head(profile))[:-1]
    yield ',\n"frames": '
    yield from _columns({"function": tree.frame_function, "line": tree.frame_line})
    yield ',\n"nodes": '
    yield from _columns({"parent": tree.node_parent, "frame": tree.node_frame})
    yield ',\n"samples": {"count": '
    yield str(len(samples))
    for name in ("time", "thread", "node", "state", "holder"):
        yield f',\n"{name}": '
        yield _column(getattr(samples, name))
    yield ',\n"values": '
    names = [metric.name for metric in profile.metrics]
    yield from _columns(dict(zip(names, samples.values, strict=True)))
    yield "}}\n"


def _head(profile: Profile) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(profile.about),
        "states": [state.name for state in State],
        "metrics": [asdict(metric) for metric in profile.metrics],
        "processes": [asdict(process) for process in profile.processes],
        "threads": [asdict(thread) for thread in profile.threads],
        "functions": [asdict(function) for function in profile.tree.functions],
        "sources": dict(profile.sources),
    }


def _columns(columns: dict[str, array[int]]) -> Iterator[str]:
    for number, (name, column) in enumerate(columns.items()):
        yield "{" if number == 0 else ",\n"
        yield f"{json.dumps(name)}: "
        yield _column(column)
    yield "}" if columns else "{}"


def _column(column: array[int]) -> str:
    return json.dumps(column.tolist(), separators=(",", ":"))
