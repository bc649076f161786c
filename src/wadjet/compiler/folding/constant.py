"""Constants of the tree: what may become one, and how large it may be."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

LARGEST = 4096
"""Characters, bytes, items or digits beyond which a result is computed at run time."""

_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis))


_HOPEFUL = frozenset({ast.Constant, ast.Tuple, ast.UnaryOp})


def may_have_value(node: ast.AST) -> bool:
    """Whether it is worth asking for a value: most nodes have none, and this says so quickly."""
    return node.__class__ in _HOPEFUL


class NotConstantError(Exception):
    """A node has no value that is known before the program runs."""


def node_of(value: object) -> ast.Constant:
    """Return a node for a value."""
    return ast.Constant(cast(Any, value))


def value_of(node: ast.AST | None) -> object:
    """Return the value of a constant, or of a tuple of constants; raises NotConstantError."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(value_of(each) for each in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = value_of(node.operand)
        if type(number) in (int, float, complex):
            return -number  # type: ignore[operator]
    raise NotConstantError


def fits(value: object) -> bool:
    """Whether a value can be a constant of code, and is not too large for one."""
    if type(value) in (tuple, frozenset):
        return len(value) <= LARGEST and all(map(fits, value))  # type: ignore[arg-type, call-overload]
    if type(value) not in _PLAIN:
        return False
    if type(value) is int:
        return value.bit_length() <= LARGEST
    return type(value) not in (str, bytes) or len(value) <= LARGEST  # type: ignore[arg-type]


def computed(compute: Callable[[], object]) -> ast.Constant | None:
    """Return what a computation comes to as a node.

    None where it raises, as it is then to raise at run time, or where the result is no constant.
    """
    try:
        value = compute()
    except Exception:  # whatever it raises
        return None
    return node_of(value) if fits(value) else None
