r"""Loops over a few constants: a copy of the body for each.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... for name in ("x", "y"):
...     total += getattr(point, name)
... ''', unrolling))
if True:
    name = 'x'
    total += getattr(point, name)
    name = 'y'
    total += getattr(point, name)
    pass

The head of the loop is still visited once for each item and once at its end, by its line.
"""

from __future__ import annotations

import ast
import copy

from wadjet.compiler.folding.constant import NotConstantError, node_of, value_of
from wadjet.pipeline.tree import walk
from wadjet.pipeline.unit import Facts, rewrites

_LARGEST = 64  # nodes that all copies together may have

_OWN = (
    ast.Break,
    ast.Continue,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
)
"""What cannot be repeated: it leaves the loop, or makes code that is compared by identity."""


@rewrites(ast.For, name="unrolling", version="1", assumes="jumps")
def unrolling(node: ast.For, facts: Facts) -> ast.stmt | None:
    """Repeat the body of a loop over a few constants."""
    if not isinstance(node.iter, (ast.Tuple, ast.List)) or not isinstance(node.target, ast.Name):
        return None
    try:
        items = [value_of(each) for each in node.iter.elts]
    except NotConstantError:
        return None
    body = [each for statement in node.body for each in walk(statement)]
    if not items or len(items) * len(body) > _LARGEST or node.body[0].lineno == node.lineno:
        return None
    for each in body:
        if isinstance(each, _OWN):
            facts.stop(node, f"line {getattr(each, 'lineno', node.lineno)} cannot be repeated")
            return None
    made: list[ast.stmt] = []
    for item, place in zip(items, node.iter.elts, strict=True):
        made.append(_head(node, ast.copy_location(node_of(item), place)))
        made += copy.deepcopy(node.body)
    return ast.If(ast.Constant(True), [*made, _at(ast.Pass(), node), *node.orelse], [])


def _head(loop: ast.For, item: ast.Constant) -> ast.stmt:
    return _at(ast.Assign([copy.copy(loop.target)], item), loop)


def _at(made: ast.stmt, loop: ast.For) -> ast.stmt:
    """Place a statement where the head of a loop is."""
    return ast.copy_location(made, loop.target)
