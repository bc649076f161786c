r"""Globals in capitals that are bound once, to a constant: ``DEBUG = False``.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... from typing import TYPE_CHECKING
... DEBUG = False
... def f(x):
...     if DEBUG or TYPE_CHECKING: print(x)
... ''', flags))
from typing import TYPE_CHECKING
DEBUG = False
<BLANKLINE>
def f(x):
    if False or False:
        print(x)
"""

from __future__ import annotations

import ast

from wadjet.compiler.folding.constant import NotConstantError, fits, node_of, value_of
from wadjet.compiler.folding.origins import bound_once, origin
from wadjet.pipeline.unit import Facts, rewrites


@rewrites(ast.Name, ast.Attribute, name="flags", version="1", assumes="constants")
def flags(node: ast.Name | ast.Attribute, facts: Facts) -> ast.expr | None:
    """Take globals in capitals for the constants that they are bound to."""
    word = node.id if isinstance(node, ast.Name) else node.attr
    if not word.isupper() or not isinstance(node.ctx, ast.Load):
        return None
    if word == "TYPE_CHECKING" and origin(node, facts) == "typing.TYPE_CHECKING":
        return ast.Constant(False)
    if isinstance(node, ast.Attribute):
        return None
    target = bound_once(node, facts)
    value = facts.assigned.get(target) if target is not None else None
    try:
        constant = value_of(value)
    except NotConstantError:
        return None
    return node_of(constant) if fits(constant) else None
