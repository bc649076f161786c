"""Copies of code, in which names may mean something else."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeVar

from wadjet.pipeline.transform import copied

_Tree = TypeVar("_Tree", bound=ast.AST)


class Origins:
    """Remembers which name of the module each copied name was: what it means there is known."""

    def __init__(self) -> None:
        self._of: dict[ast.AST, ast.AST] = {}
        self.inert: set[ast.AST] = set()
        """Names of locals that are bound for sure, and that no other code binds."""

    def of(self, node: ast.AST) -> ast.AST:
        """Return the node of the module that a node is a copy of, or the node."""
        return self._of.get(node, node)

    def copy(self, tree: _Tree) -> _Tree:
        """Return a copy in which names mean what they meant."""
        made = copied(tree)
        for new, old in zip(_nodes(made), _nodes(tree), strict=True):
            self._of[new] = self.of(old)
            if old in self.inert:
                self.inert.add(new)
        return made

    def instance(self, tree: _Tree, names: Mapping[str, ast.expr]) -> _Tree:
        """Return a copy with other expressions in the place of a function's locals."""
        made = self.copy(tree)
        if isinstance(made, ast.Name) and made.id in names:
            return self._put(made, names)  # type: ignore[return-value]
        for node in _nodes(made):
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, ast.Name) and value.id in names:
                    setattr(node, field, self._put(value, names))
                elif isinstance(value, list):
                    value[:] = [
                        self._put(each, names)
                        if isinstance(each, ast.Name) and each.id in names
                        else each
                        for each in value
                    ]
        return made

    def _put(self, name: ast.Name, names: Mapping[str, ast.expr]) -> ast.expr:
        wanted = names[name.id]
        if isinstance(wanted, ast.Name):
            made: ast.expr = self.local(wanted.id, name)
            assert isinstance(made, ast.Name)
            made.ctx = name.ctx
            return made
        return ast.copy_location(copied(wanted), name)

    def local(self, name: str, place: ast.AST) -> ast.Name:
        """Return a name of a local that is bound for sure."""
        made = ast.copy_location(ast.Name(name, ast.Load()), place)
        self.inert.add(made)
        return made


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes, those of two equal trees in the same order."""
    found = [tree]
    for node in found:  # which grows meanwhile
        for field in node._fields:
            value = getattr(node, field, None)
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, ast.AST) and each._fields:
                    found.append(each)  # noqa: PERF401
    return found
