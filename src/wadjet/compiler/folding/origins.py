"""Where a name comes from, if the module says so in one place and for good.

What the text says is looked at first: to know what every name means costs as much as to parse.
"""

from __future__ import annotations

import ast
from collections.abc import Container

from wadjet.pipeline.tree import Node
from wadjet.pipeline.unit import Facts


def origin(node: Node, facts: Facts, wanted: Container[str]) -> str | None:
    """Return what a name or attribute was imported as, if it is one of those wanted.

    Such as ``sys.platform``; it must be a global that only one import binds, at the module's
    own level.
    """
    tail = ""
    while isinstance(node, ast.Attribute):
        tail = f".{node.attr}{tail}"
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in facts.imports:
        return None
    alias, module = facts.imports[node.id]
    name = module + tail
    return name if name in wanted and is_bound_by(node, alias, facts) else None


def assigned(node: Node, facts: Facts) -> ast.expr | None:
    """Return what a global is bound to, if only one assignment of the module's own level does."""
    if not isinstance(node, ast.Name) or node.id not in facts.assigned:
        return None
    target, value = facts.assigned[node.id]
    return value if isinstance(value, ast.Constant) and is_bound_by(node, target, facts) else None


def is_bound_by(node: ast.Name, place: Node, facts: Facts) -> bool:
    """Whether a name that is read is a global that this place alone binds."""
    if not isinstance(node.ctx, ast.Load) or facts.scopes.doubts:
        return False
    try:
        variable = facts.scopes.binding(node).variable
    except (KeyError, AttributeError):  # a node that a pass has made; a builtin
        return False
    return variable.home is facts.scopes.module and variable.bound_at == [place]
