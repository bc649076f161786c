"""pprof: gzip'd protocol buffers, for `go tool pprof` and all that reads its files.

Each metric has two sample types, ``cpu_samples/count`` and ``cpu/nanoseconds``; their
samples are apart, for one sample measures one metric. Labels name the thread, the process
and the state, so that `-tagfocus state=waits` works. pprof keeps no times: samples of the
same stack, thread and state are one. https://github.com/google/pprof/tree/main/proto
"""

from __future__ import annotations

import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import compress
from typing import BinaryIO

from wadjet.model.profile import Function, Metric, Profile, State
from wadjet.model.totals import fold
from wadjet.render import wire
from wadjet.render.naming import NO_FRAME, STATES, process_name, title
from wadjet.render.renderer import Options, measured, preferred

_PROGRAM = ""
_UNITS = {"ns": "nanoseconds", "bytes": "bytes", "count": "count"}


class Strings:
    """The string table: a profile names everything by its index."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {"": 0}

    def __call__(self, text: str) -> int:
        """Return the index of ``text``, adding it if it is new."""
        return self._index.setdefault(text, len(self._index))

    def field(self) -> bytes:
        """Return the table; to be written when every string is known."""
        return b"".join(wire.text(6, text) for text in self._index)


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write ``profile`` as a pprof file."""
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6, mtime=0) as packed,
        io.BufferedWriter(packed) as buffered,
    ):
        buffered.writelines(_fields(profile))


def _fields(profile: Profile) -> Iterator[bytes]:
    strings = Strings()
    metrics = measured(profile)
    for metric in metrics:
        yield from _sample_types(profile.metrics[metric], strings)
    yield from _samples(profile, metrics, strings)
    yield from _places(profile, strings)
    yield from _facts(profile, strings)
    yield strings.field()


def _sample_types(metric: Metric, strings: Strings) -> Iterator[bytes]:
    yield _value_type(1, f"{metric.name}_samples", "count", strings)
    yield _value_type(1, metric.name, _UNITS[metric.unit], strings)


def _value_type(field: int, name: str, unit: str, strings: Strings) -> bytes:
    return wire.block(field, wire.number(1, strings(name)) + wire.number(2, strings(unit)))


def _samples(profile: Profile, metrics: list[int], strings: Strings) -> Iterator[bytes]:
    threads = [_thread_labels(profile, number, strings) for number in range(len(profile.threads))]
    states = [_label("state", STATES[state], strings) for state in State]
    locations = _locations(profile)
    for (node, thread, state), values in _sums(profile, metrics).items():
        where, what = wire.block(1, locations(node)), wire.packed(2, values)
        yield wire.block(2, where + what + threads[thread] + states[state])


def _sums(profile: Profile, metrics: list[int]) -> dict[tuple[int, int, int], list[int]]:
    """Return count and value for each metric, by node, thread and state."""
    sums: defaultdict[tuple[int, int, int], list[int]]
    sums = defaultdict(lambda: [0] * (2 * len(metrics)))
    samples = profile.samples
    for position, metric in enumerate(metrics):
        places = zip(samples.node, samples.thread, samples.state, strict=True)
        for key, count in Counter(compress(places, samples.values[metric])).items():
            sums[key][2 * position] = count
        rows = fold(profile, profile.metrics[metric].name)
        keys = zip(rows.node, rows.thread, rows.state, strict=True)
        for key, value in zip(keys, rows.value, strict=True):
            sums[key][2 * position + 1] = value
    return sums


def _locations(profile: Profile) -> Callable[[int], bytes]:
    """Return a function from a node to its stack's location ids: frames' numbers plus 1."""
    parents, frames = profile.tree.node_parent, profile.tree.node_frame
    ids = [wire.varint(frame + 1) for frame in range(len(profile.tree.frame_function))]
    frameless = wire.varint(_frameless(profile))

    @lru_cache(maxsize=1 << 16)
    def locations(node: int) -> bytes:
        found = []
        while node >= 0:
            found.append(ids[frames[node]])
            node = parents[node]
        return b"".join(found) or frameless

    return locations


def _frameless(profile: Profile) -> int:
    """Return the id of the location that stands for no frame."""
    return len(profile.tree.frame_function) + 1


def _thread_labels(profile: Profile, number: int, strings: Strings) -> bytes:
    thread = profile.threads[number]
    process = profile.processes[thread.process]
    return (
        _label("thread", thread.name, strings)
        + _number_label("thread_id", thread.tid, strings)
        + _label("process", process_name(process), strings)
        + _number_label("process_id", process.pid, strings)
    )


def _label(key: str, value: str, strings: Strings) -> bytes:
    return wire.block(3, wire.number(1, strings(key)) + wire.number(2, strings(value)))


def _number_label(key: str, value: int, strings: Strings) -> bytes:
    return wire.block(3, wire.number(1, strings(key)) + wire.number(3, value))


def _places(profile: Profile, strings: Strings) -> Iterator[bytes]:
    """Yield the mappings, functions and locations that any sample needs."""
    tree = profile.tree
    frames = _used_frames(profile)
    functions = {tree.frame_function[frame]: None for frame in frames}
    mappings = {_PROGRAM: 1}
    for function in functions:
        if tree.functions[function].kind == "native":
            mappings.setdefault(tree.functions[function].file, len(mappings) + 1)

    yield from (_mapping(id_, file or title(profile), strings) for file, id_ in mappings.items())
    yield from (_function(each + 1, tree.functions[each], strings) for each in functions)
    for frame in frames:
        function = tree.frame_function[frame]
        mapping = mappings.get(tree.functions[function].file, 1)
        yield _location(frame + 1, mapping, function + 1, tree.frame_line[frame])
    yield _function(len(tree.functions) + 1, NO_FRAME, strings)
    yield _location(_frameless(profile), 1, len(tree.functions) + 1, 0)


def _used_frames(profile: Profile) -> list[int]:
    tree = profile.tree
    seen = bytearray(len(tree) + 1)  # the last one is for NO_NODE, and the parent of roots
    for node in profile.samples.node:
        seen[node] = 1
    for node in range(len(tree) - 1, -1, -1):
        if seen[node]:
            seen[tree.node_parent[node]] = 1
    return sorted(set(compress(tree.node_frame, seen)))


def _mapping(id_: int, file: str, strings: Strings) -> bytes:
    symbols = b"".join(wire.number(field, 1) for field in (7, 8, 9, 10))
    return wire.block(3, wire.number(1, id_) + wire.number(5, strings(file)) + symbols)


def _function(id_: int, function: Function, strings: Strings) -> bytes:
    name = strings(function.name)
    named = wire.number(1, id_) + wire.number(2, name)
    if function.kind == "native":  # pprof demangles C++, and would take <module> for a template
        named += wire.number(3, name)
    placed = wire.number(4, strings(function.file)) + wire.number(5, function.line)
    return wire.block(5, named + placed)


def _location(id_: int, mapping: int, function: int, line: int) -> bytes:
    code = wire.block(4, wire.number(1, function) + wire.number(2, line))
    return wire.block(4, wire.number(1, id_) + wire.number(2, mapping) + code)


def _facts(profile: Profile, strings: Strings) -> Iterator[bytes]:
    """Yield when, how long and how often was sampled, and the recording's notes."""
    metric = profile.metrics[preferred(profile)]
    started = profile.about.get("started")
    if isinstance(started, int | float):
        yield wire.number(9, round(started * 1e6) * 1000)  # a float holds no more
    yield wire.number(10, profile.duration)
    yield _value_type(11, metric.name, _UNITS[metric.unit], strings)
    yield wire.number(12, round(fold(profile, metric.name).grain))
    yield wire.number(14, strings(metric.name))
    notes = profile.about.get("notes")
    for line in notes if isinstance(notes, list) else ():
        yield wire.number(13, strings(str(line)))
