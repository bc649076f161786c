"""Which functions are worth a look, by what their text has: to know for sure costs far more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from wadjet.compiler.inlining.callees import Definition, named, plain
from wadjet.compiler.inlining.classes import Seen, seen
from wadjet.compiler.inlining.evidence import OF_BUILTINS
from wadjet.compiler.inlining.hunches import OPERATORS
from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.pipeline.tree import select

Function = ast.FunctionDef | ast.AsyncFunctionDef

_ITEMS = {"__getitem__", "__setitem__"}
_RUNNING = frozenset({ast.Attribute, ast.Call, ast.Subscript, ast.BinOp})
_LONGEST = 12  # statements of a function's own level


@dataclass(slots=True)
class _Words:
    """What the small functions of a module are called by."""

    names: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)
    kinds: set[type[ast.AST]] = field(default_factory=set)
    """Of expressions that may run a method: for items, for operators."""


def likely(tree: ast.Module, *, closely: bool) -> tuple[list[Function], Seen]:
    """Return the functions that call something by the name of a small function of the module.

    And what else was seen of the module. ``closely`` looks into the small ones: what is left
    out then is what stays a call anyway, and nobody gets to know why.
    """
    words = _words(tree, closely)
    if not (words.names or words.methods or words.properties):
        return [], Seen()
    known = seen(tree)
    if known.may_change_any:
        words = _Words(words.names)
    words.methods -= known.changed
    words.properties -= known.changed
    return [each for each in known.functions if any(_runs(each, words))], known


def _words(tree: ast.Module, closely: bool) -> _Words:
    words = _Words()
    classes: set[str] = {"object"}
    for node in tree.body:
        found = named(node)
        if found is not None and _is_small(found[2], closely):
            words.names.add(found[0])
        elif isinstance(node, ast.ClassDef) and _is_plain(node, classes):
            classes.add(node.name)
            _add_class(words, node, closely)
    return words


def _is_plain(node: ast.ClassDef, classes: set[str]) -> bool:
    """Say whether a class is of the module's own making, and derived from no other."""
    if node.decorator_list or node.keywords:
        return False
    return all(isinstance(base, ast.Name) and base.id in classes for base in node.bases)


def _add_class(words: _Words, node: ast.ClassDef, closely: bool) -> None:
    small = [
        each for each in node.body if isinstance(each, ast.FunctionDef) and _is_small(each, closely)
    ]
    methods = {each.name for each in small if not each.decorator_list}
    words.properties |= {each.name for each in small if each.decorator_list}
    words.methods |= methods
    words.kinds |= {ast.Subscript} if methods & _ITEMS else set()
    words.kinds |= {ast.BinOp} if methods & {*OPERATORS.values()} else set()
    if "__init__" in methods:
        words.names.add(node.name)


def _is_small(node: Definition, closely: bool) -> bool:
    """Say whether a function may be put elsewhere; with a decorator it is to be a property's."""
    if not isinstance(node, ast.Lambda):
        match node.decorator_list:
            case [] | [ast.Name("property")] if len(node.body) <= _LONGEST:
                pass
            case _:
                return False
    if not closely:
        return True
    try:
        return bool(plain(node))
    except NotPlainError:
        return False


def _runs(function: Function, words: _Words) -> Iterator[bool]:
    for node in select(function, _RUNNING):
        if isinstance(node, ast.Attribute):
            yield node.attr in words.properties
        elif isinstance(node, ast.Subscript | ast.BinOp):
            yield type(node) in words.kinds
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id in words.names
            elif isinstance(called, ast.Attribute):
                may = called.attr not in OF_BUILTINS or isinstance(called.value, ast.Name)
                yield may and called.attr in words.methods
