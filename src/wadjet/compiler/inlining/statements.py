"""Statements and expressions that are made where a function is put, each with a place.

>>> body = ast.parse("def f(n): return n + 1").body[0].body
>>> print(*map(ast.unparse, consumed(body, binder("x"))))
x = n + 1
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeVar

from wadjet.compiler.inlining.instance import Origins

Consume = Callable[[ast.expr], list[ast.stmt]]
"""What is done with a value that a function would return."""

_Tree = TypeVar("_Tree", bound=ast.stmt | ast.expr)


def consumed(body: list[ast.stmt], consume: Consume) -> list[ast.stmt]:
    """Return a body that does something else with what it would return."""
    made: list[ast.stmt] = []
    for each in body:
        if isinstance(each, ast.Return):
            value = each.value or ast.copy_location(ast.Constant(None), each)
            made += consume(value)
            continue
        if isinstance(each, ast.If):
            each.body = consumed(each.body, consume) or [at(ast.Pass(), each)]
            each.orelse = consumed(each.orelse, consume)
        made.append(each)
    return made


def always(found: ast.expr, consume: Consume, origins: Origins) -> Consume:
    """Return what consumes a local, whatever is returned."""
    assert isinstance(found, ast.Name)
    return lambda value: consume(origins.local(found.id, value))


def binder(name: str) -> Consume:
    """Return what binds a local to a value."""
    return lambda value: [assigned(name, value, value)]


def assigned(name: str, value: ast.expr, place: ast.expr) -> ast.stmt:
    """Return what binds a local to a value, in some place."""
    return at(ast.Assign([ast.Name(name, ast.Store())], value), place)


def walrus(name: str, value: ast.expr, place: ast.expr) -> ast.expr:
    """Return an expression that binds a local to a value, in some place."""
    return at(ast.NamedExpr(ast.Name(name, ast.Store()), value), place)


def at(made: _Tree, place: ast.AST) -> _Tree:
    """Give what is new in a tree the place of another."""
    stack: list[ast.AST] = [made]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr | ast.stmt):
            if hasattr(node, "lineno"):
                continue
            ast.copy_location(node, place)
        stack += ast.iter_child_nodes(node)
    return made
