"""What a call in a module may run, and how to make sure that it still does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wadjet.compiler.inlining.arguments import Bound, matched
from wadjet.compiler.inlining.callees import Callee, Definition, callee, named
from wadjet.compiler.inlining.classes import Class, Classes
from wadjet.compiler.inlining.guards import NEW
from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.pipeline.meaning.names import Kind, Scope
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk
from wadjet.pipeline.unit import Facts
from wadjet.target.behavior import ENTERS_INIT

_MOST = 6  # classes that one guard asks for
_MOST_WAYS = 2  # methods of one name, one after the other, each for one class

_OF_BUILTINS = frozenset(
    name
    for kind in (list, dict, set, frozenset, str, bytes, bytearray, tuple, int, float)
    for name in vars(kind)
    if not name.startswith("__")
)
"""Methods that objects of builtin types have too: the guard would mostly be in vain."""


@dataclass(frozen=True, slots=True)
class Way:
    """A function that a call may run: for objects of which classes, and what it binds."""

    callee: Callee
    bound: Bound
    classes: tuple[Class, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What a call may run. A method has a receiver; a class that is called makes an object."""

    name: str
    ways: tuple[Way, ...]
    receiver: ast.expr | None = None
    makes: Class | None = None

    def __str__(self) -> str:
        if self.makes:
            return f"{self.name}.__init__"
        homes = [way.classes[0].home(self.name) for way in self.ways if way.classes]
        return " or ".join(f"{home}.{self.name}" for home in homes) or self.name

    @property
    def is_expression(self) -> bool:
        """Whether each way comes to an expression."""
        return self.makes is None and all(way.callee.value is not None for way in self.ways)

    @property
    def is_plain(self) -> bool:
        """Whether each way does nothing but return the value of an expression."""
        return self.is_expression and all(
            not isinstance(node, ast.NamedExpr)
            for way in self.ways
            for node in walk(way.callee.value or way.callee.node)
        )

    @property
    def size(self) -> int:
        """How many nodes it takes in the place of the call, roughly."""
        return sum(way.callee.size for way in self.ways) + 12


class Targets:
    """Finds what calls may run."""

    def __init__(self, facts: Facts, scopes: Scopes) -> None:
        self.scopes = scopes
        self.classes = Classes(facts, scopes)
        self.functions = dict(self._functions(facts.tree))
        self.defined: dict[ast.AST, Class | None] = dict.fromkeys(self.functions.values())
        """The functions that may be put elsewhere, with the classes they are methods of."""
        for each in self.classes.by_name.values():
            self.defined |= dict.fromkeys((*each.methods.values(), *each.getters.values()), each)
        self._callees: dict[Definition, Callee | str] = {}
        self._noted: set[ast.AST] = set()

    def _functions(self, tree: ast.Module) -> Iterator[tuple[str, Definition]]:
        """Yield the functions that the module's own level defines once and nothing else binds."""
        for node in tree.body:
            found = named(node)
            if found is not None:
                name, place, definition = found
                if self.scopes.binding(place).variable.bound_at == [place]:
                    yield name, definition

    def callee(self, node: Definition) -> Callee:
        """Return what there is to know of a function; raises NotPlainError."""
        if node not in self._callees:
            try:
                self._callees[node] = callee(node, self.scopes)
            except NotPlainError as why:
                self._callees[node] = str(why)
        found = self._callees[node]
        if isinstance(found, str):
            raise NotPlainError(found)
        return found

    def note(self, call: ast.AST, why: str, facts: Facts) -> None:
        """Note once why a call of the module is left."""
        if call not in self._noted:
            self._noted.add(call)
            facts.stop(call, why)

    def of_name(self, call: ast.Call, name: ast.Name) -> Target | None:
        """Return what the call of a global may run; raises NotPlainError where that is too much."""
        if name.id in self.functions:
            found = self.callee(self.functions[name.id])
            return Target(name.id, (Way(found, matched(found.node.args, call, None)),))
        made = self.classes.by_name.get(name.id)
        return self._made(call, made) if made else None

    def _made(self, call: ast.Call, made: Class) -> Target | None:
        """Return how an object of a class is made, where that is faster than to call it."""
        method = made.method("__init__")
        if method is None or made.has("__new__") or ENTERS_INIT:
            return None
        found = self.callee(method)
        if not _returns_nothing(found.body):
            raise NotPlainError("its __init__ returns something")
        new = ast.Call(ast.Name(NEW, ast.Load()), [ast.Name(made.name, ast.Load())], [])
        for node in (new, new.func, *new.args):
            ast.copy_location(node, call)
        (own, _), *bound = matched(found.node.args, call, new)
        if own in found.stored:
            raise NotPlainError(f"its __init__ binds {own}")
        return Target(made.name, (Way(found, [*bound, (own, new)]),), makes=made)

    def of_method(
        self, call: ast.Call, method: ast.Attribute, owner: Class | None
    ) -> Target | None:
        """Return what the call of a method may run; ``owner`` is the class of the receiver.

        Or a class that it is derived from. Raises NotPlainError where it may run too much.
        """
        return self._of_attribute(call, method, owner, Class.method)

    def of_property(self, read: ast.Attribute, owner: Class | None) -> Target | None:
        """Return what the reading of a property runs, as ``of_method`` does."""
        if read.attr not in self.classes.properties:
            return None
        return self._of_attribute(ast.Call(read, [], []), read, owner, Class.getter)

    def _of_attribute(
        self,
        call: ast.Call,
        attribute: ast.Attribute,
        owner: Class | None,
        found_on: Callable[[Class, str], ast.FunctionDef | None],
    ) -> Target | None:
        name = attribute.attr
        if (name.startswith("__") and not name.endswith("__")) or (
            owner is None and name in _OF_BUILTINS
        ):
            return None
        classes = self.classes.having(name, owner)
        if not classes:
            return None
        if not self.classes.is_settled(name):
            raise NotPlainError(f"the module binds attributes called {name}")
        if len(classes) > _MOST:
            raise NotPlainError(f"{len(classes)} classes have it")
        groups: dict[ast.FunctionDef, list[Class]] = {}
        for each in classes:
            found = found_on(each, name)
            if found is None:
                raise NotPlainError(f"{each.name}.{name} is no plain {found_on.__name__}")
            groups.setdefault(found, []).append(each)
        if len(groups) > _MOST_WAYS or 1 < len(groups) < len(classes):
            raise NotPlainError(f"there are {len(groups)} methods of this name")
        ways = tuple(self._ways(call, attribute.value, groups))
        return Target(name, ways, receiver=attribute.value)

    def _ways(
        self,
        call: ast.Call,
        receiver: ast.expr,
        groups: dict[ast.FunctionDef, list[Class]],
    ) -> Iterator[Way]:
        why = None
        for node, classes in groups.items():
            try:
                found = self.callee(node)
                bound = matched(found.node.args, call, receiver)
            except NotPlainError as error:
                why = error
                continue
            yield Way(found, bound, tuple(classes))
        if why is not None and len(groups) == 1:
            raise why

    def is_seen(self, found: Callee, scope: Scope) -> bool:
        """Say whether the globals of a function are globals in another scope as well."""
        if found.is_private and scope.private != self.scopes.opened(found.node).private:
            return False
        around: Scope | None = scope
        while around is not None and around.is_function:
            for name in found.globals:
                binding = around.names.get(name)
                if binding and binding.kind in (Kind.LOCAL, Kind.CELL, Kind.FREE):
                    return False
            around = around.parent
        return True


def _returns_nothing(body: tuple[ast.stmt, ...]) -> bool:
    returned = [each.value for node in body for each in walk(node) if isinstance(each, ast.Return)]
    return all(
        value is None or (isinstance(value, ast.Constant) and value.value is None)
        for value in returned
    )
