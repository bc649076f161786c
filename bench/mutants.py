"""Mutants of a module: the same but for one thing, which a test should notice.

>>> [mutant.now for mutant in mutants("while a < b and not c: f(1)")]
['a < b or not c', 'a <= b', 'c', 'pass', 'f()', '2']
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_UNEVALUATED = frozenset({"annotation", "returns", "decorator_list"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text: the line of the original, and what stands there now."""

    line: int
    now: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(text)
    for holder, field, index, node in [*_slots(tree)]:
        for made in _changed(node):
            _put(holder, field, index, ast.copy_location(made, node))
            yield Mutant(
                node.lineno, ast.unparse(made), ast.unparse(ast.fix_missing_locations(tree))
            )
            _put(holder, field, index, node)


_Slot = tuple[ast.AST, str, int, ast.expr | ast.stmt]


def _slots(node: ast.AST) -> Iterator[_Slot]:
    """Yield the statements and expressions below a node, with where each sits."""
    for field, value in ast.iter_fields(node):
        if field in _UNEVALUATED:
            continue
        for index, each in enumerate(value) if isinstance(value, list) else [(-1, value)]:
            if isinstance(each, ast.expr | ast.stmt):
                yield node, field, index, each
            if isinstance(each, ast.AST):
                yield from _slots(each)


def _put(holder: ast.AST, field: str, index: int, node: ast.AST) -> None:
    if index < 0:
        setattr(holder, field, node)
    else:
        getattr(holder, field)[index] = node


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _changed(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """Yield what stands in a node's place in its mutants."""
    match node:
        case ast.Compare(left, [op], [right]):
            yield ast.Compare(left, [_COMPARISONS[type(op)]()], [right])
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
        case ast.BinOp(left, ast.Add(), right):
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.If(test, body, orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Raise() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Call(func, [_, *_] as arguments, keywords):
            yield ast.Call(func, arguments[:-1], keywords)
