"""What a condition says of variables, and what the code in a loop changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wadjet.native.csource.trees import bare, part, text, variable, walk
from wadjet.native.refs.rules.calls import read

if TYPE_CHECKING:
    from tree_sitter import Node

_NOTHING = frozenset({"0", "NULL", "nullptr"})


def nulls(condition: Node, *, when: bool) -> set[str]:
    """Return the variables that may be NULL where a condition is true, or false."""
    node = bare(condition)
    if node.type == "condition_clause":  # of C++
        return nulls(part(node, "value"), when=when)
    if node.type == "unary_expression" and text(part(node, "operator")) == "!":
        return nulls(part(node, "argument"), when=not when)
    if node.type == "assignment_expression":
        return nulls(part(node, "left"), when=when)
    if node.type == "identifier":
        return set() if when else {text(node)}
    if node.type != "binary_expression":
        return set()
    sign, left, right = text(part(node, "operator")), part(node, "left"), part(node, "right")
    if sign in ("&&", "||"):
        return nulls(left, when=when) | nulls(right, when=when)
    if sign in ("==", "!=") and text(bare(right)) in _NOTHING:
        return nulls(left, when=when != (sign == "=="))
    if sign in ("==", "!=") and text(bare(left)) in _NOTHING:
        return nulls(right, when=when != (sign == "=="))
    return set()


def changed(inside: Node, macros: frozenset[str]) -> set[str]:
    """Return the variables that something else than a look is done with."""
    return {name for node in walk(inside) for name in _changes(node, macros)}


def _changes(node: Node, macros: frozenset[str]) -> Iterator[str]:
    if node.type == "assignment_expression":
        yield variable(part(node, "left"))
        yield variable(part(node, "right"))
    elif node.type == "update_expression" or text(node).startswith("&"):
        yield from (variable(each) for each in node.children_by_field_name("argument"))
    elif node.type == "declaration":
        yield from declared(node)
    elif node.type == "call_expression":
        call = read(node, macros)
        for number, each in enumerate(call.arguments):
            if not call.is_known or call.does(number) - {"null", "needs"}:
                yield variable(each)


def declared(declaration: Node) -> Iterator[str]:
    """Yield the variables of a declaration."""
    for each in declaration.children_by_field_name("declarator"):
        yield first_name(each)


def first_name(declarator: Node) -> str:
    """Return the name that a declarator declares, before its value; empty for none."""
    value = declarator.child_by_field_name("value")
    end = value.start_byte if value is not None else declarator.end_byte
    names = (each for each in walk(declarator) if each.type == "identifier")
    return next((text(each) for each in names if each.start_byte < end), "")
