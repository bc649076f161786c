"""The second station: text becomes a tree, which is the compiler's own (``ast``).

How to go through one is told by ``walking``; in C where the core is built.

>>> tree = parse(Source("a.py", "x = 1"))
>>> [type(node).__name__ for node in walk(tree)]
['Module', 'Assign', 'Name', 'Constant']
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wadjet.errors import SourceError
from wadjet.pipeline.source import Source
from wadjet.pipeline.walking import F_STRINGS, FIELDS, MARKS, PLACED, Node, Slot

try:
    from wadjet.pipeline._walking import (
        children,
        copied,
        fill_places,
        outermost,
        select,
        slots,
        walk,
    )
except ImportError:
    from wadjet.pipeline.walking import (
        children,
        copied,
        fill_places,
        outermost,
        select,
        slots,
        walk,
    )

__all__ = (
    "BLOCKS",
    "FIELDS",
    "F_STRINGS",
    "MARKS",
    "PLACED",
    "Node",
    "Slot",
    "blocks",
    "children",
    "copied",
    "fill_places",
    "outermost",
    "parents",
    "parse",
    "select",
    "slots",
    "span",
    "walk",
)

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
