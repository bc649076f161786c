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
from dataclasses import dataclass

from wadjet.pipeline.meaning.names import Scope, ScopeKind
from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.tree import Node

_FUNCTIONS = (ScopeKind.FUNCTION, ScopeKind.LAMBDA)


@dataclass(frozen=True, slots=True)
class Deferrable:
    """An import, the modules that it may load, and the functions that use what it binds."""

    line: int
    text: str
    modules: tuple[str, ...]
    users: tuple[str, ...]


def deferrable(text: str) -> list[Deferrable]:
    """Return the imports of a source file that could be made when they are needed.

    A file that does not compile has none.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    scopes = resolve(tree)
    exported = _exported(tree)
    found = []
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) and not _is_special(statement):
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                users = None if name in exported else _users(scopes, name, alias)
                if users:
                    said = _said(statement, alias)
                    found.append(
                        Deferrable(statement.lineno, said, _loaded(statement, alias), users)
                    )
    return found


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
