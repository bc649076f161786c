r"""Write a pass of your own.

>>> import ast
>>> from wadjet.passes import Facts, applied, rewrites
>>> @rewrites(ast.Compare, name="none-is-one")
... def none_is_one(node: ast.Compare, facts: Facts) -> ast.expr | None:
...     "There is one None: look whether it is that."
...     match node:
...         case ast.Compare(left, [ast.Eq()], [ast.Constant(None)]):
...             return ast.Compare(left, [ast.Is()], [ast.Constant(None)])
...     return None
>>> applied("if row == None: go()", none_is_one)
'if row is None:\n    go()'

Offer it by an entry point in the group ``wadjet.passes``, or name it as ``module:name``
wherever passes are named.
"""

from __future__ import annotations

from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied
from wadjet.pipeline.unit import Facts, NodePass, Pass, rewrites

__all__ = ["Facts", "NodePass", "Pass", "applied", "difference", "rewrites"]
