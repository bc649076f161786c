"""The second station: text becomes a tree, which is the compiler's own (``ast``).

>>> tree = parse(Source("a.py", "x = 1"))
>>> [type(node).__name__ for node in walk(tree)]
['Module', 'Assign', 'Name', 'Constant']
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wadjet.errors import SourceError
from wadjet.pipeline.source import Source

Node = ast.AST

_MARKS = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
_CODE = frozenset(
    made
    for made in vars(ast).values()
    if isinstance(made, type) and issubclass(made, Node) and not issubclass(made, _MARKS)
)

F_STRINGS: tuple[type[ast.JoinedStr], ...] = (
    ast.JoinedStr,
    getattr(ast, "TemplateStr", ast.JoinedStr),
)
"""Strings with code in them; t-strings are some."""

FIELDS: tuple[type[ast.FormattedValue], ...] = (
    ast.FormattedValue,
    getattr(ast, "Interpolation", ast.FormattedValue),
)
"""What such strings have in braces."""


BLOCKS = ("body", "orelse", "finalbody")
"""The fields that hold statements."""


def parse(source: Source) -> ast.Module:
    """Return the tree of a source; raises SourceError where it is no Python."""
    try:
        return ast.parse(source.text, source.path)
    except SyntaxError as error:
        where = f"{source.path}:{error.lineno}" if error.lineno else source.path
        raise SourceError(f"{where}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{source.path}: {str(error) or 'nested too deeply'}") from None


def children(node: Node) -> list[Node]:
    """Return a node's children in the order of its fields, but for marks.

    Of an f-string they are what it has in braces: its text is no expression of its own.
    """
    found: list[Node] = []
    if isinstance(node, F_STRINGS):
        return [each for each in node.values if not isinstance(each, ast.Constant)]
    if isinstance(node, FIELDS):
        spec = node.format_spec
        return [node.value, *(children(spec) if spec is not None else ())]
    for value in node.__dict__.values():
        kind = value.__class__
        if kind is list:
            found += [each for each in value if each.__class__ in _CODE]
        elif kind in _CODE:
            found.append(value)
    return found


def walk(tree: Node) -> Iterator[Node]:
    """Yield a node and all below it, each before its children, in the order of the fields.

    Contexts and operators are left out: they are marks, which the compiler shares among all
    nodes of a tree. Twice as fast as ``ast.walk``, and in an order that people can follow.
    """
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        below = children(node)
        below.reverse()
        stack += below


def parents(tree: Node) -> dict[Node, Node]:
    """Return the parent of each node but the root."""
    return {child: node for node in walk(tree) for child in children(node)}


def blocks(node: Node) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements of a node."""
    for name in BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block


def span(source: Source, node: Node) -> tuple[int, int]:
    """Return where a node's text starts and ends, in characters; decorators are part of it."""
    first = last = node
    if not hasattr(node, "lineno"):  # an item of ``with``, for one: it is what it consists of
        placed = [each for each in children(node) if hasattr(each, "lineno")]
        first, last = placed[0], placed[-1]
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        first = decorators[0]
    start = source.offset(first.lineno, first.col_offset)  # type: ignore[attr-defined]
    if decorators:
        start = source.text.rindex("@", 0, start)
    end = source.offset(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]
    return start, end
