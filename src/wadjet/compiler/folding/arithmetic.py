r"""Operators on constants, beyond what the compiler computes.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("big = 2**200 > 10**50; line = '%s=%d' % ('a', 7)", arithmetic))
big = True
line = 'a=7'

The compiler stops at 128 bits of a power, and never compares. What raises, or warns, is left:

>>> print(applied("1 / 0, 'a' < 1, 'a' is 'b', 2 ** 100000", arithmetic))
(1 / 0, 'a' < 1, 'a' is 'b', 2 ** 100000)
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from wadjet.compiler.folding.constant import (
    LARGEST,
    NotConstantError,
    computed,
    may_have_value,
    value_of,
)
from wadjet.pipeline.unit import Facts, rewrites

_BINARY: dict[type[ast.AST], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_COMPARED: dict[type[ast.AST], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_NUMBERS = (int, float, complex, bool)


@rewrites(ast.BinOp, ast.Compare, name="arithmetic", version="1")
def arithmetic(node: ast.BinOp | ast.Compare, facts: Facts) -> ast.expr | None:
    """Compute and compare constants beforehand."""
    if not may_have_value(node.left):
        return None
    if isinstance(node, ast.Compare):
        return _compared(node)
    try:
        left, right = value_of(node.left), value_of(node.right)
    except NotConstantError:
        return None
    if _grows(node.op, left, right):
        facts.stop(node, "the result would be too large for a constant")
        return None
    compute = _BINARY.get(type(node.op))
    return computed(lambda: compute(left, right)) if compute else None


def _compared(node: ast.Compare) -> ast.expr | None:
    """Return what a comparison of two constants comes to; of one type, as bytes may warn."""
    if len(node.ops) > 1:
        return None
    compare = _COMPARED.get(type(node.ops[0]))
    try:
        left, right = value_of(node.left), value_of(node.comparators[0])
    except NotConstantError:
        return None
    numbers = isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)
    if compare is None or not (numbers or type(left) is type(right)):
        return None
    return computed(lambda: compare(left, right))


def _grows(op: ast.operator, left: object, right: object) -> bool:
    """Whether a result could be far larger than both sides."""
    if isinstance(op, ast.Pow) and isinstance(left, int) and isinstance(right, int):
        return left.bit_length() * abs(right) > LARGEST
    if isinstance(op, ast.LShift) and isinstance(left, int) and isinstance(right, int):
        return left.bit_length() + right > LARGEST
    if isinstance(op, ast.Mult):
        for many, times in ((left, right), (right, left)):
            if isinstance(many, (str, bytes, tuple)) and isinstance(times, int):
                return len(many) * times > LARGEST
    return isinstance(op, ast.Mod) and isinstance(left, (str, bytes)) and _has_widths(left)


def _has_widths(text: str | bytes) -> bool:
    """Whether a text to be formatted asks for a width: it may be any number."""
    plain = text if isinstance(text, str) else text.decode("latin-1")
    return any(each[:1] not in "sdrxXoaci%" for each in plain.replace("%%", "").split("%")[1:])
