"""Imports at a file's head whose names only functions use: a start could do without them.

>>> [found] = deferrable('''
... import csv, decimal
... ZERO = decimal.Decimal()
... def table(file):
...     return [*csv.reader(file)]
... ''')
>>> found.line, found.modules, found.users
(2, ('csv',), ('table',))

That nobody relies on what the import does besides is not to be seen here; whoever runs the
program's tests with the import in the function has seen it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wadjet.model.imports import STAGE
from wadjet.model.profile import Profile
from wadjet.model.startup import TIME, stacks
from wadjet.pipeline.meaning.names import Scope, ScopeKind
from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.tree import Node

_FUNCTIONS = (ScopeKind.FUNCTION, ScopeKind.LAMBDA)


_LAZY = re.compile(r"^lazy (?=import |from )", re.MULTILINE)  # which older Pythons do not read


@dataclass(frozen=True, slots=True)
class Deferrable:
    """The import of one name, the modules that it may load, and the functions that use it."""

    line: int
    name: str
    text: str
    modules: tuple[str, ...]
    users: tuple[str, ...]


def deferrable(text: str) -> list[Deferrable]:
    """Return the imports of a source file that could be made when they are needed.

    A file that does not compile has none.
    """
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    already = {1 + text.count("\n", 0, each.start()) for each in _LAZY.finditer(text)}
    scopes = resolve(tree)
    exported = _exported(tree) | in_classes(scopes)
    found = []
    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom) or _is_special(statement):
            continue
        if statement.lineno in already:
            continue
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            users = None if name in exported else _users(scopes, name, alias)
            if users:
                said, loaded = _said(statement, alias), _loaded(statement, alias)
                found.append(Deferrable(statement.lineno, name, said, loaded, users))
    return found


def parsed(text: str) -> ast.Module:
    """Return the tree of a text, in which lazy imports are imports; raises as `ast.parse`."""
    return ast.parse(_LAZY.sub("", text))


def _is_special(statement: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is one of names that cannot be known, or of the compiler."""
    if isinstance(statement, ast.Import):
        return False
    return (
        bool(statement.level)
        or statement.module == "__future__"
        or any(each.name == "*" for each in statement.names)
    )


def _exported(tree: ast.Module) -> set[str]:
    """Return the words of ``__all__``, however it is made."""
    return {
        each.value
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign)
        and any(isinstance(n, ast.Name) and n.id == "__all__" for n in ast.walk(statement))
        for each in ast.walk(statement)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def in_classes(scopes: Scopes) -> set[str]:
    """Return the names that classes bind, and read: perhaps before that, from the module."""
    return {
        name
        for scope in scopes.all
        if scope.kind is ScopeKind.CLASS
        for name, binding in scope.names.items()
        if binding.bound_at and binding.variable.read_at
    }


def _users(scopes: Scopes, name: str, alias: Node) -> tuple[str, ...] | None:
    """Return the functions that read a name; None if anything else does, or binds it."""
    binding = scopes.module.names.get(name)
    if binding is None or binding.variable.bound_at != [alias] or scopes.doubts:
        return None
    users = [_function(scopes.of(each)) for each in binding.variable.read_at]
    if not all(users):
        return None
    return tuple(dict.fromkeys(each for each in users if each))


def _function(scope: Scope | None) -> str:
    """Return the name of the outermost function that a scope is in, '' if it is in none."""
    found = ""
    while scope is not None:
        if scope.kind in _FUNCTIONS:
            found = scope.name
        scope = scope.parent
    return found


def _said(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    """Return the import of one name, as one could write it."""
    if isinstance(statement, ast.Import):
        return ast.unparse(ast.Import([alias]))
    return ast.unparse(ast.ImportFrom(statement.module, [alias], statement.level))


def _loaded(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, ...]:
    """Return the modules that the import of one name may load."""
    if isinstance(statement, ast.Import):
        return (alias.name,)
    return (statement.module or "", f"{statement.module}.{alias.name}")


@dataclass(frozen=True, slots=True)
class Costly:
    """An import that could be deferred, in a file, and what it took as the program started, ns."""

    path: str
    found: Deferrable
    time: int


def costly(profile: Profile) -> list[Costly]:
    """Return the imports that a recorded start could do without, the dearest first.

    Names that other recorded files import from a file are not among them.
    """
    costs = _times(profile)
    names = {
        each.file: each.name for each in profile.tree.functions if each.file not in ("", STAGE)
    }
    wanted = {pair for path, text in profile.sources.items() for pair in _wanted(path, text, names)}
    found = []
    for path, text in profile.sources.items():
        importer = "" if path == profile.about.get("script") else names.get(path)
        for each in deferrable(text):
            if (importer, each.name) not in wanted:
                spent = sum(costs.get((importer, module), 0) for module in each.modules)
                found.append(Costly(path, each, spent))
    return sorted(found, key=lambda each: (-each.time, each.path, each.found.line))


def _times(profile: Profile) -> dict[tuple[str | None, str], int]:
    """Return what imports took by who asked first, '' for the program itself, and module."""
    times = profile.samples.values[profile.metric_index(TIME.name)]
    pairs = []
    for stack in stacks(profile.tree):
        names = [each.name for each in reversed(stack) if each.file != STAGE]
        pairs.append([*zip(["", *names], names, strict=False)])
    costs: dict[tuple[str | None, str], int] = {}
    for node, value in zip(profile.samples.node, times, strict=True):
        for pair in pairs[node]:
            costs[pair] = costs.get(pair, 0) + value
    return costs


def _wanted(path: str, text: str, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what a file imports from others by name: module, and name."""
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    package = names.get(path, "")
    if not path.endswith("__init__.py"):
        package = package.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - max(node.level - 1, 0)]
            parts = [*(above if node.level else []), node.module or ""]
            for alias in node.names:
                yield ".".join(filter(None, parts)), alias.name
