r"""Options of builtins by their place, rather than by name: there is a short way to those.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("x = int(text, base=16) + sum(rows, start=1)", positional))
x = int(text, 16) + sum(rows, 1)
"""

from __future__ import annotations

import ast

from wadjet.pipeline.unit import Facts, rewrites

_SECOND = {"enumerate": "start", "int": "base", "round": "ndigits", "sum": "start"}


@rewrites(ast.Call, name="positional", version="1", assumes="builtins")
def positional(node: ast.Call, facts: Facts) -> ast.expr | None:
    """Give builtins the option that comes second by its place."""
    if len(node.keywords) != 1 or len(node.args) != 1:  # most calls: this is asked often
        return None
    match node:
        case ast.Call(ast.Name(name) as called, [value], [ast.keyword(option, second)]):
            if _SECOND.get(name, "") != option or isinstance(value, ast.Starred):
                return None
            if facts.scopes.is_builtin(called):
                return ast.Call(called, [value, second], [])
            facts.stop(node, f"{name} may be something else here")
    return None
