"""callgrind: costs by line and calls between functions, for KCachegrind and callgrind_annotate.

Every metric is an event. A thread is a function, in the file ``(threads)``, that calls its
stacks' roots. A sampling profiler does not see calls: ``calls=`` counts the samples, of any
metric, that found the call on the stack. The cost of a call is 0 where its callee was on
the stack already, so that what its callers spent on a function is its total, however it
recursed. https://valgrind.org/docs/manual/cl-format.html
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import compress
from typing import BinaryIO, TypeAlias

from wadjet import __version__
from wadjet.model.profile import NO_NODE, CallTree, Function, Profile
from wadjet.model.totals import by_key, by_node, fold, preorder, with_descendants
from wadjet.render.naming import NO_FRAME, one_line, thread_names, title
from wadjet.render.renderer import Options, measured, preferred, write_text

_THREADS = "(threads)"
_UNKNOWN = "???"
_PYTHON = "python"

Line: TypeAlias = tuple[int, int]
"""A function and a line of it; functions are numbers."""

Call: TypeAlias = tuple[int, int, int]
"""The caller, the line it calls from, and the callee."""


class Names:
    """Name compression: what was named once is called by its number after that."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, key: Hashable, name: str) -> str:
        """Return ``(1) name`` the first time that ``key`` is named, and then ``(1)``."""
        number = self._numbers.get(key)
        if number is not None:
            return f"({number})"
        number = self._numbers[key] = len(self._numbers) + 1
        return f"({number}) {one_line(name).strip() or _UNKNOWN}"


def render(profile: Profile, out: BinaryIO, _options: Options) -> None:
    """Write ``profile`` as a callgrind file."""
    write_text(out, _lines(profile))


def _lines(profile: Profile) -> Iterator[str]:
    first = preferred(profile)
    metrics = [first, *(each for each in measured(profile) if each != first)]
    totals = [sum(profile.samples.values[metric]) for metric in metrics]
    functions = _functions(profile)
    yield from _head(profile, metrics)
    yield f"summary: {_costs(totals)}\n"
    yield from _body(functions, _own(profile, metrics), _calls(profile, metrics))
    yield f"\ntotals: {_costs(totals)}\n"


def _head(profile: Profile, metrics: list[int]) -> Iterator[str]:
    yield f"# callgrind format\nversion: 1\ncreator: wadjet {__version__}\n"
    yield f"cmd: {one_line(title(profile))}\n"
    if profile.processes:
        yield f"pid: {profile.processes[0].pid}\n"
    yield "positions: line\n"
    names = []
    for index in metrics:
        metric = profile.metrics[index]
        names.append(re.sub("[^A-Za-z0-9]", "", metric.name) or f"metric{index}")
        yield f"event: {names[-1]} : {one_line(metric.title)} ({metric.unit})\n"
    yield f"events: {' '.join(names)}\n"


def _costs(values: Sequence[int]) -> str:
    return " ".join(map(str, values))


def _functions(profile: Profile) -> list[Function]:
    """Return the tree's functions, the one that stands for no frame, and the threads.

    Readers know a function by file and name only, so alike ones get their line as well.
    """
    functions = [*profile.tree.functions, NO_FRAME]
    functions += [Function(name, _THREADS) for name in thread_names(profile)]
    alike = Counter((each.file, each.name) for each in functions)
    return [
        Function(f"{each.name}:{each.line}", each.file, each.line, each.kind)
        if alike[each.file, each.name] > 1
        else each
        for each in functions
    ]


def _own(profile: Profile, metrics: list[int]) -> dict[Line, list[int]]:
    """Return what each line cost by itself, a value for each metric."""
    tree = profile.tree
    costs: defaultdict[Line, list[int]] = defaultdict(lambda: [0] * len(metrics))
    for position, metric in enumerate(metrics):
        rows = fold(profile, profile.metrics[metric].name)
        for node, value in zip(rows.node, rows.value, strict=True):
            if node == NO_NODE:
                costs[_frameless(tree), 0][position] += value
            else:
                costs[tree.function_of(node), tree.line_of(node)][position] += value
    return costs


def _frameless(tree: CallTree) -> int:
    return len(tree.functions)


def _calls(profile: Profile, metrics: list[int]) -> dict[Call, list[int]]:
    """Return for each call the samples that found it, and its cost for each metric."""
    tree = profile.tree
    calls: defaultdict[Call, list[int]] = defaultdict(lambda: [0] * (1 + len(metrics)))
    _threads_call(profile, metrics, calls)
    pairs = zip(tree.node_parent, range(len(tree)), strict=True)
    keys = [
        None
        if above < 0
        else (tree.function_of(above), tree.line_of(above), tree.function_of(node))
        for above, node in pairs
    ]
    counts = array("q", bytes(8 * (len(tree) + 1)))  # the last one is for NO_NODE
    for node in profile.samples.node:
        counts[node] += 1
    counts.pop()
    for key, found in by_key(tree, counts, lambda _, node: keys[node]).items():
        if key is not None:
            calls[key][0] = found.total
    outer = _outermost(tree)
    for position, metric in enumerate(metrics, 1):
        totals = with_descendants(tree, by_node(profile, profile.metrics[metric].name))
        for key, value in zip(compress(keys, outer), compress(totals, outer), strict=True):
            if key is not None and value:
                calls[key][position] += value
    return calls


def _threads_call(
    profile: Profile, metrics: list[int], calls: defaultdict[Call, list[int]]
) -> None:
    """Add the calls from threads to the roots of their stacks."""
    tree, samples = profile.tree, profile.samples
    callee = [tree.function_of(node) for node in range(len(tree))]
    for node, parent in enumerate(tree.node_parent):
        if parent >= 0:
            callee[node] = callee[parent]  # the root's, for parents come first
    callee.append(_frameless(tree))  # for NO_NODE
    first = len(tree.functions) + 1
    for (thread, node), count in Counter(zip(samples.thread, samples.node, strict=True)).items():
        calls[first + thread, 0, callee[node]][0] += count
    for position, metric in enumerate(metrics, 1):
        rows = fold(profile, profile.metrics[metric].name)
        for thread, node, value in zip(rows.thread, rows.node, rows.value, strict=True):
            calls[first + thread, 0, callee[node]][position] += value


def _outermost(tree: CallTree) -> bytearray:
    """Return 1 for each node whose function is not on the stack above it, else 0."""
    found = bytearray(len(tree))
    covered: dict[int, int] = {}
    order, ends = preorder(tree)
    for place, (node, end) in enumerate(zip(order, ends, strict=True)):
        function = tree.function_of(node)
        if covered.get(function, 0) <= place:
            covered[function] = end
            found[node] = 1
    return found


def _body(
    functions: list[Function], own: dict[Line, list[int]], calls: dict[Call, list[int]]
) -> Iterator[str]:
    """Yield each function with its lines and its calls, in the order of functions."""
    lines_of: defaultdict[int, list[int]] = defaultdict(list)
    for owner, line in sorted(own):
        lines_of[owner].append(line)
    calls_of: defaultdict[int, list[Call]] = defaultdict(list)
    for call in sorted(calls):
        calls_of[call[0]].append(call)
    names = Names()
    for number, function in enumerate(functions):
        if number in lines_of or number in calls_of:
            yield "\n" + "".join(_position(names, "ob fl fn", number, function))
        for line in lines_of[number]:
            yield f"{line} {_costs(own[number, line])}\n"
        for call in calls_of[number]:
            _, from_line, callee = call
            samples, *costs = calls[call]
            yield "".join(_position(names, "cob cfi cfn", callee, functions[callee]))
            yield f"calls={samples} {functions[callee].line}\n{from_line} {_costs(costs)}\n"


def _position(names: Names, keys: str, number: int, function: Function) -> Iterator[str]:
    native = function.kind == "native"
    library, file = (function.file, _UNKNOWN) if native else (_PYTHON, function.file or _UNKNOWN)
    where, file_key, name_key = keys.split()
    yield f"{where}={names(('ob', library), library)}\n"
    yield f"{file_key}={names(('fl', file), file)}\n"
    yield f"{name_key}={names(number, function.name)}\n"
