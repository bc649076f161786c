r"""What is done faster with values whose type is known: emptiness, and squares.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def f(words):
...     kept = [word for word in words if word]
...     if len(kept) == 0: return 0
...     most = len(kept)
...     return most ** 2
... ''', known_types))
def f(words):
    kept = [word for word in words if word]
    if not kept:
        return 0
    most = len(kept)
    return most * most

The type must follow from all that may bind the local. A float is not multiplied by itself, as
``1e200 ** 2`` raises and ``1e200 * 1e200`` does not; what a parameter is, nobody knows:

>>> print(applied("def f(words): return len(words) == 0", known_types))
def f(words):
    return len(words) == 0
"""

from __future__ import annotations

import ast
import copy

from wadjet.pipeline.meaning.names import ScopeKind
from wadjet.pipeline.meaning.operators import Type
from wadjet.pipeline.unit import Facts, rewrites

_SIZED: tuple[Type, ...] = (list, tuple, dict, set, frozenset, str, bytes)
_EMPTY: tuple[tuple[type[ast.cmpop], int], ...] = ((ast.Eq, 0), (ast.Lt, 1), (ast.LtE, 0))
_FILLED: tuple[tuple[type[ast.cmpop], int], ...] = ((ast.NotEq, 0), (ast.Gt, 0), (ast.GtE, 1))


@rewrites(ast.Compare, ast.BinOp, name="known-types", version="1", assumes="types")
def known_types(node: ast.Compare | ast.BinOp, facts: Facts) -> ast.expr | None:
    """Ask containers themselves whether they are empty, and multiply ints by themselves."""
    if isinstance(node, ast.BinOp):
        return _squared(node, facts)
    match node:
        case ast.Compare(
            ast.Call(ast.Name("len") as called, [ast.Name() as name], []),
            [op],
            [ast.Constant(int() as size)],
        ) if type(size) is int:
            return _asked(node, called, name, (type(op), size), facts)
    return None


def _squared(node: ast.BinOp, facts: Facts) -> ast.expr | None:
    match node:
        case ast.BinOp(ast.Name() as name, ast.Pow(), ast.Constant(2)):
            if exact_type(name, facts) is int:
                return ast.BinOp(name, ast.Mult(), copy.copy(name))
            facts.stop(node, f"{name.id} may be something else than an int")
    return None


def _asked(
    node: ast.Compare,
    called: ast.Name,
    name: ast.Name,
    asked: tuple[type[ast.cmpop], int],
    facts: Facts,
) -> ast.expr | None:
    """Return what asks a container whether it is empty, or whether it is not."""
    if asked not in _EMPTY + _FILLED or node.lineno != node.end_lineno:
        return None
    if exact_type(name, facts) not in _SIZED:
        facts.stop(node, f"{name.id} may be something else than a container of Python's own")
        return None
    if not facts.scopes.is_builtin(called):
        facts.stop(node, "len may be something else here")
        return None
    made = ast.UnaryOp(ast.Not(), name)
    return made if asked in _EMPTY else ast.UnaryOp(ast.Not(), ast.copy_location(made, node))


def exact_type(name: ast.Name, facts: Facts) -> Type:
    """Return the exact type of a local where it is read, or None if that is not known."""
    binding = facts.scopes.find(name)
    if binding is None or binding.scope.kind is not ScopeKind.FUNCTION or binding.scope.is_watched:
        return None
    function = binding.scope.node
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return facts.types_of(function).of(name)
