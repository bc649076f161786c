"""Rules about what a start does for nothing: before Python, on its way, and in imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import cast

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.imports import STAGE
from wadjet.model.profile import Profile
from wadjet.model.startup import TIME, modules, stacks, whole
from wadjet.model.units import count, duration, percent, plural

NOTABLE = 0.05
"""The part of a start from which something is worth a word."""
SHORT = 2_000_000
"""What takes less than this (ns) is of no account."""
MANY_CALLS = 200
"""How many system calls a shim may make."""
MANY_PATTERNS, MANY_ITEMS = 10, 1000
"""How many regular expressions, or items of one literal, are many."""

_WHY = {
    "missing": "which is not there",
    "double": "which is there twice",
    "namespace": "which makes a namespace package in the old way",
}


def shim(profile: Profile) -> Iterator[Finding]:
    """A script stands before Python, and finds out which one is meant, each time.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0"], syscalls=400)
    >>> [found] = shim(made.build(shim=["/home/me/shims/python3", 9054]))
    >>> found.message
    '`/home/me/shims/python3` is a script: it makes 9,054 system calls before Python, which makes \
400.'
    """
    match profile.about.get("shim"):
        case [str(path), int(calls)] if calls > MANY_CALLS:
            own = whole(profile).calls
            yield Finding(
                rule="start-shim",
                level=Level.WARNING,
                message=f"`{path}` is a script: it makes {count(calls)} system calls before "
                f"Python, which makes {count(own)}.",
                place=Place(path, 1),
                treatment="Start the interpreter by its own path, or that of a virtual "
                "environment: `python3 -c 'import sys; print(sys.executable)'` tells it.",
                weight=calls / max(calls + own, 1),
            )


def path(profile: Profile) -> Iterator[Finding]:
    """Each start looks where nothing is, or where it has looked already.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0"])
    >>> [found] = path(made.build(path=[["site-packages/old.pth", 3, "/gone", "missing"]]))
    >>> found.message
    'Each start of this Python reads `/gone` (site-packages/old.pth:3), which is not there.'
    """
    rows = cast(list[list[object]], profile.about.get("path") or [])
    for file, number, text, why in rows:
        where = f"{file}:{number}" if file else "PYTHONPATH"
        said = text if why != "namespace" else f"{str(text)[:20]}..."
        yield Finding(
            rule="start-path",
            level=Level.NOTE,
            message=f"Each start of this Python reads `{said}` ({where}), {_WHY[str(why)]}.",
            place=Place(str(file), cast(int, number)) if file else None,
            treatment="`wadjet startup --fix` takes such lines out, and puts them back."
            if file
            else "Take it out of the variable.",
            weight=0.01,
        )


def unused(profile: Profile) -> Iterator[Finding]:
    """An import that this run never used: it was run again, with that one waiting.

    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> stack = [f"program {STAGE}:0", "shop shop.py:0", "csv csv.py:0"]
    >>> made = Builder(METRICS).sample(stack, start=9 * 10**6)
    >>> [found] = unused(made.build(unused=[["shop", "import csv", ["csv"]]]))
    >>> found.message
    '`import csv` (shop) takes 9.00 ms, 100 % of the start, and this run never used it.'
    """
    rows = cast(list[list[object]], profile.about.get("unused") or [])
    total = max(whole(profile).time, 1)
    spent = {each.name: each.time for each in modules(profile)}
    asked = _importers(profile)
    for module, text, loads in rows:
        names = [each for each in cast(list[str], loads) if (module, each) in asked]
        time = max((spent.get(each, 0) for each in names), default=0)
        if time < SHORT or time < NOTABLE * total:
            continue
        yield Finding(
            rule="start-unused",
            level=Level.WARNING,
            message=f"`{text}` ({module}) takes {duration(time)}, {percent(time / total)} of the "
            "start, and this run never used it.",
            place=_place(profile, str(module)),
            treatment="`wadjet lazy --hook` lets it wait until somebody does, where that is "
            "proved to change nothing else.",
            weight=time / total,
        )


def _importers(profile: Profile) -> set[tuple[str, str]]:
    """Return who asked for a module first, and which."""
    pairs = set()
    for stack in stacks(profile.tree):
        names = [each.name for each in stack if each.file != STAGE]
        if names:
            pairs.add((names[1] if len(names) > 1 else "__main__", names[0]))
    return pairs


def built(profile: Profile) -> Iterator[Finding]:
    r"""A module's own statements compile many patterns, or build a large table.

    >>> from dataclasses import replace
    >>> from wadjet.model.profile import Builder
    >>> from wadjet.model.startup import METRICS
    >>> made = Builder(METRICS).sample([f"program {STAGE}:0", "tokens t.py:0"], start=9 * 10**6)
    >>> text = "import re\n" + "a = re.compile('a')\n" * 12
    >>> [found] = built(replace(made.build(), sources={"t.py": text}))
    >>> found.message.partition(": ")[2]
    '12 regular expressions are compiled there.'
    """
    total = max(whole(profile).time, 1)
    for (name, file), time in _own(profile).items():
        if time < SHORT or time < NOTABLE * total or file not in profile.sources:
            continue
        what, line = _made(profile.sources[file])
        if what:
            yield Finding(
                rule="start-built",
                level=Level.NOTE,
                message=f"`{name}` takes {duration(time)} to run its own statements, "
                f"{percent(time / total)} of the start: {what} there.",
                place=Place(file, line),
                treatment="Make them in a function that keeps what it made (`functools.cache`), "
                "which is called where they are needed.",
                weight=time / total,
            )


def _own(profile: Profile) -> dict[tuple[str, str], int]:
    """Return the time of the statements of each module and no other, ns."""
    times = profile.samples.values[profile.metric_index(TIME.name)]
    found: dict[tuple[str, str], int] = {}
    all_stacks = stacks(profile.tree)
    for node, value in zip(profile.samples.node, times, strict=True):
        top = all_stacks[node][0]
        if top.file != STAGE:
            found[top.name, top.file] = found.get((top.name, top.file), 0) + value
    return found


def _made(text: str) -> tuple[str, int]:
    """Return what a file builds as it is imported, and the first line of it; '' for little."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", 0
    nodes = list(_run_at_once(tree))
    patterns = [each for each in nodes if _is_pattern(each)]
    if len(patterns) >= MANY_PATTERNS:
        number = plural(len(patterns), "regular expression")
        return f"{number} are compiled", patterns[0].lineno
    for each in nodes:
        items = _items(each)
        if items >= MANY_ITEMS:
            return f"a literal of {count(items)} items is built", each.lineno
    return "", 0


def _run_at_once(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions of a module that no function holds back."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack += reversed(list(ast.iter_child_nodes(node)))


def _is_pattern(node: ast.expr) -> bool:
    match node:
        case ast.Call(ast.Attribute(ast.Name("re" | "regex"), "compile")):
            return True
    return False


def _items(node: ast.expr) -> int:
    match node:
        case ast.Dict(keys):
            return len(keys)
        case ast.List(items) | ast.Set(items):
            return len(items)
    return 0


def _place(profile: Profile, module: str) -> Place | None:
    for each in profile.tree.functions:
        if each.name == module and each.file not in ("", STAGE):
            return Place(each.file)
    return None
