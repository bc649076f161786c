"""Where a name comes from, if the module says so in one place and for good."""

from __future__ import annotations

import ast

from wadjet.pipeline.unit import Facts


def origin(node: ast.AST, facts: Facts) -> str | None:
    """Return what a name or attribute was imported as, such as ``sys.platform``, or None.

    It must be a global that only one import binds, at the module's own level.
    """
    if isinstance(node, ast.Attribute):
        owner = origin(node.value, facts)
        return f"{owner}.{node.attr}" if owner else None
    alias = bound_once(node, facts)
    return facts.imports.get(alias) if isinstance(alias, ast.alias) else None


def bound_once(node: ast.AST, facts: Facts) -> ast.AST | None:
    """Return what binds a global, if one place does and nothing can bind it unseen."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return None
    try:
        variable = facts.scopes.binding(node).variable
    except (KeyError, AttributeError):  # a node that a pass has made; a builtin
        return None
    if variable.home is not facts.scopes.module or facts.scopes.doubts:
        return None
    bound = variable.bound_at
    return bound[0] if len(bound) == 1 else None
