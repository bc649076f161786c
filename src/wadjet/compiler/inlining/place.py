"""A function in which others may be put: what is known where, and how much it may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from wadjet.compiler.inlining.callees import Callee
from wadjet.compiler.inlining.classes import Class
from wadjet.compiler.inlining.instance import Origins
from wadjet.compiler.inlining.likely import Function
from wadjet.compiler.inlining.order import Site
from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.compiler.inlining.targets import Target, Targets, Way
from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.meaning.chains import Chains, chain
from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.unit import Facts

_DEEPEST = 4  # functions in functions
_GROWTH = 1000  # nodes that a function may gain


class Place:
    """A function, while others are put into it. ``owner`` is the class it is a method of."""

    def __init__(self, node: Function, targets: Targets, facts: Facts, owner: Class | None) -> None:
        self.node = node
        self.origins = Origins()
        self._targets = targets
        self._facts = facts
        self._scope = targets.scopes.opened(node)
        self._chains: Chains | None = None
        self._within: list[ast.AST] = [node]
        self._left = _GROWTH
        self._count = 0
        self._known: dict[str, frozenset[Class]] = {}
        self._refused: set[ast.AST] = set()
        self._owner: tuple[str, Class] | None = None
        parameters = [*node.args.posonlyargs, *node.args.args]
        if owner and parameters:
            name = parameters[0].arg
            binding = self._scope.names.get(name)
            if binding and binding.bound_at == [parameters[0]]:
                self._owner = name, owner

    @property
    def has_grown(self) -> bool:
        """Whether anything was put into it."""
        return self._left < _GROWTH

    def fresh(self, word: str) -> str:
        """Return a name for a local that nothing else has."""
        self._count += 1
        return f"{PREFIX}{self._count}{word}"

    def is_inert(self, node: ast.AST) -> bool:
        """Say whether a node is a constant, or a local that is bound and only bound here."""
        if isinstance(node, ast.Constant) or node in self.origins.inert:
            return True
        if not isinstance(node, ast.Name):
            return False
        origin = self.origins.of(node)
        binding = self._targets.scopes.find(origin)
        if binding is None or binding.scope is not self._scope or binding.kind is not Kind.LOCAL:
            return False
        if self._chains is None:
            self._chains = chain(self._targets.scopes, self.node)
        try:
            return not self._chains.may_be_unbound(origin)
        except KeyError:  # it is never reached
            return False

    def _is_global(self, name: ast.Name) -> bool:
        if name in self.origins.inert:
            return False
        binding = self._targets.scopes.find(self.origins.of(name))
        return binding is not None and binding.variable.home is self._targets.scopes.module

    def target(self, site: Site) -> Target | None:
        """Return what may stand in a place, if anything; else note why."""
        origin = self.origins.of(site)
        if origin in self._refused:
            return None
        try:
            found = self._found(site)
            if found is not None:
                self._check(found)
            return found
        except NotPlainError as why:
            self._refused.add(origin)
            self._targets.note(origin, str(why), self._facts)
            return None

    def _found(self, site: Site) -> Target | None:
        match site:
            case ast.Call(func=ast.Name() as name) if self._is_global(name):
                return self._targets.of_name(site, name)
            case ast.Call(func=ast.Attribute(value) as method) if not self._is_module(value):
                return self._targets.of_method(site, method, self._class_of(value))
            case ast.Attribute(value, ctx=ast.Load()) if not self._is_module(value):
                return self._targets.of_property(site, self._class_of(value))
        return None

    def _is_module(self, receiver: ast.expr) -> bool:
        """Say whether something is no object of a class here, but an import or a class."""
        return (
            isinstance(receiver, ast.Name)
            and (receiver.id in self._targets.classes.by_name or receiver.id in self._facts.imports)
            and self._is_global(receiver)
        )

    def _class_of(self, receiver: ast.expr) -> Class | None:
        """Return the class that an object is of, or derived from, if it is ``self``."""
        if self._owner and isinstance(receiver, ast.Name) and receiver.id == self._owner[0]:
            return self._owner[1]
        return None

    def _check(self, found: Target) -> None:
        """See that a function may stand here; raises NotPlainError."""
        if not found.ways:
            raise NotPlainError("none of the methods of this name can stand here")
        for way in found.ways:
            if way.callee.node in self._within:
                raise NotPlainError("it would stand in itself")
            if not self._targets.is_seen(way.callee, self._scope):
                raise NotPlainError("what is global for it is not so here")
        if len(self._within) > _DEEPEST:
            raise NotPlainError("it would be too deep in others")
        if found.size > self._left:
            raise NotPlainError("the function would grow too large")

    def is_sure(self, way: Way, receiver: ast.Name) -> bool:
        """Say whether an object is known to be of the classes that a method is for."""
        known = self._known.get(receiver.id)
        return known is not None and known <= {*way.classes}

    @contextmanager
    def inside(self, target: Target, way: Way, receiver: ast.Name | None) -> Iterator[None]:
        """Be in a function that is put here."""
        known, self._known = self._known, dict(self._known)
        if receiver is not None and not self.is_sure(way, receiver):
            self._known[receiver.id] = frozenset(way.classes)
        self._within.append(way.callee.node)
        self._left -= target.size
        try:
            yield
        finally:
            self._within.pop()
            self._known = known

    def direct(self, found: Callee, parameter: str, argument: ast.expr) -> ast.expr | None:
        """Return what may stand for a parameter wherever it is read, if that is the argument."""
        if parameter in found.stored or not self.is_inert(argument):
            return None
        if isinstance(argument, ast.Constant):
            return argument if found.takes_constant(parameter, argument.value) else None
        return argument
