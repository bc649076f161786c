r"""Locals that a single statement seems to bind, to a constant: a look at statements alone.

>>> tree = ast.parse("def f(a):\n    b = 1\n    for c in a:\n        d = 2\n        d += c")
>>> [*bound_once(tree)]
['b']

It costs a tenth of knowing what names mean, and is no proof: what expressions and patterns
bind is not seen, nor who declares a name to be another's.
"""

from __future__ import annotations

import ast
from collections import defaultdict

from wadjet.pipeline.tree import Node

Function = ast.FunctionDef | ast.AsyncFunctionDef
BoundOnce = dict[str, list[tuple[Function, ast.Name, ast.Assign]]]
"""By name: the function, and the name in the statement that binds it."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPENING = frozenset({*_FUNCTIONS, ast.ClassDef})
_HOPEFUL = frozenset({ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.JoinedStr})
_OWN = ("body",)
_BLOCKS: dict[type[Node], tuple[str, ...]] = {
    **dict.fromkeys((ast.If, ast.For, ast.AsyncFor, ast.While), ("body", "orelse")),
    **dict.fromkeys((ast.Try, ast.TryStar), ("body", "handlers", "orelse", "finalbody")),
    **dict.fromkeys((ast.With, ast.AsyncWith, ast.ExceptHandler, ast.match_case), ("body",)),
    ast.Match: ("cases",),
}
"""What holds statements of the same scope, and where."""


def bound_once(tree: ast.Module) -> BoundOnce:
    """Return the names that only one assignment of a function binds, perhaps to a constant."""
    found: defaultdict[str, list[tuple[Function, ast.Name, ast.Assign]]] = defaultdict(list)
    roots: list[Node] = [tree]
    while roots:
        root = roots.pop()
        bound = _bound(root, roots)
        if isinstance(root, _FUNCTIONS):
            for name, place in bound.items():
                if place is not None and place[1].value.__class__ in _HOPEFUL:
                    found[name].append((root, *place))
    return dict(found)


def _bound(root: Node, roots: list[Node]) -> dict[str, tuple[ast.Name, ast.Assign] | None]:
    """Return what statements bind by name, None where there are several; add to roots."""
    bound: dict[str, tuple[ast.Name, ast.Assign] | None] = dict.fromkeys(_parameters(root))
    stack = [root]
    while stack:
        holder = stack.pop()
        for block in _BLOCKS.get(holder.__class__, _OWN):
            for node in getattr(holder, block):
                kind = node.__class__
                if kind is ast.Assign:
                    for target in node.targets:
                        if target.__class__ is ast.Name:
                            bound[target.id] = None if target.id in bound else (target, node)
                        elif target.__class__ is ast.Tuple:
                            bound |= _names(target)
                elif kind in _OPENING:
                    roots.append(node)
                elif kind is ast.AugAssign or kind is ast.For:
                    bound |= _names(node.target)
                elif kind is ast.Global or kind is ast.Nonlocal:
                    bound |= dict.fromkeys(node.names)
                if kind in _BLOCKS:
                    stack.append(node)
    return bound


def _parameters(root: Node) -> list[str]:
    """Return the names that a function is given, but for those with a star."""
    if not isinstance(root, _FUNCTIONS):
        return []
    given = root.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _names(target: Node) -> dict[str, None]:
    """Return the names that a target binds, alone or in a tuple."""
    if target.__class__ is ast.Name:
        return {target.id: None}
    return {each.id: None for each in getattr(target, "elts", ()) if each.__class__ is ast.Name}
