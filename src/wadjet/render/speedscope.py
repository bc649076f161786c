"""speedscope: a sampled profile for each thread and metric, in order of time.

The format is published at https://www.speedscope.app/file-format-schema.json. Samples that
follow each other with the same stack are written as one that weighs as much.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from wadjet import __version__
from wadjet.model.profile import Function, Metric, Profile
from wadjet.render.naming import NO_FRAME, thread_names, title
from wadjet.render.renderer import Options, measured, preferred, write_text
from wadjet.render.stacks import merge_lines

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_UNITS = {"ns": "nanoseconds", "bytes": "bytes", "count": "none"}


@dataclass(frozen=True, slots=True)
class Lane:
    """What one thread spent of one metric: stacks and weights, parallel and in order."""

    metric: int
    thread: int
    stacks: array[int] = field(default_factory=lambda: array("i"))
    weights: array[int] = field(default_factory=lambda: array("q"))

    def add(self, stack: int, weight: int) -> None:
        """Append a sample, or add its weight to the last one's if the stack is the same."""
        if self.stacks and self.stacks[-1] == stack:
            self.weights[-1] += weight
        else:
            self.stacks.append(stack)
            self.weights.append(weight)


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write ``profile`` as a speedscope file."""
    write_text(out, _pieces(profile))


def _pieces(profile: Profile) -> Iterator[str]:
    stacks = merge_lines(profile.tree)
    lanes = _lanes(profile, stacks.stack, measured(profile))
    shown = preferred(profile)
    names = thread_names(profile)
    numbers = [str(number) for number in range(len(profile.tree.functions))]
    text_of = stacks.text_of(numbers, ",", empty=str(len(numbers)))

    yield _head(profile, _active(lanes, shown))
    for position, lane in enumerate(lanes):
        metric = profile.metrics[lane.metric]
        yield ",\n" if position else "\n"
        yield _lane_head(f"{names[lane.thread]}: {metric.title}", metric, sum(lane.weights))
        yield ', "samples": [[' + "],[".join(map(text_of, lane.stacks)) + "]]"
        yield ', "weights": [' + ",".join(map(str, lane.weights)) + "]}"
    yield "\n]}\n"


def _lanes(profile: Profile, stack: array[int], metrics: list[int]) -> list[Lane]:
    """Return the lanes that hold anything, a thread's together, metrics in their order."""
    samples = profile.samples
    lanes: dict[tuple[int, int], Lane] = {}
    for metric in metrics:
        for thread, node, value in zip(
            samples.thread, samples.node, samples.values[metric], strict=True
        ):
            if value:
                lane = lanes.get((thread, metric))
                if lane is None:
                    lane = lanes[thread, metric] = Lane(metric, thread)
                lane.add(stack[node] if node >= 0 else -1, value)
    return [lanes[key] for key in sorted(lanes)]


def _active(lanes: list[Lane], metric: int) -> int:
    """Return the position of the lane to open first: the one that spent most."""
    weights = [sum(lane.weights) if lane.metric == metric else -1 for lane in lanes]
    return weights.index(max(weights)) if weights else 0


def _head(profile: Profile, active: int) -> str:
    frames = [_frame(function) for function in (*profile.tree.functions, NO_FRAME)]
    head = {
        "$schema": _SCHEMA,
        "exporter": f"wadjet {__version__}",
        "name": title(profile),
        "activeProfileIndex": active,
        "shared": {"frames": frames},
    }
    return json.dumps(head)[:-1] + ', "profiles": ['


def _frame(function: Function) -> dict[str, str | int]:
    frame: dict[str, str | int] = {"name": function.name}
    if function.file:
        frame["file"] = function.file
    if function.line:
        frame["line"] = function.line
    return frame


def _lane_head(name: str, metric: Metric, total: int) -> str:
    head = {
        "type": "sampled",
        "name": name,
        "unit": _UNITS[metric.unit],
        "startValue": 0,
        "endValue": total,
    }
    return json.dumps(head)[:-1]
