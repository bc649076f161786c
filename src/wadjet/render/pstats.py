"""pstats: what `python -m pstats`, SnakeViz and gprof2dot read, of one metric.

A sampling profiler does not see calls, so the call counts are counts of samples: how many
found the function on the stack. Times are seconds; for a metric that is no time they are
in its own unit.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Hashable, Iterator
from typing import BinaryIO, TypeAlias, TypeVar

from wadjet.model.profile import NO_NODE, CallTree, Profile
from wadjet.model.totals import by_key, by_node
from wadjet.render.naming import NO_FRAME
from wadjet.render.renderer import Options, preferred

K = TypeVar("K", bound=Hashable)

_PORTABLE = 4
"""The marshal version that every supported Python reads."""

Place: TypeAlias = tuple[str, int, str]
Numbers: TypeAlias = tuple[int, int, float, float]
"""Samples, samples again (pstats has primitive calls and all calls), own and whole cost."""

Entry: TypeAlias = tuple[int, int, float, float, dict[Place, Numbers]]


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write one metric of ``profile`` as a pstats dump."""
    metric = preferred(profile)
    out.write(marshal.dumps(_stats(profile, metric), _PORTABLE))


def _stats(profile: Profile, metric: int) -> dict[Place, Entry]:
    scale = 1e-9 if profile.metrics[metric].unit == "ns" else 1.0
    tree = profile.tree
    own, samples = by_node(profile, profile.metrics[metric].name), _samples(profile, metric)
    places, callee = _places(tree)
    caller = [callee[parent] if parent >= 0 else -1 for parent in tree.node_parent]
    calls = list(zip(caller, callee, strict=True))

    callers: list[dict[Place, Numbers]] = [{} for _ in places]
    for (above, below), numbers in _sums(tree, calls, own, samples, scale):
        if above >= 0:
            callers[below][places[above]] = numbers
    stats: dict[Place, Entry] = {
        places[number]: (*numbers, callers[number])
        for number, numbers in _sums(tree, callee, own, samples, scale)
    }
    frameless = _frameless(profile, metric, scale)
    if frameless[0] or not stats:  # pstats refuses a file without any function
        stats["~", 0, NO_FRAME.name] = (*frameless, {})
    return stats


def _places(tree: CallTree) -> tuple[list[Place], list[int]]:
    """Return every place, and the index of each node's; functions may share one."""
    places: dict[Place, int] = {}
    of_function = [
        places.setdefault((each.file, each.line, each.name), len(places)) for each in tree.functions
    ]
    return list(places), [of_function[tree.frame_function[frame]] for frame in tree.node_frame]


def _samples(profile: Profile, metric: int) -> array[int]:
    """Return how many samples have each node as their leaf."""
    counts = array("q", bytes(8 * len(profile.tree)))
    for node, value in zip(profile.samples.node, profile.samples.values[metric], strict=True):
        if value and node != NO_NODE:
            counts[node] += 1
    return counts


def _sums(
    tree: CallTree, keys: list[K], own: array[int], samples: array[int], scale: float
) -> Iterator[tuple[K, Numbers]]:
    """Yield each key that any sample found, with its sums; a node's key is ``keys[node]``."""
    costs = by_key(tree, own, lambda _, node: keys[node])
    for key, found in by_key(tree, samples, lambda _, node: keys[node]).items():
        cost = costs[key]
        yield key, (found.total, found.total, cost.self * scale, cost.total * scale)


def _frameless(profile: Profile, metric: int, scale: float) -> Numbers:
    rows = zip(profile.samples.node, profile.samples.values[metric], strict=True)
    values = [value for node, value in rows if value and node == NO_NODE]
    cost = sum(values) * scale
    return len(values), len(values), cost, cost
