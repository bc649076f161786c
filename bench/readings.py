"""What each profiler wrote, read into one form: seconds by stack of function names.

A stack is a tuple of names, root first. A profiler that knows no stacks gives stacks of one
function; ``Tool.shape`` says what their time means.
"""

from __future__ import annotations

import json
import pstats
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from wadjet.model import store, totals
from wadjet.model.profile import CallTree

Stack: TypeAlias = tuple[str, ...]
Stacks: TypeAlias = dict[Stack, float]
Reader: TypeAlias = Callable[[Path, int], Stacks]
"""From the output and the rate in Hz, which matters only where samples are counted."""

PY_SPY_PLACE = re.compile(r" \([^()]*\)$")
MICROSECOND = 1e-6
NANOSECOND = 1e-9


def read_py_spy(path: Path, rate: int) -> Stacks:
    """Read ``py-spy record --format raw``: ``name (file:line);name (file:line) samples``."""
    return _sum(_py_spy_lines(path.read_text(), rate))


def _py_spy_lines(text: str, rate: int) -> Iterator[tuple[Stack, float]]:
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        names = tuple(PY_SPY_PLACE.sub("", frame) for frame in frames.split(";") if frame)
        yield names, int(count) / rate


def read_austin(path: Path, rate: int) -> Stacks:  # noqa: ARG001 (it writes microseconds)
    """Read what austin wrote: text up to version 3, the binary MOJO format since."""
    data = path.read_bytes()
    if data.startswith(b"MOJ"):
        return _sum(Mojo(data).samples())
    return _sum(_austin_lines(data.decode()))


def _austin_lines(text: str) -> Iterator[tuple[Stack, float]]:
    """Yield from lines of ``P1;T0:1;file:name:line;file:name:line microseconds``."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            frames, _, microseconds = line.rpartition(" ")
            names = tuple(frame.split(":")[-2] for frame in frames.split(";")[2:])
            yield names, int(microseconds) * MICROSECOND


class Mojo:
    """Reads the MOJO format, version 3: events that refer to strings and frames by key."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 3
        if self.number() != 3:
            raise ValueError(f"MOJO version {data[3]} is not known")
        self.strings: dict[int, str] = {1: "<unknown>"}
        self.frames: dict[int, str] = {}

    def samples(self) -> Iterator[tuple[Stack, float]]:
        """Yield each sample's stack and seconds."""
        stack: list[str] = []
        while self.place < len(self.data):
            event = self.data[self.place]
            self.place += 1
            match event:
                case 0:
                    continue
                case 1:
                    self.text(), self.text()
                case 2:
                    self.number(), self.number(), self.text()
                    stack = []
                case 3:
                    self.define_frame()
                case 4:
                    stack.append("<invalid>")
                case 5:
                    stack.append(self.frames[self.number()])
                case 6:
                    stack.append(self.text())
                case 7 | 8:
                    continue
                case 9:
                    yield tuple(stack), self.number() * MICROSECOND
                case 10:
                    self.number()
                case 11:
                    key = self.number()
                    self.strings[key] = self.text()
                case _:
                    raise ValueError(f"MOJO event {event} at byte {self.place - 1} is not known")

    def define_frame(self) -> None:
        """Read a frame: key, file, scope, and four numbers of its place."""
        key, _file, scope, *_place = (self.number() for _ in range(7))
        self.frames[key] = self.strings.get(scope, "<unknown>")

    def number(self) -> int:
        """Read a signed number: six bits in the first byte, seven in those that follow."""
        byte = self.data[self.place]
        self.place += 1
        negative, value, shift = byte & 0x40, byte & 0x3F, 6
        while byte & 0x80:
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
        return -value if negative else value

    def text(self) -> str:
        """Read a string up to its NUL."""
        end = self.data.index(0, self.place)
        text = self.data[self.place : end].decode(errors="replace")
        self.place = end + 1
        return text


def read_scalene(path: Path, rate: int) -> Stacks:  # noqa: ARG001 (it writes percentages)
    """Read scalene's JSON: each function's own share of the time, Python, C and system."""
    profile = json.loads(path.read_text())
    seconds = profile["elapsed_time_sec"] / 100
    return _sum(
        ((function["line"],), seconds * sum(function[kind] for kind in SCALENE_KINDS))
        for file in profile["files"].values()
        for function in file["functions"]
    )


SCALENE_KINDS = ("n_cpu_percent_python", "n_cpu_percent_c", "n_sys_percent")


def read_pyinstrument(path: Path, rate: int) -> Stacks:  # noqa: ARG001 (it writes seconds)
    """Read pyinstrument's JSON: a tree of frames with the total time of each."""
    root = json.loads(path.read_text())["root_frame"]
    return _sum(_pyinstrument_frames(root, ()) if root else ())


def _pyinstrument_frames(frame: Mapping[str, Any], callers: Stack) -> Iterator[tuple[Stack, float]]:
    own = frame["time"] - sum(child["time"] for child in frame["children"])
    if frame["function"] == "[self]":
        yield callers, frame["time"]
        return
    stack = (*callers, frame["function"])
    yield stack, own
    for child in frame["children"]:
        yield from _pyinstrument_frames(child, stack)


def read_pstats(path: Path, rate: int) -> Stacks:  # noqa: ARG001 (a tracer has no rate)
    """Read a pstats file: the cumulative time of each function."""
    table: dict[Any, Any] = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    return _sum(((name,), entry[3]) for (_, _, name), entry in table.items())


def read_wadjet(path: Path, rate: int) -> Stacks:  # noqa: ARG001 (it writes nanoseconds)
    """Read a recording: the CPU time of each stack."""
    return read_recording(path, "cpu")


def read_recording(path: Path, metric: str) -> Stacks:
    """Read one metric of a recording."""
    profile = store.load(path)
    return _sum(
        (_names(profile.tree, node), value * NANOSECOND)
        for node, value in enumerate(totals.by_node(profile, metric))
        if value
    )


def count_recording(path: Path) -> Stacks:
    """Read how many samples each stack of a recording has, those of all clocks together."""
    profile = store.load(path)
    counts = Counter(node for node in profile.samples.node if node >= 0)
    return _sum((_names(profile.tree, node), count) for node, count in counts.items())


def _names(tree: CallTree, node: int) -> Stack:
    return tuple(tree.functions[tree.function_of(each)].name for each in tree.path(node))[::-1]


def dropped(path: Path) -> str:
    """Say how many samples a recording could not keep."""
    counts = store.load(path).about.get("counts", {})
    assert isinstance(counts, dict)
    return f"{counts.get('dropped', '?')} dropped"


def charge(stacks: Mapping[Stack, float], owners: Mapping[str, str]) -> dict[str, float]:
    """Give each stack's time to the owner of the outermost function that has one."""
    times: dict[str, float] = defaultdict(float)
    for stack, seconds in stacks.items():
        owner = next((owners[name] for name in stack if name in owners), None)
        if owner is not None:
            times[owner] += seconds
    return dict(times)


def _sum(samples: Iterable[tuple[Stack, float]]) -> Stacks:
    stacks: Stacks = defaultdict(float)
    for stack, seconds in samples:
        stacks[stack] += seconds
    return dict(stacks)
