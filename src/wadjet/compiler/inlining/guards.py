"""What makes sure that a call would run the function that stands in its place.

A module keeps what it defined under names of ours, and compares when it calls:

>>> guards = Guards()
>>> ast.unparse(guards.function(ast.Name("f")))
'f is _wadjet_f'
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from wadjet.compiler.inlining.callees import named
from wadjet.compiler.inlining.classes import Class
from wadjet.pipeline.head import PREFIX, after_head

_TYPE = f"{PREFIX}0type"
NEW = f"{PREFIX}0new"


class Guards:
    """The guards of a module, and the names that they need."""

    def __init__(self) -> None:
        self._kept: set[str] = set()
        self._sets: dict[tuple[Class, ...], str] = {}
        self._types = self._makes = False
        self.noted: set[ast.AST] = set()
        """The calls of which it has been said what stands in their place."""

    def function(self, name: ast.Name) -> ast.expr:
        """Return what is true while a global is what the module defined under that name."""
        return ast.Compare(ast.Name(name.id, ast.Load()), [ast.Is()], [self._keep(name.id)])

    def kind(self, receiver: ast.expr, classes: Sequence[Class]) -> ast.expr:
        """Return what is true if an object is of one of some classes, exactly."""
        self._types = True
        type_of = ast.Call(ast.Name(_TYPE, ast.Load()), [receiver], [])
        if len(classes) == 1:
            return ast.Compare(type_of, [ast.Is()], [self._keep(classes[0].name)])
        key = tuple(classes)
        name = self._sets.setdefault(key, f"{PREFIX}0classes{len(self._sets) + 1}")
        for each in classes:
            self._keep(each.name)
        return ast.Compare(type_of, [ast.In()], [ast.Name(name, ast.Load())])

    def making(self) -> None:
        """Remember that objects are made."""
        self._makes = True

    def _keep(self, name: str) -> ast.Name:
        self._kept.add(name)
        return ast.Name(PREFIX + name, ast.Load())

    def kept(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return a module's body in which what the guards need is bound.

        Until something is defined, its name of ours stands for a list that nothing else is.
        """
        at = after_head(body)
        made = [*body[:at], *self._first(body[at - 1] if at else body[0])]
        waiting = {key: {each.name for each in key} for key in self._sets}
        for statement in body[at:]:
            made.append(statement)
            name = _defined(statement)
            if name in self._kept:
                made.append(_bound(PREFIX + name, ast.Name(name, ast.Load()), statement))
                made += self._complete(name, waiting, statement)
        return made

    def _complete(
        self, name: str, waiting: dict[tuple[Class, ...], set[str]], place: ast.stmt
    ) -> Iterator[ast.stmt]:
        """Bind the sets of classes of which the last has been defined."""
        for key, names in waiting.items():
            if name in names:
                names.discard(name)
                if not names:
                    classes: list[ast.expr] = [
                        ast.Name(PREFIX + each.name, ast.Load()) for each in key
                    ]
                    yield _bound(self._sets[key], ast.Set(classes), place)

    def _first(self, place: ast.stmt) -> Iterator[ast.stmt]:
        if self._types:
            yield _bound(_TYPE, ast.Name("type", ast.Load()), place)
        if self._makes:
            new = ast.Attribute(ast.Name("object", ast.Load()), "__new__", ast.Load())
            yield _bound(NEW, new, place)
        for name in sorted(self._kept):
            yield _bound(PREFIX + name, ast.List([], ast.Load()), place)
        for name in self._sets.values():
            yield _bound(name, ast.Tuple([], ast.Load()), place)


def _defined(statement: ast.stmt) -> str:
    """Return what a statement defines, a class or a function, or an empty text."""
    if isinstance(statement, ast.ClassDef):
        return statement.name
    found = named(statement)
    return found[0] if found else ""


def _bound(name: str, value: ast.expr, place: ast.stmt) -> ast.stmt:
    made = ast.Assign([ast.Name(name, ast.Store())], value)
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.stmt):
            ast.copy_location(node, place)
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    return made
