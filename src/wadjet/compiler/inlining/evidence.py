"""Of which classes of a module a local may be, by the attributes that a function asks it for.

>>> from wadjet.compiler.inlining.classes import seen
>>> from wadjet.pipeline.meaning.scopes import resolve
>>> from wadjet.pipeline.unit import Facts
>>> tree = ast.parse('''
... class Grid:
...     def __init__(self, rows): self.rows = rows
...     def __getitem__(self, at): return self.rows[at]
... def first(grid, other):
...     return grid[len(grid.rows) - 1], other[0], other.append
... ''')
>>> scopes = resolve(tree)
>>> evidence = Evidence(Classes(Facts("a.py", tree), scopes, seen(tree)), scopes)
>>> function = tree.body[1]
>>> names = scopes.opened(function).names
>>> [[each.name for each in evidence.of(names[word].variable)] for word in ("grid", "other")]
[['Grid'], []]

It is no proof, so that a guard must stand before what relies on it: it says where one pays.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cached_property

from wadjet.compiler.inlining.classes import Class, Classes
from wadjet.pipeline.meaning.names import Variable
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk

OF_BUILTINS = frozenset(
    name
    for kind in (list, dict, set, frozenset, str, bytes, bytearray, tuple, int, float)
    for name in vars(kind)
    if not name.startswith("__")
)
"""Methods that objects of builtin types have too: a guard would mostly be in vain."""


class Evidence:
    """What the functions of a module ask their locals for."""

    def __init__(self, classes: Classes, scopes: Scopes) -> None:
        self._classes = classes
        self._scopes = scopes
        self._found: dict[Variable, list[Class]] = {}

    def of(self, local: Variable) -> list[Class]:
        """Return the classes that have all that is asked of a local, if no builtin type has."""
        if local not in self._found:
            asked = self._asked.get(local, set())
            self._found[local] = [
                each
                for each in self._classes.by_name.values()
                if asked - OF_BUILTINS and asked <= self._attributes[each]
            ]
        return self._found[local]

    @cached_property
    def _asked(self) -> dict[Variable, set[str]]:
        """The attributes that are asked of each name, by its variable."""
        asked: dict[Variable, set[str]] = defaultdict(set)
        for node in walk(self._scopes.module.node):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                binding = self._scopes.find(node.value)
                if binding is not None:
                    asked[binding.variable].add(node.attr)
        return asked

    @cached_property
    def _attributes(self) -> dict[Class, set[str]]:
        """The attributes of each class: what its text binds, and its methods on their object."""
        return {
            each: {name for kind in each.lineage() for name in (*kind.names, *self._own(kind))}
            for each in self._classes.by_name.values()
        }

    def _own(self, kind: Class) -> set[str]:
        found = set[str]()
        for method in kind.node.body:
            if isinstance(method, ast.FunctionDef):
                for parameter in (*method.args.posonlyargs, *method.args.args)[:1]:
                    binding = self._scopes.opened(method).names.get(parameter.arg)
                    found |= self._asked.get(binding.variable, set()) if binding else set()
        return found
