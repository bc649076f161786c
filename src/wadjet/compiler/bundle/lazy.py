r"""Imports at a file's head, moved into the functions that need them.

>>> text = '''
... import csv
... import sys
... def rows(file):
...     "Read rows."
...     return csv.reader(file)
... rows(sys.stdin)
... '''
>>> [found] = deferrable(text)
>>> print(moved(text, found))
<BLANKLINE>
import sys
def rows(file):
    "Read rows."
    import csv
    return csv.reader(file)
rows(sys.stdin)
<BLANKLINE>

Or marked for Python 3.15, where the statement stays, and the import waits (PEP 810):

>>> print(marked(text, found).splitlines()[1])
lazy import csv

All other lines stay as they are written. Nobody can see in a file what else relies on an
import: ``prove`` tries one, and keeps it if a program's tests pass.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from wadjet.errors import SourceError
from wadjet.pipeline.deferring import Deferrable, deferrable, parsed
from wadjet.pipeline.meaning.names import ScopeKind
from wadjet.pipeline.meaning.scopes import resolve
from wadjet.pipeline.source import read, write

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as the compiler has them
Change = Callable[[str, Deferrable], str | None]


def moved(text: str, found: Deferrable) -> str | None:
    """Return a text in which an import is made by the functions that need it.

    None where that cannot be written without writing other lines anew: a function on one
    line, a lambda, statements with a semicolon between.
    """
    tree = parsed(text)
    statement = _statement(tree, found)
    users = _users(tree, found)
    lines = _LINES.findall(text)
    head = _without(lines, statement, found) if statement else None
    places = [_first(each, lines) for each in users]
    if statement is None or head is None or not places or not all(places):
        return None
    start, end = statement.lineno - 1, statement.end_lineno or statement.lineno
    edits = [(start, end, head)]  # which may stand below a function that needs it
    for line, column in filter(None, places):
        made = lines[line - 1][:column] + found.text + _ending(lines[line - 1])
        edits.append((line - 1, line - 1, [made]))
    for start, end, written in sorted(edits, reverse=True):
        lines[start:end] = written
    return "".join(lines)


def marked(text: str, found: Deferrable) -> str | None:
    """Return a text in which an import is lazy, as Python 3.15 can read it.

    None where the statement imports other names too.
    """
    statement = _statement(parsed(text), found)
    if statement is None or len(statement.names) > 1:
        return None
    lines = _LINES.findall(text)
    lines[statement.lineno - 1] = f"lazy {lines[statement.lineno - 1]}"
    return "".join(lines)


def _statement(tree: ast.Module, found: Deferrable) -> ast.Import | ast.ImportFrom | None:
    for each in tree.body:
        if isinstance(each, ast.Import | ast.ImportFrom) and each.lineno == found.line:
            return each if each.col_offset == 0 else None
    return None


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _without(
    lines: list[str], statement: ast.Import | ast.ImportFrom, found: Deferrable
) -> list[str] | None:
    """Return the lines of a statement without one of its names."""
    end = statement.end_lineno or statement.lineno
    written = lines[statement.lineno - 1 : end]
    rest = written[-1].encode()[statement.end_col_offset :].decode()
    if rest.strip() and not rest.lstrip().startswith("#"):
        return None  # another statement
    kept = [each for each in statement.names if _bound(each) != found.name]
    if not kept:
        return []
    if len(written) > 1 and any("#" in each for each in written):
        return None  # comments on names
    if isinstance(statement, ast.Import):
        made = ast.unparse(ast.Import(kept))
    else:
        made = ast.unparse(ast.ImportFrom(statement.module, kept, statement.level))
    return [made + rest]


def _users(tree: ast.Module, found: Deferrable) -> list[ast.AST]:
    """Return the outermost functions that read what an import binds."""
    scopes = resolve(tree)
    users: dict[ast.AST, None] = {}
    for read_at in scopes.module.names[found.name].variable.read_at:
        scope, outermost = scopes.of(read_at), None
        while scope.parent is not None:
            if scope.kind in (ScopeKind.FUNCTION, ScopeKind.LAMBDA):
                outermost = scope
            scope = scope.parent
        if outermost is not None:
            users[outermost.node] = None
    return list(users)


def _first(function: ast.AST, lines: list[str]) -> tuple[int, int] | None:
    """Return line and column of a function's first statement after its docstring."""
    if not isinstance(function, Function):
        return None
    documented = ast.get_docstring(function, clean=False) is not None
    first = function.body[int(documented)]
    place = getattr(first, "decorator_list", [first])[0:1] or [first]
    line = min(first.lineno, place[0].lineno)
    indent = lines[line - 1][: first.col_offset]
    return (line, first.col_offset) if not indent.strip() else None


def _ending(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n"


def change_file(path: Path, found: Deferrable, change: Change) -> tuple[str, str] | None:
    """Return the text of a file, and that with an import changed, which may have moved since.

    None where it cannot be changed. Raises SourceError.
    """
    text = read(path).text
    for each in deferrable(text):
        if each.text == found.text:
            made = change(text, each)
            return None if made is None else (text, made)
    return None


def prove(path: Path, before: str, made: str, passes: Callable[[], bool]) -> bool:
    """Write a file, and say whether the tests pass; if not, it is what it was.

    ``passes`` runs them. The file is written all at once, and restored also where the trial
    is interrupted. Raises SourceError and OutputError.
    """
    source = read(path)
    if source.text != before:
        raise SourceError(f"{path} has changed meanwhile", "run the command again")
    write(source, made)
    kept = False
    try:
        kept = passes()
    finally:
        if not kept:
            _restore(path, made, before)
    return kept


def _restore(path: Path, made: str, before: str) -> None:
    """Put back what there was, unless somebody else has written the file meanwhile."""
    source = read(path)
    if source.text != made:
        raise SourceError(f"{path} was changed while it was tried", "look at it, and try again")
    write(source, before)
