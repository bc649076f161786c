"""Locals that are never anything but an ``int``, for all that is bound to them.

>>> from wadjet.pipeline.meaning.scopes import resolve
>>> tree = ast.parse('''
... def f(rows, n):
...     last = 0
...     for i in range(n):
...         last = i + 1
...         j = n
... ''')
>>> sorted(whole(tree.body[0], resolve(tree)))
['i', 'last']
"""

from __future__ import annotations

import ast
from collections import defaultdict

from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk

_CLOSED = (ast.Add, ast.Sub, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
"""Operators that make an int of two, whatever those are."""


def whole(function: ast.FunctionDef | ast.AsyncFunctionDef, scopes: Scopes) -> frozenset[str]:
    """Return the locals of a function to which nothing but ints are bound, of no other class.

    A bool is an int here: nobody asks whether it is one who relies on this.
    """
    names = scopes.opened(function).names
    given = _given(function, scopes)
    found = {
        name
        for name, places in given.items()
        if (binding := names.get(name)) is not None
        and binding.kind is Kind.LOCAL
        and {*binding.bound_at} == places.keys()
    }
    while True:
        kept = {
            name for name in found if all(_is_whole(each, found) for each in given[name].values())
        }
        if kept == found:
            return frozenset(found)
        found = kept


def _given(
    function: ast.FunctionDef | ast.AsyncFunctionDef, scopes: Scopes
) -> dict[str, dict[ast.AST, ast.expr]]:
    """Return what is bound to names one at a time, and where; a ``range`` binds a constant."""
    given: dict[str, dict[ast.AST, ast.expr]] = defaultdict(dict)
    for node in walk(function):
        match node:
            case ast.For(
                ast.Name(name) as target, ast.Call(ast.Name("range") as word, keywords=[])
            ) if scopes.is_builtin(word):
                given[name][target] = ast.Constant(0)
            case ast.Assign(targets, value):
                for each in targets:
                    if isinstance(each, ast.Name):
                        given[each.id][each] = value
            case ast.AugAssign(ast.Name(name) as target, sign, value):
                given[name][target] = ast.BinOp(ast.Name(name), sign, value)
    return given


def _is_whole(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Name(name):
            return name in known
        case ast.Constant(value):
            return isinstance(value, int)
        case ast.BinOp(left, sign, right) if isinstance(sign, _CLOSED):
            return _is_whole(left, known) and _is_whole(right, known)
        case ast.UnaryOp(ast.USub() | ast.UAdd() | ast.Invert(), operand):
            return _is_whole(operand, known)
    return False
