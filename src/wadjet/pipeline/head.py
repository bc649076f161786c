r"""The head of a module: where what passes need can be bound before anything runs.

>>> tree = ast.parse("'''doc'''\nfrom __future__ import annotations\nx = 1")
>>> put_first(tree, [ast.Global(["x"])])
>>> [type(each).__name__ for each in tree.body]
['Expr', 'ImportFrom', 'Global', 'Assign']
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

PREFIX = "_wadjet_"
"""What all names begin with that passes bind. After it comes a name of the module, or a digit."""


def after_head(body: Sequence[ast.stmt]) -> int:
    """Return where statements may stand: after the docstring, and imports from the future."""
    at = 0
    for index, statement in enumerate(body):
        match statement:
            case ast.Expr(ast.Constant(str())) if index == 0:
                at = 1
            case ast.ImportFrom(module="__future__"):
                at = index + 1
            case _:
                break
    return at


def put_first(tree: ast.Module, statements: Sequence[ast.stmt]) -> None:
    """Put statements at the head of a module, in the line of what they stand beside."""
    at = after_head(tree.body)
    beside = tree.body[max(at - 1, 0)] if tree.body else None
    line = getattr(beside, "lineno", 1)
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.expr | ast.stmt | ast.arg):
                node.lineno = node.end_lineno = line
                node.col_offset = node.end_col_offset = 0
    declared = [each for each in statements if isinstance(each, ast.Global)]
    others = [each for each in statements if not isinstance(each, ast.Global)]
    tree.body[at:at] = [*declared, *others]  # a name is declared before it is used
