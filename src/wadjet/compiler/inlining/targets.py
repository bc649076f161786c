"""What a call in a module may run, and how to make sure that it still does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from wadjet.compiler.inlining.arguments import Bound, matched
from wadjet.compiler.inlining.callees import Callee, Definition, callee, named
from wadjet.compiler.inlining.classes import Class, Classes, Seen
from wadjet.compiler.inlining.evidence import OF_BUILTINS, Evidence
from wadjet.compiler.inlining.guards import NEW
from wadjet.compiler.inlining.hunches import OPERATORS, Hunches
from wadjet.compiler.inlining.order import Site
from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.pipeline.meaning.names import Kind, Scope
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import walk
from wadjet.pipeline.unit import Facts
from wadjet.target.behavior import ENTERS_INIT

_MOST = 6  # classes that one guard asks for
_MOST_WAYS = 4  # methods of one name, one after the other, each for its classes


@dataclass(frozen=True, slots=True)
class Way:
    """A function that a call may run: for objects of which classes, and what it binds.

    That of an operator is for right operands of some ``others``.
    """

    callee: Callee
    bound: Bound
    classes: tuple[Class, ...] = ()
    others: tuple[Class, ...] = ()


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
        return self.makes is None and all(
            way.callee.value is not None and not way.others for way in self.ways
        )

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

    def __init__(self, facts: Facts, scopes: Scopes, seen: Seen) -> None:
        self.scopes = scopes
        self._tree = facts.tree
        self.classes = Classes(facts, scopes, seen)
        self.functions = dict(self._functions(facts.tree))
        self.defined: dict[ast.AST, Class | None] = dict.fromkeys(self.functions.values())
        """The functions that may be put elsewhere, with the classes they are methods of."""
        for each in self.classes.by_name.values():
            self.defined |= dict.fromkeys((*each.methods.values(), *each.getters.values()), each)
        self.evidence = Evidence(self.classes, scopes)
        self.has_items = any(
            each.has("__getitem__") or each.has("__setitem__")
            for each in self.classes.by_name.values()
        )
        self.operators = {each for each in OPERATORS.values() if each in self.classes.names}
        """The methods for operators that there are."""
        self._callees: dict[Definition, Callee | str] = {}
        self._noted: set[ast.AST] = set()

    def may_be(self, site: Site) -> bool:
        """Say whether a site may run a function of the module, by its name: it costs little."""
        if isinstance(site, ast.Call):
            called = site.func
            if isinstance(called, ast.Name):
                return called.id in self.functions or called.id in self.classes.by_name
            return isinstance(called, ast.Attribute) and called.attr in self.classes.names
        if isinstance(site, ast.BinOp):
            return OPERATORS.get(type(site.op)) in self.operators
        if isinstance(site.ctx, ast.Load):
            if isinstance(site, ast.Attribute):
                return site.attr in self.classes.properties
            return self.has_items
        return False

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
        self, call: ast.Call, method: ast.Attribute, likely: Sequence[Class] | None
    ) -> Target | None:
        """Return what the call of a method may run; ``likely`` are classes of the receiver.

        Of one that nothing is known of it is None. Raises NotPlainError where it may run too
        much.
        """
        return self._of_attribute(call, method, likely, Class.method)

    def of_property(self, read: ast.Attribute, likely: Sequence[Class] | None) -> Target | None:
        """Return what the reading of a property runs, as ``of_method`` does."""
        return self._of_attribute(ast.Call(read, [], []), read, likely, Class.getter)

    def of_item(
        self, item: ast.Subscript, likely: Sequence[Class], value: ast.expr | None = None
    ) -> Target | None:
        """Return what the reading of an item runs, or the binding of it to a value."""
        name = "__getitem__" if value is None else "__setitem__"
        likely = [each for each in likely if each.has(name)]
        if not likely or any(isinstance(each, ast.Slice) for each in walk(item.slice)):
            return None
        method = ast.Attribute(item.value, name, ast.Load())
        given = [item.slice] if value is None else [item.slice, value]
        found = self._of_attribute(ast.Call(method, given, []), method, likely, Class.method)
        if found is None or value is None:
            return found
        return replace(found, ways=tuple(_value_first(each) for each in found.ways))

    @cached_property
    def hunches(self) -> Hunches:
        """What the module's text says of names, when somebody first asks."""
        return Hunches(self._tree, self.classes, self.scopes)

    def of_operator(
        self, operation: ast.BinOp, left: Sequence[Class], right: Sequence[Class]
    ) -> Target | None:
        """Return what an operator may run, for operands that may be of some classes."""
        name = OPERATORS[type(operation.op)]
        left = [each for each in left if each.has(name)]
        if not left or not right:
            return None
        method = ast.Attribute(operation.left, name, ast.Load())
        call = ast.Call(method, [operation.right], [])
        found = self._of_attribute(call, method, left, Class.method)
        if found is None:
            return None
        ways = [replace(each, others=self._others(each, right)) for each in found.ways]
        ways = [each for each in ways if each.others and _answers(each.callee.body)]
        return replace(found, ways=tuple(ways)) if ways else None

    def _others(self, way: Way, right: Sequence[Class]) -> tuple[Class, ...]:
        """Return the classes of right operands that a method is for.

        One that is derived from the class of the left would be asked first.
        """
        parameter = way.bound[1][0]
        binding = self.scopes.opened(way.callee.node).names[parameter]
        fitting = self.evidence.of(binding.variable)
        return tuple(
            each
            for each in right
            if each in fitting
            and (each in way.classes or way.classes[0] not in each.lineage())
            and not any(base in way.classes for base in [*each.lineage()][1:])
        )

    def _of_attribute(
        self,
        call: ast.Call,
        attribute: ast.Attribute,
        likely: Sequence[Class] | None,
        found_on: Callable[[Class, str], ast.FunctionDef | None],
    ) -> Target | None:
        name = attribute.attr
        if (name.startswith("__") and not name.endswith("__")) or (
            likely is None and name in OF_BUILTINS
        ):
            return None
        classes = self.classes.having(name, likely)
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
        if len(groups) > _MOST_WAYS:
            raise NotPlainError(f"there are {len(groups)} methods of this name")
        ways = tuple(self._ways(call, attribute.value, groups))
        return Target(name, ways, receiver=attribute.value)

    def _ways(
        self,
        call: ast.Call,
        receiver: ast.expr,
        groups: dict[ast.FunctionDef, list[Class]],
    ) -> Iterator[Way]:
        why = ""
        for node, classes in groups.items():
            try:
                found = self.callee(node)
                bound = matched(found.node.args, call, receiver)
            except NotPlainError as error:
                why = str(error)  # the error itself would keep this frame alive
                continue
            yield Way(found, bound, tuple(classes))
        if why and len(groups) == 1:
            raise NotPlainError(why)

    def means(self, builtin: str) -> bool:
        """Say whether the name of a builtin is nothing else as a global."""
        found = self.scopes.globals.get(builtin)
        return found is None or not found.bound_at

    def asks_for_classes(self, tree: ast.AST) -> bool:
        """Say whether there is an ``isinstance`` in a part of a function."""
        return any(isinstance(each, ast.Name) and each.id == "isinstance" for each in walk(tree))

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


def _answers(body: Sequence[ast.stmt]) -> bool:
    """Say whether a method for an operator always has an answer: none is NotImplemented."""
    returned = [each for node in body for each in walk(node) if isinstance(each, ast.Return)]
    return all(_is_answer(each.value) for each in returned)


def _is_answer(value: ast.expr | None) -> bool:
    match value:
        case ast.Call(ast.Name(name)):
            return name[:1].isupper()
        case ast.BinOp() | ast.Tuple() | ast.List() | ast.Compare():
            return True
    return False


def _value_first(way: Way) -> Way:
    """Return a way to bind an item with the value first, which is evaluated before the rest."""
    receiver, place, value, *rest = way.bound
    return replace(way, bound=[receiver, value, place, *rest])


def _returns_nothing(body: tuple[ast.stmt, ...]) -> bool:
    returned = [each.value for node in body for each in walk(node) if isinstance(each, ast.Return)]
    return all(
        value is None or (isinstance(value, ast.Constant) and value.value is None)
        for value in returned
    )
