r"""Bodies in which it is known what some arguments are: tuples that are taken apart, and ints.

>>> body = ast.parse('''
... if isinstance(at, tuple): return rows[at[1]][at[0]]
... return rows[at]
... ''').body
>>> is_taken_apart("at", 2, body[:1]), is_taken_apart("at", 2, body)
(True, False)
>>> body[0].orelse.append(body.pop())
>>> is_taken_apart("at", 2, body)
True

A tuple that nobody needs as a whole is not made; each of its items is a local.

>>> made = ast.parse("a, b = (x, y)\nif isinstance((x, y), tuple): c = (x, y)[1]\nelse: c = 0")
>>> print(*map(ast.unparse, simplified(made, lambda word: True, frozenset()).body), sep="; ")
a, b = (x, y); c = y
>>> ast.unparse(simplified(ast.parse("0 if isinstance(i, list) else i"), bool, {"i"}))
'i'
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from wadjet.pipeline.tree import children

_NO_INT = ("tuple", "list", "dict", "set", "frozenset", "str", "bytes", "float")
"""Classes of which no int is an object."""

_Tree = TypeVar("_Tree", bound=ast.AST)


def is_taken_apart(parameter: str, length: int, body: Sequence[ast.AST]) -> bool:
    """Say whether only the items of a tuple are used, or that it is one."""
    nodes = [each for node in body for each in _reached(node, parameter)]
    uses = sum(_is(each, parameter) for each in nodes)
    return uses == sum(_takes(each, parameter, length) for each in nodes)


def is_unpacked(parameter: str, body: Sequence[ast.AST]) -> bool:
    """Say whether the first thing that is done with an argument is to take it apart."""
    match body[0]:
        case ast.Assign([ast.Tuple() | ast.List()], value):
            return _is(value, parameter)
    return False


def _reached(tree: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield the nodes of a tree but for what there is for other than tuples."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case ast.If(test, body) if _asks(test, name):
                stack += [test, *body]
            case ast.IfExp(test, one) if _asks(test, name):
                stack += [test, one]
            case _:
                stack += children(node)


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _asks(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(ast.Name("isinstance"), [value, ast.Name("tuple")], []):
            return _is(value, name)
    return False


def _takes(node: ast.AST, name: str, length: int) -> bool:
    """Say whether a node takes a tuple apart."""
    match node:
        case ast.Assign([ast.Tuple(elts) | ast.List(elts)], value) if _is(value, name):
            return len(elts) == length and not any(isinstance(e, ast.Starred) for e in elts)
        case ast.Subscript(value, ast.Constant(int(at)), ast.Load()) if _is(value, name):
            return 0 <= at < length
    return _asks(node, name)


def simplified(
    tree: _Tree, is_builtin: Callable[[ast.Name], bool], whole: Collection[str]
) -> _Tree:
    """Return what a tree, which is changed, comes to with its tuples taken apart.

    ``whole`` are the locals that are ints.
    """
    made: _Tree = _Simplifier(is_builtin, whole).visit(tree)
    return made


class _Simplifier(ast.NodeTransformer):
    def __init__(self, is_builtin: Callable[[ast.Name], bool], whole: Collection[str]) -> None:
        self._is_builtin = is_builtin
        self._whole = whole

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(
                ast.Name("isinstance") as asked, [value, ast.Name(kind) as named], []
            ) if self._is_builtin(asked) and self._is_builtin(named):
                known = self._known(value, kind)
                if known is not None:
                    return ast.copy_location(ast.Constant(known), node)
        return node

    def _known(self, value: ast.expr, kind: str) -> bool | None:
        if isinstance(value, ast.Tuple) and kind == "tuple":
            return True
        if isinstance(value, ast.Name) and value.id in self._whole and kind in _NO_INT:
            return False
        return None

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(ast.Tuple(elts), ast.Constant(int(at)), ast.Load()):
                if 0 <= at < len(elts) and all(isinstance(e, ast.Name) for e in elts):
                    return elts[at]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        match node.test:
            case ast.Constant(bool(holds)):
                return node.body if holds else node.orelse
        return node

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        match node.test:
            case ast.Constant(bool(holds)) if node.orelse or holds:
                return node.body if holds else node.orelse
        return node
