r"""The imports at the head of a script: what may be done before it is known what the run is for.

>>> print(imports_of("import os\nfrom json import dumps as d\nprint(d({}))\nimport re\n"))
import os
from json import dumps as d
"""

from __future__ import annotations

import ast


def imports_of(source: str | bytes) -> str:
    """Return the statements at the head of a script that do nothing but import.

    The first other statement ends the head, but for a docstring, assignments of constants, an
    ``if TYPE_CHECKING``, and a ``try`` that only guards imports. Raises SyntaxError.
    """
    kept: list[ast.stmt] = []
    for statement in ast.parse(source).body:
        if _imports_only(statement):
            kept.append(statement)
        elif not _does_nothing(statement):
            break
    return "\n".join(ast.unparse(each) for each in kept)


def calls_ready(source: str | bytes) -> bool:
    """Tell whether a script says itself where it is to be frozen. Raises SyntaxError."""
    tree = ast.parse(source)
    knows = any(_names_snapshot(node) for node in ast.walk(tree))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return knows and any(
        isinstance(each, ast.Name) or (isinstance(each, ast.Attribute) and each.attr == "ready")
        for each in calls
        if getattr(each, "attr", getattr(each, "id", "")) in {"ready", *_other_names(tree)}
    )


def _names_snapshot(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return node.module == "wadjet.snapshot" or (node.module == "wadjet" and "snapshot" in names)
    return isinstance(node, ast.Import) and any(
        alias.name.startswith("wadjet") for alias in node.names
    )


def _other_names(tree: ast.AST) -> set[str]:
    return {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "wadjet.snapshot"
        for alias in node.names
        if alias.name == "ready" and alias.asname
    }


def _imports_only(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
    if isinstance(statement, ast.Try):
        inside = [*statement.body, *statement.orelse, *statement.finalbody]
        inside += [each for handler in statement.handlers for each in handler.body]
        return all(_imports_only(each) or _does_nothing(each) for each in inside)
    return False


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING")
    )
