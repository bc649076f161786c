"""Which functions are worth a look, by what their text has: to know for sure costs far more."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wadjet.pipeline.tree import walk

Function = ast.FunctionDef | ast.AsyncFunctionDef

_LONGEST = 12  # statements of a function's own level


def likely(tree: ast.Module) -> list[Function]:
    """Return the functions that call something by the name of a small function of the module."""
    names, methods = set[str](), set[str]()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names |= {*_small([node])}
        elif isinstance(node, ast.ClassDef) and not node.decorator_list and not node.keywords:
            small = {*_small(node.body)}
            methods |= small
            names |= {node.name} if "__init__" in small else set()
    if not names and not methods:
        return []
    return [
        node
        for node in walk(tree)
        if isinstance(node, Function) and any(_calls(node, names, methods))
    ]


def _small(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            if len(node.body) <= _LONGEST and not node.args.vararg and not node.args.kwarg:
                yield node.name


def _calls(function: Function, names: set[str], methods: set[str]) -> Iterator[bool]:
    for node in walk(function):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id in names
            elif isinstance(called, ast.Attribute):
                yield called.attr in methods
