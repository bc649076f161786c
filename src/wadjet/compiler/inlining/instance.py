"""Copies of code, in which names may mean something else."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from wadjet.pipeline.tree import copied, walk

_Tree = TypeVar("_Tree", bound=ast.AST)


@dataclass(frozen=True, slots=True, eq=False)
class _Inert:
    """What the names of a local of ours come from: what it is bound to, if that is known."""

    origin: ast.AST | None = None


class Origins:
    """Remembers which name of the module each copied name was: what it means there is known."""

    def __init__(self) -> None:
        self._of: dict[ast.AST, ast.AST | _Inert] = {}

    def of(self, node: ast.AST) -> ast.AST:
        """Return the node of the module that a node is a copy of, or the node."""
        found = self._of.get(node, node)
        return found.origin or node if isinstance(found, _Inert) else found

    def is_inert(self, node: ast.AST) -> bool:
        """Say whether a node is the name of a local of ours, bound for sure and by nobody else."""
        return isinstance(self._of.get(node), _Inert)

    def copy(self, tree: _Tree) -> _Tree:
        """Return a copy in which names mean what they meant."""
        return copied(tree, self._of)

    def instance(self, tree: _Tree, names: Mapping[str, ast.expr]) -> _Tree:
        """Return a copy with other expressions in the place of a function's locals."""
        made = self.copy(tree)
        if isinstance(made, ast.Name) and made.id in names:
            return self._put(made, names)  # type: ignore[return-value]
        for node in list(walk(made)):  # before others are put in it
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
        if isinstance(wanted, ast.Tuple):
            items = [self._stand_in(each, name) for each in wanted.elts]
            return ast.copy_location(ast.Tuple(items, ast.Load()), name)
        return self._stand_in(wanted, name)

    def _stand_in(self, wanted: ast.expr, name: ast.Name) -> ast.expr:
        if isinstance(wanted, ast.Name):
            made: ast.expr = self.local(wanted.id, name)
            assert isinstance(made, ast.Name)
            made.ctx = name.ctx
            return made
        return ast.copy_location(copied(wanted), name)

    def stand_in(self, name: str, node: ast.expr) -> ast.Name:
        """Return a name of a local that is bound to what a node of the module comes to."""
        made = self.local(name, node)
        self._of[made] = _Inert(self.of(node))
        return made

    def local(self, name: str, place: ast.AST) -> ast.Name:
        """Return a name of a local that is bound for sure."""
        made = ast.copy_location(ast.Name(name, ast.Load()), place)
        self._of[made] = _Inert()
        return made
