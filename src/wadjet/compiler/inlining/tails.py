r"""Bodies in which each way ends with the only ``return`` on it, the last thing it does.

>>> made = tailed(ast.parse('''
... if x: return 1
... y = 2
... ''').body)
>>> print("\n".join(map(ast.unparse, made)))
if x:
    return 1
else:
    y = 2
    return None
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from wadjet.pipeline.tree import select, walk

_RETURNS = frozenset({ast.Return})
_TWICE = 12  # nodes of what follows on two ways, which then stands there twice


class NotPlainError(Exception):
    """A function cannot stand where it is called; says why."""


def size(nodes: Iterable[ast.AST]) -> int:
    """Return how many nodes there are."""
    return sum(1 for node in nodes for _ in walk(node))


def tailed(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return a body whose returns are all at its ends; raises NotPlainError where it has others.

    Parts of it may stand there twice.
    """
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Return | ast.Raise):
            return [*body[: index + 1]]
        if _returns(statement):
            if not isinstance(statement, ast.If):
                raise NotPlainError("it returns from within a loop")
            return [*body[:index], _branched(statement, body[index + 1 :])]
    last = body[-1] if body else None
    end = ast.Return(ast.Constant(None))
    return [*body, ast.copy_location(end, last) if last is not None else end]


def _branched(branch: ast.If, rest: Sequence[ast.stmt]) -> ast.If:
    if not _ends(branch.body) and not _ends(branch.orelse) and size(rest) > _TWICE:
        raise NotPlainError("too much follows a branch that may return")
    sides = [side if _ends(side) else [*side, *rest] for side in (branch.body, branch.orelse)]
    made = ast.If(branch.test, *(tailed(side) or [ast.Pass()] for side in sides))
    for side, old in ((made.body, branch), (made.orelse, branch)):
        for statement in side:
            if not hasattr(statement, "lineno"):
                ast.copy_location(statement, old)
    return ast.copy_location(made, branch)


def _returns(statement: ast.stmt) -> bool:
    return bool(select(statement, _RETURNS))


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing that follows a block is ever reached by way of it."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def as_expression(body: Sequence[ast.stmt]) -> ast.expr | None:
    """Return what a body comes to, where it binds names, chooses and returns, no more.

    >>> print(ast.unparse(as_expression(tailed(ast.parse("f(x); y = x + 1; return y * y").body))))
    (_wadjet_0dropped := f(x)) is _wadjet_0dropped and (y := (x + 1)) is y and y * y
    """
    *before, last = body
    tests = [_bound(each) for each in before]
    value = _chosen(last)
    if value is None or None in tests:
        return None
    found = [each for each in tests if each is not None]
    return ast.copy_location(ast.BoolOp(ast.And(), [*found, value]), last) if found else value


DROPPED = "_wadjet_0dropped"
"""A local for values that nobody wants."""


def _chosen(last: ast.stmt) -> ast.expr | None:
    match last:
        case ast.Return(ast.expr() as value):
            return value
        case ast.If(test, body=yes, orelse=no):
            one, other = as_expression(yes), as_expression(no)
            if one is not None and other is not None:
                return ast.copy_location(ast.IfExp(test, one, other), last)
    return None


def _bound(statement: ast.stmt) -> ast.expr | None:
    """Return what is always true, and binds the name that a statement binds."""
    match statement:
        case ast.Assign([ast.Name(name)], value):
            pass
        case ast.Expr(value):
            name = DROPPED
        case _:
            return None
    walrus = ast.NamedExpr(ast.Name(name, ast.Store()), value)
    made = ast.Compare(walrus, [ast.Is()], [ast.Name(name, ast.Load())])
    for node in (made, walrus, walrus.target, *made.comparators):
        ast.copy_location(node, statement)
    return made
