"""pstats: what `python -m pstats`, SnakeViz and gprof2dot read, of one metric.

A sampling profiler does not see calls, so the call counts are counts of samples: how many
found the function on the stack. Times are seconds; for a metric that is no time they are
in its own unit.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from wadjet.model.profile import NO_NODE, CallTree, Profile
from wadjet.model.totals import by_node, with_descendants
from wadjet.render.naming import NO_FRAME
from wadjet.render.nesting import outermost
from wadjet.render.renderer import Options, preferred

_PORTABLE = 4
"""The marshal version that every supported Python reads."""

Place: TypeAlias = tuple[str, int, str]
Numbers: TypeAlias = tuple[int, int, float, float]
Entry: TypeAlias = tuple[int, int, float, float, dict[Place, Numbers]]


@dataclass(slots=True)
class Sum:
    """Of a function or a call: samples, and the cost without and with what it called."""

    samples: int = 0
    own: int = 0
    whole: int = 0

    def numbers(self, scale: float) -> Numbers:
        """Return pstats's primitive calls, calls, own and cumulative time."""
        return self.samples, self.samples, self.own * scale, self.whole * scale


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write one metric of ``profile`` as a pstats dump."""
    out.write(marshal.dumps(_stats(profile), _PORTABLE))


def _stats(profile: Profile) -> dict[Place, Entry]:
    metric = preferred(profile)
    scale = 1e-9 if profile.metrics[metric].unit == "ns" else 1.0
    tree = profile.tree
    places, callee = _places(tree)
    caller = [callee[parent] if parent >= 0 else -1 for parent in tree.node_parent]
    calls: dict[tuple[int, int], int] = {}
    call = [calls.setdefault(pair, len(calls)) for pair in zip(caller, callee, strict=True)]

    costs = by_node(profile, profile.metrics[metric].name), _samples(profile, metric)
    callers: list[dict[Place, Numbers]] = [{} for _ in places]
    for (above, below), each in zip(calls, _sums(tree, call, len(calls), *costs), strict=True):
        if above >= 0 and each.samples:
            callers[below][places[above]] = each.numbers(scale)
    sums = _sums(tree, callee, len(places), *costs)
    stats: dict[Place, Entry] = {
        place: (*each.numbers(scale), above)
        for place, each, above in zip(places, sums, callers, strict=True)
        if each.samples
    }
    frameless = _frameless(profile, metric)
    if frameless.samples or not stats:  # pstats refuses a file without any function
        stats[("~", 0, NO_FRAME.name)] = (*frameless.numbers(scale), {})
    return stats


def _places(tree: CallTree) -> tuple[list[Place], list[int]]:
    """Return every place, and the index of each node's; functions may share one."""
    places: dict[Place, int] = {}
    of_function = [
        places.setdefault((each.file, each.line, each.name), len(places)) for each in tree.functions
    ]
    return list(places), [of_function[tree.function_of(node)] for node in range(len(tree))]


def _samples(profile: Profile, metric: int) -> array[int]:
    """Return how many samples have each node as their leaf."""
    counts = array("q", bytes(8 * len(profile.tree)))
    for node, value in zip(profile.samples.node, profile.samples.values[metric], strict=True):
        if value and node != NO_NODE:
            counts[node] += 1
    return counts


def _sums(
    tree: CallTree, keys: Sequence[int], size: int, own: array[int], samples: array[int]
) -> list[Sum]:
    """Return the sum of each key from 0 to ``size``; a node's key is ``keys[node]``."""
    sums = [Sum() for _ in range(size)]
    whole, counts = with_descendants(tree, own), with_descendants(tree, samples)
    first = outermost(tree, keys)
    for node, key in enumerate(keys):
        each = sums[key]
        each.own += own[node]
        if first[node]:
            each.whole += whole[node]
            each.samples += counts[node]
    return sums


def _frameless(profile: Profile, metric: int) -> Sum:
    total = Sum()
    for node, value in zip(profile.samples.node, profile.samples.values[metric], strict=True):
        if value and node == NO_NODE:
            total.samples += 1
            total.own += value
            total.whole += value
    return total
