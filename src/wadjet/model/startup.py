"""What a recording of a start has: the phases of the interpreter, and below them its imports.

>>> from wadjet.model.profile import Builder
>>> made = Builder(METRICS).sample([f"program {STAGE}:0", "json json/__init__.py:0"], start=9)
>>> made = made.sample([f"program {STAGE}:0", f"openat {STAGE}:0"], syscalls=2, read=4096)
>>> [(each.name, each.time, each.calls) for each in phases(made.build())]
[('program', 9, 2)]
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wadjet.model.imports import STAGE
from wadjet.model.profile import CallTree, Function, Metric, Profile

TIME = Metric("start", "ns", "Start-up time")
CALLS = Metric("syscalls", "count", "System calls")
READ = Metric("read", "bytes", "Bytes read")
FAULTS = Metric("faults", "count", "Page faults")
METRICS = (TIME, CALLS, READ, FAULTS)
"""All of them are measured, nothing is sampled."""

LINKING, PREPARING, RUNNING, ENDING = PHASES = (
    "dynamic linking",
    "interpreter",
    "program",
    "finalization",
)
"""The phases of a start, in their order: functions at the roots of the tree."""

COLLECTION = "collection"
CHILDREN = "other processes"


_Names: TypeAlias = Callable[[Sequence[Function]], Iterable[str]]
"""What a stack, leaf first, counts for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a phase, or a module with all that it imports, cost: ns, and numbers of the others."""

    name: str
    time: int
    calls: int
    read: int
    faults: int


def is_recorded(profile: Profile) -> bool:
    """Say whether a recording is of a start."""
    return TIME in profile.metrics


def phases(profile: Profile) -> list[Cost]:
    """Return what each phase cost altogether, in their order."""
    found = _summed(profile, lambda stack: [stack[-1].name] if stack[-1].name in PHASES else [])
    return sorted(found, key=lambda each: PHASES.index(each.name))


def modules(profile: Profile) -> list[Cost]:
    """Return what each module's import cost with all that it imported, the dearest first."""
    found = _summed(profile, lambda stack: {each.name for each in stack if each.file != STAGE})
    return sorted(found, key=lambda each: (-each.time, -each.calls, each.name))


def whole(profile: Profile) -> Cost:
    """Return what the whole start cost."""
    return Cost("", *(sum(column) for column in _columns(profile)))


def _columns(profile: Profile) -> list[array[int]]:
    return [profile.samples.values[profile.metric_index(each.name)] for each in METRICS]


def stacks(tree: CallTree) -> list[list[Function]]:
    """Return for each node the functions from there to the root."""
    found: list[list[Function]] = []
    for node, parent in enumerate(tree.node_parent):  # which comes before it
        above = found[parent] if parent >= 0 else []
        found.append([tree.functions[tree.function_of(node)], *above])
    return found


def _summed(profile: Profile, names_of: _Names) -> list[Cost]:
    names = [set(names_of(stack)) for stack in stacks(profile.tree)]
    sums: dict[str, list[int]] = {}
    for node, *values in zip(profile.samples.node, *_columns(profile), strict=True):
        for name in names[node]:
            before = sums.setdefault(name, [0] * len(METRICS))
            sums[name] = [one + other for one, other in zip(before, values, strict=True)]
    return [Cost(name, *values) for name, values in sums.items()]
