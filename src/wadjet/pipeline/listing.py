"""Byte code beside the tree that it comes from.

>>> tree = ast.parse("a = b")
>>> [module] = listing(tree, compile(tree, "a.py", "exec"))
>>> for row in module.rows:
...     print("  " * row.depth + row.label, *(each.name for each in row.instructions[:1]))
Module RESUME
  Assign
    Name a local STORE_NAME
    Name b implicit LOAD_NAME
"""

from __future__ import annotations

import ast
import dis
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.meaning.steps import evaluated_by_definition
from wadjet.pipeline.tree import Node, children, walk

_Range = tuple[int | None, int | None, int | None, int | None]
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CALLED: dict[type[Node], str] = {
    ast.Lambda: "<lambda>",
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction: where it is in its code, its name, and its argument as people read it."""

    offset: int
    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Row:
    """A node, and the instructions that are there for it and no node within it."""

    node: Node
    depth: int
    label: str
    instructions: list[Instruction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A code object with the nodes that it comes from, the first of which opens it."""

    name: str
    rows: list[Row]


def listing(tree: ast.Module, code: CodeType) -> list[Part]:
    """Return the parts of a module, each after the one around it."""
    roots: defaultdict[tuple[str, int], list[Node]] = defaultdict(list)
    for node in walk(tree):
        if isinstance(node, (*_NAMED, *_CALLED)):
            roots[_key(node)].append(node)
    codes: list[tuple[CodeType, Node]] = []
    for each in _codes(code):
        found = roots.get((each.co_name, each.co_firstlineno))
        if each is code or found:
            codes.append((each, found.pop(0) if found and each is not code else tree))
    others = {node for _, node in codes}
    scopes = resolve(tree)
    return [
        Part(each.co_qualname, _rows(each, root, others - {root}, scopes)) for each, root in codes
    ]


def _key(node: Node) -> tuple[str, int]:
    """Return by what name and line the code of a node is known."""
    name = node.name if isinstance(node, _NAMED) else _CALLED[type(node)]
    first: Any = next(iter(getattr(node, "decorator_list", ())), node)
    return name, first.lineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _rows(code: CodeType, root: Node, others: set[Node], scopes: Scopes) -> list[Row]:
    rows = [Row(root, 0, label(root, scopes))]
    outside = set(_around(root))
    stack = [(each, 1) for each in reversed(children(root))]
    while stack:
        node, depth = stack.pop()
        if node in outside or isinstance(node, ast.arguments):
            continue
        rows.append(Row(node, depth, label(node, scopes)))
        below = _around(node) if node in others else children(node)
        stack += [(each, depth + 1) for each in reversed(below)]
    by_range = {_range(row.node): row for row in rows}  # the innermost of those of one range
    by_range[None, None, None, None] = rows[0]
    for each in dis.get_instructions(code):
        row = by_range.get(_positions(each)) or _nearest(rows, _positions(each))
        row.instructions.append(Instruction(each.offset, each.opname, _argument(each)))
    return rows


def _argument(instruction: dis.Instruction) -> str:
    if isinstance(instruction.argval, CodeType):
        return f"code of {instruction.argval.co_name}"
    return instruction.argrepr or ("" if instruction.arg is None else str(instruction.arg))


def _around(node: Node) -> list[Node]:
    """Return what of a node that opens other code is in the code around it."""
    if isinstance(node, _COMPREHENSIONS):
        return [node.generators[0].iter]
    return evaluated_by_definition(node)


def _range(node: Node) -> _Range:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "end_lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_col_offset", 0),
    )


def _positions(instruction: dis.Instruction) -> _Range:
    found = instruction.positions
    if found is None or found.lineno is None:
        return None, None, None, None
    return found.lineno, found.end_lineno, found.col_offset, found.end_col_offset


def _nearest(rows: list[Row], where: _Range) -> Row:
    """Return the innermost node around a range, the root if there is none."""
    line, end_line, column, end_column = (each or 0 for each in where)
    found = rows[0]
    for row in rows[1:]:
        first, last, start, end = (each or 0 for each in _range(row.node))
        if (first, start) <= (line, column) and (end_line, end_column) <= (last, end):
            found = row
    return found


def label(node: Node, scopes: Scopes) -> str:
    """Return a node's class, what it is about, and of a name what it means."""
    words = [type(node).__name__]
    if isinstance(node, ast.Constant):
        words.append(repr(node.value))
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.AugAssign):
        words.append(type(node.op).__name__)
    if isinstance(node, ast.Compare):
        words += [type(op).__name__ for op in node.ops]
    for name in ("id", "name", "attr", "arg"):
        value = getattr(node, name, None)
        words += [value] if isinstance(value, str) else []
    binding = scopes.find(node)
    return " ".join([*words, binding.kind.value] if binding else words)
