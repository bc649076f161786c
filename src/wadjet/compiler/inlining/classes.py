"""The classes of a module whose methods are known: what a name finds on an object of each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk
from wadjet.pipeline.unit import Facts

_INNARDS = frozenset({"__dict__", "__setattr__", "__delattr__", "__getattribute__", "__bases__"})
_CHANGERS = _INNARDS | {"setattr", "delattr", "vars"}


@dataclass(eq=False)
class Class:
    """A class whose methods are those that its text and that of its bases define."""

    node: ast.ClassDef
    base: Class | None
    names: frozenset[str]
    methods: dict[str, ast.FunctionDef]
    getters: dict[str, ast.FunctionDef]
    """Of properties that nobody sets."""
    derived: list[Class] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name, which is a global."""
        return self.node.name

    def lineage(self) -> Iterator[Class]:
        """Yield the class and its bases."""
        yield self
        if self.base:
            yield from self.base.lineage()

    def below(self) -> Iterator[Class]:
        """Yield the class and all that are derived from it."""
        yield self
        for each in self.derived:
            yield from each.below()

    def method(self, name: str) -> ast.FunctionDef | None:
        """Return what a name finds, if that is an undecorated method."""
        for each in self.lineage():
            if name in each.names:
                return each.methods.get(name)
        return None

    def getter(self, name: str) -> ast.FunctionDef | None:
        """Return what computes an attribute, if that is a property.

        An AttributeError in it must not lead anywhere else.
        """
        if self.has("__getattr__"):
            return None
        for each in self.lineage():
            if name in each.names:
                return each.getters.get(name)
        return None

    def home(self, name: str) -> str:
        """Return the name of the class whose text has a name."""
        return next((each.name for each in self.lineage() if name in each.names), self.name)

    def has(self, name: str) -> bool:
        """Say whether a name finds anything in the text."""
        return any(name in each.names for each in self.lineage())


class Classes:
    """All such classes of a module. There are none where something in it may change any."""

    def __init__(self, facts: Facts, scopes: Scopes) -> None:
        self.by_name: dict[str, Class] = {}
        self.by_node: dict[ast.ClassDef, Class] = {}
        self.properties: set[str] = set()
        """The names of all properties."""
        self._changed: set[str] = set()
        self._made: set[str] = set()
        bound = any(
            name in scopes.globals and scopes.globals[name].bound_at for name in ("type", "object")
        )
        if self._look(facts.tree) and not bound:
            for statement in facts.tree.body:
                if isinstance(statement, ast.ClassDef):
                    self._add(statement, scopes)

    def _look(self, tree: ast.Module) -> bool:
        """See what the module does to attributes; say whether it names them all."""
        for node in walk(tree):
            if isinstance(node, ast.Attribute):
                if node.attr in _INNARDS:
                    return False
                if not isinstance(node.ctx, ast.Load):
                    self._changed.add(node.attr)
            elif isinstance(node, ast.Name | ast.FunctionDef):
                if (node.id if isinstance(node, ast.Name) else node.name) in _CHANGERS:
                    return False
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                self._made.add(node.func.id)
        return "__class__" not in self._changed

    def _add(self, node: ast.ClassDef, scopes: Scopes) -> None:
        if node.decorator_list or node.keywords or getattr(node, "type_params", None):
            return
        scope = scopes.opened(node)
        if scopes.binding(node).variable.bound_at != [node] or scope.is_watched:
            return
        base: Class | None = None
        match node.bases:
            case []:
                pass
            case [ast.Name(name) as found] if name == "object" and scopes.is_builtin(found):
                pass
            case [ast.Name(name)] if name in self.by_name:
                base = self.by_name[name]
            case _:
                return
        bound = {name: each.bound_at for name, each in scope.names.items() if each.bound_at}
        defined = {
            name: at[0]
            for name, at in bound.items()
            if len(at) == 1 and isinstance(at[0], ast.FunctionDef) and at[0] in node.body
        }
        methods = {name: each for name, each in defined.items() if not each.decorator_list}
        getters = {name: each for name, each in defined.items() if _is_property(each, scopes)}
        made = Class(node, base, frozenset(bound), methods, getters)
        self.properties |= getters.keys()
        if base:
            base.derived.append(made)
        self.by_name[node.name] = self.by_node[node] = made

    def is_settled(self, name: str) -> bool:
        """Say whether nothing in the module binds an attribute of this name but class bodies."""
        return name not in self._changed

    def having(self, name: str, among: Class | None) -> list[Class]:
        """Return the classes whose objects have a method: those that the module makes, if any.

        Among a class and those derived from it, where one is given.
        """
        pool = among.below() if among else self.by_name.values()
        found = [each for each in pool if each.has(name)]
        return [each for each in found if each.name in self._made] or found


def _is_property(node: ast.FunctionDef, scopes: Scopes) -> bool:
    match node.decorator_list:
        case [ast.Name("property") as word]:
            return scopes.is_builtin(word)
    return False
