"""Which functions are worth a look, by what their text has: to know for sure costs far more."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from wadjet.compiler.inlining.callees import Definition, named
from wadjet.pipeline.tree import walk

Function = ast.FunctionDef | ast.AsyncFunctionDef

_LONGEST = 12  # statements of a function's own level


def likely(tree: ast.Module) -> list[Function]:
    """Return the functions that call something by the name of a small function of the module."""
    names, methods = set[str](), set[str]()
    properties = set[str]()
    for node in tree.body:
        found = named(node)
        if found is not None and _is_small(found[2]):
            names.add(found[0])
        elif isinstance(node, ast.ClassDef) and not node.decorator_list and not node.keywords:
            small = [
                each for each in node.body if isinstance(each, ast.FunctionDef) and _is_small(each)
            ]
            properties |= {each.name for each in small if each.decorator_list}
            plain = {each.name for each in small if not each.decorator_list}
            methods |= plain
            names |= {node.name} if "__init__" in plain else set()
    if not (names or methods or properties):
        return []
    return [
        node
        for node in walk(tree)
        if isinstance(node, Function) and any(_runs(node, names, methods, properties))
    ]


def _is_small(node: Definition) -> bool:
    """Say whether a function may be put elsewhere; with a decorator it is to be a property's."""
    if node.args.vararg or node.args.kwarg:
        return False
    if isinstance(node, ast.Lambda):
        return True
    match node.decorator_list:
        case [] | [ast.Name("property")]:
            return len(node.body) <= _LONGEST
    return False


def _runs(
    function: Function, names: set[str], methods: set[str], properties: set[str]
) -> Iterator[bool]:
    for node in walk(function):
        if isinstance(node, ast.Attribute):
            yield node.attr in properties
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id in names
            elif isinstance(called, ast.Attribute):
                yield called.attr in methods
