"""Which of its sites a statement comes to first, and what it evaluates before that.

>>> statement = ast.parse("x = a.b * 2 + f(g(y), h(y))").body[0]
>>> slots = starts(statement, lambda node: False)
>>> site = statement.value.right.args[1]
>>> slot, before = leading(slots, {site}, lambda node: False)
>>> ast.unparse(slot.node), [ast.unparse(each.node) for each in before]
('h(y)', ['a.b * 2', 'f', 'g(y)'])

Whoever gives those names, and binds them in this order, may have statements between them and
the site.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass

from wadjet.pipeline.tree import walk

Site = ast.Call | ast.Attribute | ast.Subscript | ast.BinOp
"""What may run a function of the module: a call, a property, an item, an operator."""

Inert = Callable[[ast.expr], bool]

_STARTS = {
    ast.Expr: "value",
    ast.Assign: "value",
    ast.AugAssign: "value",
    ast.Return: "value",
    ast.If: "test",
    ast.For: "iter",
    ast.Raise: "exc",
}

_OUT_OF_TURN = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
"""Bind locals that were read before, or leave the function in the midst of it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An expression, and what it sits in: a field, and an index of that or -1."""

    node: ast.expr
    holder: ast.AST
    field: str
    index: int = -1

    def put(self, made: ast.expr) -> None:
        """Put another expression in its place."""
        if self.index >= 0:
            getattr(self.holder, self.field)[self.index] = made
        else:
            setattr(self.holder, self.field, made)


def starts(statement: ast.stmt, inert: Inert) -> list[Slot]:
    """Return what a statement evaluates before anything else, whenever it is run, in order."""
    field = _STARTS.get(type(statement))
    value = getattr(statement, field) if field else None
    if field is None or value is None:
        return []
    found = [Slot(value, statement, field)]
    match statement:
        case ast.AugAssign(target) if not inert(target):
            return []
        case ast.Assign([ast.Subscript() | ast.Attribute() as target]):
            return found + parts(target)
    return found


def leading(
    slots: list[Slot], wanted: Collection[ast.AST], inert: Inert
) -> tuple[Slot, list[Slot]] | None:
    """Return the first of some sites, and what is evaluated before it and not inert.

    All that is evaluated whenever the statement is, in this order, and nothing else before the
    site. None where there is no such site.
    """
    before: list[Slot] = []
    slot = _leading(slots, wanted, inert, before)
    if slot is None or (before and any(map(_is_out_of_turn, slots))):
        return None
    return slot, before


def _is_out_of_turn(slot: Slot) -> bool:
    return any(isinstance(each, _OUT_OF_TURN) for each in walk(slot.node))


def _leading(
    slots: list[Slot], wanted: Collection[ast.AST], inert: Inert, before: list[Slot]
) -> Slot | None:
    known = len(before)
    for each in slots:
        if each.node in wanted:
            return each
        found = _leading(parts(each.node), wanted, inert, before)
        if found is not None:
            return found
        if not inert(each.node):
            before.append(each)
    del before[known:]
    return None


def parts(node: ast.expr) -> list[Slot]:
    """Return what is evaluated before an expression whenever that is, in order."""
    match node:
        case ast.Compare(left, _, comparators):
            return [Slot(left, node, "left"), Slot(comparators[0], node, "comparators", 0)]
        case ast.BoolOp():
            return [Slot(node.values[0], node, "values", 0)]
        case ast.Tuple() | ast.List():
            return _listed(node, "elts")
        case ast.Call(func=ast.Attribute(value) as method):  # to keep the method would cost more
            return [Slot(value, method, "value")]
        case ast.Call(func):
            return [Slot(func, node, "func"), *_listed(node, "args")]
    fields = _FIELDS.get(type(node), ())
    return [Slot(getattr(node, each), node, each) for each in fields]


_FIELDS: dict[type[ast.expr], tuple[str, ...]] = {
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
    ast.IfExp: ("test",),
    ast.Attribute: ("value",),
    ast.Subscript: ("value", "slice"),
}


def _listed(node: ast.expr, field: str) -> list[Slot]:
    """Return what is in a list of expressions, up to one with a star."""
    found: list[Slot] = []
    for index, each in enumerate(getattr(node, field)):
        if isinstance(each, ast.Starred):
            break
        found.append(Slot(each, node, field, index))
    return found
