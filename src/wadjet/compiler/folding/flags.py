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

from wadjet.compiler.folding.origins import assigned, origin
from wadjet.pipeline.unit import Facts, rewrites

_FALSE = ("typing.TYPE_CHECKING",)
_SINGLE = (None, True, False, ...)


@rewrites(ast.Name, ast.Attribute, name="flags", version="2", assumes="constants")
def flags(node: ast.Name | ast.Attribute, facts: Facts) -> ast.expr | None:
    """Take globals in capitals for the constants that they are bound to."""
    word = node.id if isinstance(node, ast.Name) else node.attr
    if not word.isupper() or not isinstance(node.ctx, ast.Load):
        return None
    if word == "TYPE_CHECKING" and origin(node, facts, _FALSE):
        return ast.Constant(False)
    value = assigned(node, facts)
    if not isinstance(value, ast.Constant):
        return None
    is_single = any(value.value is each for each in _SINGLE)
    if not is_single and node in facts.identities:
        facts.stop(node, "an equal constant is not the same object")
        return None
    return ast.Constant(value.value)
