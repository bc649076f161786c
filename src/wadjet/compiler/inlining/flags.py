r"""Guards that hold for the whole of a function, and are asked for once.

An argument that a function never binds anew stays of its class. If it is asked for more than
once, as in a loop, a local knows the answer:

>>> flags = Flags("_wadjet_1{}".format)
>>> flag = flags.of("rows", (), ast.parse("type(rows) is Rows", mode="eval").body).id
>>> loop = ast.parse(f"for i in n:\n    if {flag}: i()").body
>>> print(*map(ast.unparse, flags.bound(loop)), sep="\n")
_wadjet_1is = type(rows) is Rows
for i in n:
    if _wadjet_1is:
        i()
>>> print(*map(ast.unparse, flags.bound(ast.parse(f"if {flag}: i()").body)), sep="\n")
if type(rows) is Rows:
    i()
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from wadjet.compiler.inlining.classes import Class
from wadjet.pipeline.tree import children, copied

_TURNS = 8
"""As often as a loop is taken to turn."""
_WORTH = 1.5
"""Questions that a call comes to, from which on the answer is kept."""

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Flags:
    """The guards of one function that are for arguments; ``fresh`` gives names for locals."""

    def __init__(self, fresh: Callable[[str], str]) -> None:
        self._fresh = fresh
        self._names: dict[tuple[str, tuple[Class, ...]], str] = {}
        self._tests: dict[str, ast.expr] = {}

    def of(self, receiver: str, classes: tuple[Class, ...], test: ast.expr) -> ast.Name:
        """Return what is true where a test of an argument's class is."""
        key = receiver, classes
        if key not in self._names:
            name = self._names[key] = self._fresh("is")
            self._tests[name] = test
        return ast.copy_location(ast.Name(self._names[key], ast.Load()), test)

    def bound(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return a function's body in which the flags are bound, or asked for where they stand."""
        asked = dict.fromkeys(self._tests, 0.0)
        _count(body, 1.0, asked)
        seldom = {name: self._tests[name] for name, often in asked.items() if often < _WORTH}
        if seldom:
            body = [_Asking(seldom).visit(each) for each in body]
        at = int(_is_docstring(body[0]))
        made = [
            _bound(name, test, body[min(at, len(body) - 1)])
            for name, test in self._tests.items()
            if name not in seldom
        ]
        return [*body[:at], *made, *body[at:]]


def _is_docstring(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
    return False


def _count(nodes: Sequence[ast.AST], often: float, asked: dict[str, float]) -> None:
    """Add how often names are asked for, if each way of a branch is as likely as the other."""
    for node in nodes:
        match node:
            case ast.Name(name) if name in asked:
                asked[name] += often
            case ast.If(test, body, orelse):
                _count([test], often, asked)
                _count([*body, *orelse], often / 2, asked)
            case ast.IfExp(test, one, other):
                _count([test], often, asked)
                _count([one, other], often / 2, asked)
            case _:
                turns = _TURNS if isinstance(node, _LOOPS) else 1
                _count(children(node), often * turns, asked)


class _Asking(ast.NodeTransformer):
    """Puts the questions back in the place of their answers."""

    def __init__(self, tests: dict[str, ast.expr]) -> None:
        self._tests = tests

    def visit_Name(self, node: ast.Name) -> ast.expr:
        test = self._tests.get(node.id)
        return ast.copy_location(copied(test), node) if test is not None else node


def _bound(name: str, test: ast.expr, place: ast.stmt) -> ast.stmt:
    made = ast.Assign([ast.Name(name, ast.Store())], copied(test))
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.stmt):
            ast.copy_location(node, place)
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    return made
