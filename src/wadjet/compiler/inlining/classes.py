"""The classes of a module whose methods are known: what a name finds on an object of each."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import select
from wadjet.pipeline.unit import Facts

_INNARDS = frozenset({"__dict__", "__setattr__", "__delattr__", "__getattribute__", "__bases__"})
_TELLING = frozenset(
    {
        ast.Attribute,
        ast.Call,
        ast.Dict,
        ast.Tuple,
        ast.List,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
    }
)
_CHANGERS = _INNARDS | {"setattr", "delattr", "vars"}


@dataclass(slots=True)
class Seen:
    """What a module does to attributes, calls by name, and has for functions: by its text alone."""

    changed: set[str] = field(default_factory=set)
    """The names of attributes that something binds."""
    called: set[str] = field(default_factory=set)
    """The names of what is called, or given to what may call it."""
    may_change_any: bool = False
    """Whether it may bind attributes that it does not name."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=list)


def seen(tree: ast.Module) -> Seen:
    """Look through a module for what may change its classes.

    >>> seen(ast.parse("a.b = c()"))
    Seen(changed={'b'}, called={'c'}, may_change_any=False, functions=[])
    """
    found = Seen()
    for node in select(tree, _TELLING):
        if isinstance(node, ast.Attribute):
            found.may_change_any |= node.attr in _INNARDS
            if not isinstance(node.ctx, ast.Load):
                found.changed.add(node.attr)
        elif isinstance(node, ast.Call | ast.Dict | ast.Tuple | ast.List):
            found.called |= _handed_on(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.may_change_any |= node.name in _CHANGERS
            found.functions.append(node)
    found.may_change_any |= "__class__" in found.changed
    return found


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

    def __init__(self, facts: Facts, scopes: Scopes, seen: Seen) -> None:
        self.by_name: dict[str, Class] = {}
        self.by_node: dict[ast.ClassDef, Class] = {}
        self.properties: set[str] = set()
        """The names of all properties."""
        self._seen = seen
        self.names: set[str] = set()
        """The names in the text of all of them."""
        bound = any(
            name in scopes.globals and scopes.globals[name].bound_at for name in ("type", "object")
        )
        reads = any(not _CHANGERS.isdisjoint(scope.names) for scope in scopes.all)
        if not (seen.may_change_any or bound or reads):
            for statement in facts.tree.body:
                if isinstance(statement, ast.ClassDef):
                    self._add(statement, scopes)

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
        self.names |= bound.keys()
        if base:
            base.derived.append(made)
        self.by_name[node.name] = self.by_node[node] = made

    def forget(self) -> None:
        """Let go of the classes, which hold each other."""
        for each in self.by_node.values():
            each.derived.clear()

    def is_settled(self, name: str) -> bool:
        """Say whether nothing in the module binds an attribute of this name but class bodies."""
        return name not in self._seen.changed

    def having(self, name: str, among: Sequence[Class] | None) -> list[Class]:
        """Return the classes whose objects have a method: those that the module makes, if any.

        Among some classes, where they are given.
        """
        pool = self.by_name.values() if among is None else among
        found = [each for each in pool if each.has(name)]
        if among is not None and len(found) < 2:
            return found
        return [each for each in found if each.name in self._seen.called] or found


def _handed_on(node: ast.Call | ast.Dict | ast.Tuple | ast.List) -> set[str]:
    """Return the names that something calls, or gives to what may: but not to ``isinstance``."""
    match node:
        case ast.Call(ast.Name("isinstance" | "issubclass")):
            found: list[ast.expr] = []
        case ast.Call(func, args):
            found = [func, *args]
        case ast.Dict(values=found) | ast.Tuple(elts=found) | ast.List(elts=found):
            pass
    return {each.id for each in found if isinstance(each, ast.Name)}


def _is_property(node: ast.FunctionDef, scopes: Scopes) -> bool:
    match node.decorator_list:
        case [ast.Name("property") as word]:
            return scopes.is_builtin(word)
    return False
