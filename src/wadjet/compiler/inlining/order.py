"""Which of its sites a statement comes to first, before anything that could be told from it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wadjet.pipeline.tree import walk

Site = ast.Call | ast.Attribute
"""What may run a function of the module: a call, or the reading of a property."""

Inert = Callable[[ast.expr], bool]


@dataclass(frozen=True, slots=True)
class Slot:
    """A site, and what it sits in: a field, and an index of that or -1."""

    site: Site
    holder: ast.AST
    field: str
    index: int = -1

    def put(self, made: ast.expr) -> None:
        """Put another expression in its place."""
        if self.index >= 0:
            getattr(self.holder, self.field)[self.index] = made
        else:
            setattr(self.holder, self.field, made)


def first(statement: ast.stmt, wanted: Callable[[Site], bool], inert: Inert) -> Slot | None:
    """Return the first site that is wanted, if nothing but inert expressions is before it."""
    field = {
        ast.Expr: "value",
        ast.Assign: "value",
        ast.AugAssign: "value",
        ast.Return: "value",
        ast.If: "test",
        ast.For: "iter",
        ast.Raise: "exc",
    }.get(type(statement))
    if field is None:
        return None
    value = getattr(statement, field)
    if value is None or not any(isinstance(each, Site) and wanted(each) for each in walk(value)):
        return None
    if isinstance(statement, ast.AugAssign) and not inert(statement.target):
        return None
    return _first(statement, field, -1, wanted, inert)


def _first(
    holder: ast.AST, field: str, index: int, wanted: Callable[[Site], bool], inert: Inert
) -> Slot | None:
    value: Any = getattr(holder, field)
    node = value[index] if index >= 0 else value
    if isinstance(node, Site) and wanted(node):
        return Slot(node, holder, field, index)
    for inner, at in _in_order(node):
        found: Any = getattr(node, inner)
        each = found[at] if at >= 0 else found
        if not inert(each):
            return _first(node, inner, at, wanted, inert)
    return None


def _in_order(node: ast.expr | None) -> list[tuple[str, int]]:
    """Return the parts of an expression that are evaluated before it, for sure and in order."""
    match node:
        case ast.BinOp():
            return [("left", -1), ("right", -1)]
        case ast.Compare():
            return [("left", -1), ("comparators", 0)]
        case ast.UnaryOp():
            return [("operand", -1)]
        case ast.BoolOp():
            return [("values", 0)]
        case ast.IfExp():
            return [("test", -1)]
        case ast.Attribute():
            return [("value", -1)]
        case ast.Subscript():
            return [("value", -1), ("slice", -1)]
        case ast.Tuple() | ast.List():
            return [("elts", index) for index in range(len(node.elts))]
        case ast.Call(func=ast.Attribute()):
            return [("func", -1)]
    return []
