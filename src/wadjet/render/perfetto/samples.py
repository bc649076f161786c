"""The samples of a metric with their stacks, from which the viewer makes flame graphs.

Perfetto has this from version 58 on; earlier ones pass over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from wadjet.model.profile import Function, Profile
from wadjet.render import wire
from wadjet.render.naming import NO_FRAME
from wadjet.render.perfetto.packets import Sequence
from wadjet.render.perfetto.tracks import Tracks

_DEFAULTS = 59
_STACK_SAMPLE_DEFAULTS = 100
_STACK_SAMPLE = 135
_FUNCTION_NAMES = 5
_FRAMES = 6
_CALLSTACKS = 7
_SOURCE_PATHS = 18
_TASK_CONTEXTS = 48
_UNITS = {"ns": 1, "bytes": 4, "count": 9}
_KINDS = {
    "native": wire.number(7, 1),
    "python": wire.number(7, 3),
    "task": wire.text(8, "task"),
}


def samples(profile: Profile, metric: int, tracks: Tracks, sequence: Sequence) -> Iterator[bytes]:
    """Yield a packet that says what is measured, and then one for each sample."""
    measure = profile.metrics[metric]
    counter = wire.text(2, measure.title) + wire.number(3, _UNITS[measure.unit])
    defaults = wire.text(1, f"python.{measure.name}") + wire.block(2, counter)
    yield sequence.packet(wire.block(_DEFAULTS, wire.block(_STACK_SAMPLE_DEFAULTS, defaults)))

    @lru_cache(maxsize=1 << 16)
    def sample(thread: int, node: int, value: int) -> bytes:
        task = wire.number(2, _task(profile, thread, tracks, sequence))
        stack = wire.number(6, _stack(profile, node, sequence))
        return wire.block(_STACK_SAMPLE, task + stack + wire.number(11, value))

    rows = profile.samples
    columns = zip(rows.time, rows.thread, rows.node, rows.values[metric], strict=True)
    for time, thread, node, value in columns:
        if value:
            yield sequence.event(sample(thread, node, value), time)


def _task(profile: Profile, thread: int, tracks: Tracks, sequence: Sequence) -> int:
    def define() -> bytes:
        pid = tracks.pids[profile.threads[thread].process]
        return wire.number(2, pid) + wire.number(3, tracks.tids[thread])

    return sequence.id(_TASK_CONTEXTS, thread, define)


def _stack(profile: Profile, node: int, sequence: Sequence) -> int:
    tree = profile.tree

    def define() -> bytes:
        path = [tree.node_frame[each] for each in tree.path(node)]
        ids = [_frame(profile, frame, sequence) for frame in reversed(path or [-1])]
        return b"".join([wire.number(2, each) for each in ids])

    return sequence.id(_CALLSTACKS, node, define)


def _frame(profile: Profile, frame: int, sequence: Sequence) -> int:
    tree = profile.tree
    known = frame >= 0
    function = tree.functions[tree.frame_function[frame]] if known else NO_FRAME
    line = tree.frame_line[frame] if known else 0

    def define() -> bytes:
        return _described(function, line, sequence)

    return sequence.id(_FRAMES, frame, define)


def _described(function: Function, line: int, sequence: Sequence) -> bytes:
    fields = wire.number(2, sequence.name(_FUNCTION_NAMES, function.name))
    if function.file:
        fields += wire.number(5, sequence.name(_SOURCE_PATHS, function.file))
    if line:
        fields += wire.number(6, line)
    return fields + _KINDS[function.kind]
