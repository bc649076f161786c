r"""Locals that are bound once, to a constant, where something can be computed from that.

>>> from wadjet.compiler.folding.arithmetic import arithmetic
>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def header(text):
...     width = 60
...     rule = '-' * width
...     return rule, text.center(width)
... ''', propagation, arithmetic))
def header(text):
    width = 60
    rule = '------------------------------------------------------------'
    return (rule, text.center(width))

The assignment stays, and so does what gains nothing, or may see another value:

>>> print(applied('''
... def f(text):
...     if text: width = 60
...     return width + 1
... ''', propagation))
def f(text):
    if text:
        width = 60
    return width + 1
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from wadjet.compiler.folding.builtin_calls import PURE
from wadjet.compiler.folding.constant import (
    NotConstantError,
    fits,
    node_of,
    value_of,
)
from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.meaning.single import Function
from wadjet.pipeline.tree import Node
from wadjet.pipeline.unit import Facts, rewrites


def _of_call(node: ast.Call) -> Sequence[ast.expr]:
    """Return what must be known of a call that may be pure."""
    called = node.func
    if node.keywords:
        return ()
    if called.__class__ is ast.Attribute:
        return (called.value, *node.args)
    return node.args if called.__class__ is ast.Name and called.id in PURE else ()


def _of_compare(node: ast.Compare) -> Sequence[ast.expr]:
    """Return what must be known of a comparison; of identity, the compiler warns of constants."""
    if any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops):
        return ()
    return (node.left, *node.comparators)


_OPERANDS: dict[type[Node], Callable[[Any], Sequence[ast.expr]]] = {
    ast.BinOp: lambda node: (node.left, node.right),
    ast.Compare: _of_compare,
    ast.UnaryOp: lambda node: (node.operand,),
    ast.BoolOp: lambda node: node.values[:1],
    ast.FormattedValue: lambda node: (node.value,),
    ast.IfExp: lambda node: (node.test,),
    ast.If: lambda node: (node.test,),
    ast.While: lambda node: (node.test,),
    ast.Call: _of_call,
}
"""What must be known for something to be computed, or left out."""


@rewrites(*_OPERANDS, name="propagation", version="1", assumes="locals")
def propagation(node: Node, facts: Facts) -> Node | None:
    """Take locals for the constant that they are bound to once, where that can be computed with."""
    names: list[ast.Name] = []
    bound_once = facts.bound_once
    for operand in _OPERANDS[node.__class__](node):  # most nodes are done with at the first
        if operand.__class__ is ast.Name:
            if operand.id not in bound_once:
                return None
            names.append(operand)
        elif operand.__class__ is not ast.Constant:
            return None
    if not names:
        return None
    known: dict[Node, ast.Constant] = {}
    for name in names:
        value = _value(name, facts)
        if value is None:
            return None
        known[name] = ast.copy_location(value, name)
        facts.did(facts.by, name, repr(value.value))
    return _replaced(node, known)


def _replaced(node: Node, known: dict[Node, ast.Constant]) -> Node:
    """Put constants in the place of operands: the node is the same, for others to look at."""
    holders = [node, node.func] if isinstance(node, ast.Call) else [node]
    for holder in holders:
        for field, value in ast.iter_fields(holder):
            if isinstance(value, list):
                value[:] = [known.get(each, each) for each in value]
            elif value in known:
                setattr(holder, field, known[value])
    return node


def _value(name: ast.Name, facts: Facts) -> ast.Constant | None:
    """Return the constant that a name surely is where it is read."""
    for function, target, statement in facts.bound_once[name.id]:
        if function.lineno <= name.lineno <= (function.end_lineno or 0):
            try:
                value = value_of(statement.value)  # as it is now, perhaps computed before
            except NotConstantError:
                continue
            if fits(value) and _is_sure(name, target, function, facts):
                return node_of(value)
    return None


def _is_sure(name: ast.Name, target: ast.Name, function: Function, facts: Facts) -> bool:
    """Whether a name reads what one place binds, and nobody else binds it or looks at it."""
    scopes, chains = facts.locals_of(function)
    binding, scope = scopes.find(name), scopes.opened(function)
    if binding is None or binding.kind is not Kind.LOCAL or binding.scope is not scope:
        return False
    if scope.is_watched or binding.variable.bound_at != [target]:
        return False
    try:
        return not chains.may_be_unbound(name) and chains.definitions_of(name) == {target}
    except KeyError:  # it is never reached, or a pass has made it since
        return False
