"""Where an expression needs brackets: what binds less than its place asks for.

The order of Python's operators is that of the language reference (section 6.17).

>>> outer = ast.parse("x * y", mode="eval").body
>>> needs_brackets(ast.parse("a + b", mode="eval").body, outer, outer.left)
True
>>> needs_brackets(ast.parse("a ** b", mode="eval").body, outer, outer.left)
False
"""

from __future__ import annotations

import ast

from wadjet.pipeline.tree import Node

_YIELD = -1
_TUPLE, _NAMED, _LAMBDA, _TEST, _OR, _AND, _NOT, _COMPARE = range(8)
_BITS, _SIGN, _POWER, _AWAIT, _ATOM = 8, 14, 15, 16, 17
_BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: _BITS,
    ast.BitXor: 9,
    ast.BitAnd: 10,
    ast.LShift: 11,
    ast.RShift: 11,
    ast.Add: 12,
    ast.Sub: 12,
    ast.Mult: 13,
    ast.Div: 13,
    ast.FloorDiv: 13,
    ast.Mod: 13,
    ast.MatMult: 13,
    ast.Pow: _POWER,
}


def needs_brackets(inner: Node, parent: Node, place: Node) -> bool:
    """Say whether ``inner`` needs brackets where ``place`` is now, a child of ``parent``."""
    return isinstance(inner, ast.expr) and _strength(inner) < _asked(parent, place)


def _strength(node: ast.expr) -> int:
    """Return how strongly an expression holds together."""
    match node:
        case ast.BinOp(op=op):
            return _BINARY[type(op)]
        case ast.BoolOp(op=op):
            return _OR if isinstance(op, ast.Or) else _AND
        case ast.UnaryOp(op=op):
            return _NOT if isinstance(op, ast.Not) else _SIGN
        case ast.Constant(value=int() | float() | complex()) if not isinstance(node.value, bool):
            return _AWAIT  # 1.real is no attribute
    return {
        ast.Tuple: _TUPLE,
        ast.NamedExpr: _NAMED,
        ast.Yield: _YIELD,
        ast.YieldFrom: _YIELD,
        ast.Lambda: _LAMBDA,
        ast.IfExp: _TEST,
        ast.Compare: _COMPARE,
        ast.Await: _AWAIT,
    }.get(type(node), _ATOM)


def _asked(parent: Node, place: Node) -> int:
    """Return how strong an expression must be to stand somewhere without brackets."""
    match parent:
        case ast.BinOp(left=left, op=op):
            strength = _BINARY[type(op)]
            if isinstance(op, ast.Pow):
                return strength + 1 if place is left else _SIGN
            return strength if place is left else strength + 1
        case ast.UnaryOp(op=op):
            return _NOT if isinstance(op, ast.Not) else _SIGN
        case ast.BoolOp(op=op):
            return (_OR if isinstance(op, ast.Or) else _AND) + 1
        case ast.Compare():
            return _COMPARE + 1
        case ast.IfExp(orelse=orelse):
            return _LAMBDA if place is orelse else _TEST + 1
        case ast.Await():
            return _ATOM
        case ast.Attribute():
            return _ATOM
        case ast.Call(func=func) if place is func:
            return _AWAIT
        case ast.Subscript(value=value) if place is value:
            return _AWAIT
        case ast.Starred():
            return _BITS
        case ast.Lambda() | ast.keyword() | ast.FormattedValue():
            return _LAMBDA
        case ast.comprehension(target=target):
            return _TUPLE if place is target else _TEST + 1
        case ast.Expr() | ast.Assign():
            return _YIELD
        case ast.Return() | ast.For() | ast.Subscript():
            return _TUPLE
        case ast.stmt():
            return _NAMED + 1 if not isinstance(parent, (ast.If, ast.While)) else _NAMED
    return (
        _NAMED + 1 if not isinstance(parent, (ast.Call, ast.List, ast.Set, ast.Tuple)) else _NAMED
    )
