"""A function in which others may be put: what is known where, and how much it may grow."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from wadjet.compiler.inlining.apart import is_taken_apart, is_unpacked, simplified
from wadjet.compiler.inlining.callees import Callee
from wadjet.compiler.inlining.classes import Class
from wadjet.compiler.inlining.flags import Flags
from wadjet.compiler.inlining.instance import Origins
from wadjet.compiler.inlining.likely import Function
from wadjet.compiler.inlining.order import Site
from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.compiler.inlining.targets import Target, Targets, Way
from wadjet.compiler.inlining.whole import whole
from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.meaning.chains import Chains, chain
from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.unit import Facts

_Tree = TypeVar("_Tree", bound=ast.AST)

_DEEPEST = 6  # functions in functions
_TINY = 24  # nodes of what may be put there twice as deep, and when nothing larger fits,
_RESERVE = 1500  # until it has gained so many more
_GROWTH = 2500  # nodes that a function may gain


class _Names:
    """Gives names for locals that nothing else has."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, word: str) -> str:
        self._count += 1
        return f"{PREFIX}{self._count}{word}"


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
        self.fresh = _Names()
        self._known: dict[str, frozenset[Class]] = {}
        self.flags = Flags(self.fresh)
        self._refused: set[ast.AST] = set()
        self._owner: tuple[str, Class] | None = None
        parameters = [*node.args.posonlyargs, *node.args.args]
        self._steady = {each.arg for each in parameters if self._is_bound_once(each)}
        if owner and parameters and parameters[0].arg in self._steady:
            self._owner = parameters[0].arg, owner

    def _is_bound_once(self, parameter: ast.arg) -> bool:
        binding = self._scope.names.get(parameter.arg)
        return binding is not None and binding.variable.bound_at == [parameter]

    def is_steady(self, name: ast.Name) -> bool:
        """Say whether a name is that of an argument, which nothing ever binds anew."""
        return name.id in self._steady

    @cached_property
    def _whole(self) -> frozenset[str]:
        return whole(self.node, self._targets.scopes)

    def instance(self, tree: _Tree, names: dict[str, ast.expr]) -> list[_Tree]:
        """Return what a part of a function comes to here, with its locals known by other names."""
        made = self.origins.instance(tree, names)
        if not self._targets.asks_for_classes(tree) and not any(
            isinstance(each, ast.Tuple) for each in names.values()
        ):
            return [made]
        found = simplified(made, self._is_builtin, self._whole)
        return found if isinstance(found, list) else [found]

    def _is_builtin(self, name: ast.Name) -> bool:
        return self._targets.scopes.is_builtin(self.origins.of(name))

    def is_apart(self, found: Callee, parameter: str, argument: ast.expr) -> bool:
        """Say whether a function does no more with an argument, a tuple, than take it apart."""
        return (
            isinstance(argument, ast.Tuple)
            and not any(isinstance(each, ast.Starred) for each in argument.elts)
            and parameter not in found.stored
            and self._targets.means("isinstance")
            and self._targets.means("tuple")
            and is_taken_apart(parameter, len(argument.elts), found.body)
        )

    @property
    def is_of_another(self) -> bool:
        """Whether we are in a function that is put here, whose locals have names of ours."""
        return len(self._within) > 1

    @property
    def has_grown(self) -> bool:
        """Whether anything was put into it."""
        return self._left < _GROWTH

    def is_inert(self, node: ast.AST) -> bool:
        """Say whether a node is a constant, or a local that is bound and only bound here."""
        if isinstance(node, ast.Constant) or self.origins.is_inert(node):
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
        if self.origins.is_inert(name):
            return False
        binding = self._targets.scopes.find(self.origins.of(name))
        return binding is not None and binding.variable.home is self._targets.scopes.module

    def target(self, site: Site) -> Target | None:
        """Return what may stand in a place, if anything; else note why."""
        if not self._targets.may_be(site):
            return None
        return self._allowed(site, lambda: self._found(site))

    def _allowed(self, site: Site, search: Callable[[], Target | None]) -> Target | None:
        origin = self.origins.of(site)
        if origin in self._refused:
            return None
        try:
            found = search()
            if found is not None:
                ways = tuple(each for each in found.ways if not self._is_in_vain(each))
                found = replace(found, ways=ways)
                self._check(found)
            return found
        except NotPlainError as why:
            self._refused.add(origin)
            self._targets.note(origin, str(why), self._facts)
            return None

    def _found(self, site: Site) -> Target | None:
        targets = self._targets
        match site:
            case ast.Call(func=ast.Name() as name) if self._is_global(name):
                return targets.of_name(site, name)
            case ast.Call(func=ast.Attribute(value) as method) if not self._is_module(value):
                return targets.of_method(site, method, self._likely(value))
            case ast.Attribute(value) if not self._is_module(value):
                return targets.of_property(site, self._likely(value))
            case ast.Subscript(value):
                return targets.of_item(site, self._likely(value) or ())
            case ast.BinOp(left, _, right):
                return targets.of_operator(site, self._hunch(left), self._hunch(right))
        return None

    def _hunch(self, operand: ast.expr) -> list[Class]:
        """Return the classes that an operand may be of."""
        if isinstance(operand, ast.Name) and operand.id in self._known:
            return [*self._known[operand.id]]
        return self._targets.hunches.of(self.origins.of(operand))

    def stored(self, item: ast.Subscript, value: ast.expr) -> Target | None:
        """Return what may stand where an item is bound, if anything; else note why."""
        if not self._targets.has_items or not self.is_inert(item.value):
            return None
        likely = self._likely(item.value) or ()
        return self._allowed(item, lambda: self._targets.of_item(item, likely, value))

    def _is_module(self, receiver: ast.expr) -> bool:
        """Say whether something is no object of a class here, but an import or a class."""
        return (
            isinstance(receiver, ast.Name)
            and (receiver.id in self._targets.classes.by_name or receiver.id in self._facts.imports)
            and self._is_global(receiver)
        )

    def _likely(self, receiver: ast.expr) -> list[Class] | None:
        """Return the classes that an object may be of, None where nothing is known of it."""
        if not isinstance(receiver, ast.Name):
            return None
        if receiver.id in self._known:
            return [*self._known[receiver.id]]
        if self._owner and receiver.id == self._owner[0]:
            return [*self._owner[1].below()]
        binding = self._targets.scopes.find(self.origins.of(receiver))
        if binding is None or binding.variable.home is self._targets.scopes.module:
            return None
        return self._targets.evidence.of(binding.variable) or None

    def _is_in_vain(self, way: Way) -> bool:
        """Say whether a function takes apart what here is an int."""
        return any(
            isinstance(each, ast.Name)
            and each.id in self._whole
            and is_unpacked(parameter, way.callee.body)
            for parameter, each in way.bound
        )

    def _check(self, found: Target) -> None:
        """See that a function may stand here; raises NotPlainError."""
        if not found.ways:
            raise NotPlainError("none of the methods of this name can stand here")
        for way in found.ways:
            if way.callee.node in self._within:
                raise NotPlainError("it would stand in itself")
            if not self._targets.is_seen(way.callee, self._scope):
                raise NotPlainError("what is global for it is not so here")
        is_tiny = found.size <= _TINY
        if len(self._within) > (2 * _DEEPEST if is_tiny else _DEEPEST):
            raise NotPlainError("it would be too deep in others")
        if found.size > self._left + (_RESERVE if is_tiny else 0):
            raise NotPlainError("the function would grow too large")

    def is_sure(self, classes: Collection[Class], name: ast.Name) -> bool:
        """Say whether an object is known to be of one of some classes."""
        known = self._known.get(name.id)
        return known is not None and known <= {*classes}

    @contextmanager
    def inside(
        self, target: Target, way: Way, receiver: ast.Name | None, operand: ast.Name | None
    ) -> Iterator[None]:
        """Be in a function that is put here, whose guard has seen a receiver and an operand."""
        known, self._known = self._known, dict(self._known)
        for name, classes in ((receiver, way.classes), (operand, way.others)):
            if name is not None and not self.is_sure(classes, name):
                self._known[name.id] = frozenset(classes)
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
