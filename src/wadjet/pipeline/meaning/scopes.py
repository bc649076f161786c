r"""What each name of a module means: local, cell, free, global, or a builtin for sure.

Works on the tree, which a pass may have changed, and agrees with the compiler's own symbol
table. What only running can show stays open: ``from m import *``, ``exec`` and the like are
*doubts*, and where there are any, no name is a builtin for sure.

>>> tree = ast.parse("max = 3; f = lambda xs: len(xs) + max(xs)")
>>> scopes = resolve(tree)
>>> [(each.name, each.kind.value) for each in scopes.module.children[0].names.values()]
[('xs', 'local'), ('len', 'builtin'), ('max', 'shadowed')]

Beyond any text is who binds from outside: another module's ``setattr``, or an attribute that
is set on ``builtins``.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wadjet.pipeline.meaning.collecting import Collected, collect
from wadjet.pipeline.meaning.names import (
    BOUND,
    GLOBAL,
    NONLOCAL,
    READ,
    Binding,
    Kind,
    Scope,
    ScopeKind,
    Variable,
)
from wadjet.pipeline.tree import Node, children

_BOUND_BY_IMPORT = {
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__doc__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
}
BUILTINS = frozenset(
    name
    for name, value in vars(builtins).items()
    if getattr(value, "__module__", None) in ("builtins", None) or name in ("open", "__import__")
).difference(_BOUND_BY_IMPORT)
"""The names that every module finds in builtins; not what ``site`` or a shell has put there."""

_WRITE_GLOBALS = ("exec", "eval", "globals", "__builtins__")
_WRITE_HERE = ("locals", "vars")
_READ_HERE = ("locals", "vars", "dir", "exec", "eval")


@dataclass(frozen=True, slots=True)
class Doubt:
    """What may bind any global of the module: why, and where it stands."""

    why: str
    node: Node


class Scopes:
    """The scopes of a module. A tree that is changed afterwards needs new ones."""

    def __init__(self, collected: Collected) -> None:
        self._collected = collected
        self.all = collected.scopes
        """Each after the one around it."""
        self.globals: dict[str, Variable] = {}
        """By name; builtins that are used are among them."""
        self.doubts: tuple[Doubt, ...] = ()
        self.forgetting: list[Callable[[], None]] = []
        """What is called when these are let go: by whoever builds on them."""

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self.all[0]

    def binding(self, node: Node) -> Binding:
        """Return what a name is; raises KeyError for a node that neither is nor binds one.

        Nodes that bind a name are definitions, parameters, aliases and so on: those that
        ``Binding.bound_at`` may hold.
        """
        return self._collected.bindings[node]

    def find(self, node: Node) -> Binding | None:
        """Return what a name is, None for a node that neither is nor binds one."""
        return self._collected.bindings.get(node)

    def is_builtin(self, node: Node) -> bool:
        """Say whether a name is a builtin, for all that can be read here."""
        binding = self.find(node)
        if binding is None:
            return False
        if binding.kind is Kind.GLOBAL:
            return _of_builtins(binding, self.module) is Kind.BUILTIN
        return binding.kind is Kind.BUILTIN

    def opened(self, node: Node) -> Scope:
        """Return the scope that a definition, lambda or comprehension opens, or the module.

        Raises KeyError for other nodes.
        """
        return self._collected.opened[node]

    def of(self, node: Node) -> Scope:
        """Return the scope that a node's code runs in; that of a function is around it."""
        return self._places[node]

    def forget(self) -> None:
        """Let go of everything, so that the tree is freed at once rather than by the collector.

        Scopes, bindings and variables hold each other, and the nodes where they are bound.
        """
        for each in self.forgetting:
            each()
        self.forgetting.clear()
        for scope in self.all:
            for binding in scope.names.values():
                binding.variable.bindings.clear()
            scope.children.clear()
            scope.names.clear()
            scope.class_cell = None
        self.globals.clear()

    @cached_property
    def _places(self) -> dict[Node, Scope]:
        entered = self._collected.entered
        places: dict[Node, Scope] = {}
        stack = [(self.module.node, self.module)]
        while stack:
            node, scope = stack.pop()
            places[node] = scope = entered.get(node, scope)
            stack += [(child, scope) for child in children(node)]
        return places


def resolve(tree: ast.Module) -> Scopes:
    """Return the scopes of a module, each name with its kind."""
    collected = collect(tree)
    scopes = Scopes(collected)
    resolver = _Resolver(scopes)
    for scope in scopes.all:
        resolver.resolve(scope)
    scopes.doubts = tuple(_doubts(scopes, collected.stars))
    scopes.module.is_open = bool(scopes.doubts)
    for binding in resolver.implicit:
        binding.kind = _of_builtins(binding, scopes.module)
    return scopes


class _Resolver:
    """Tells the kinds of names, from the module inwards."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self.implicit: list[Binding] = []

    def resolve(self, scope: Scope) -> None:
        """Give each name of a scope its kind and its variable."""
        for binding in scope.names.values():
            if binding.flags & GLOBAL:
                self._global(binding, Kind.GLOBAL)
            elif binding.flags & BOUND and not binding.flags & NONLOCAL:
                self._local(binding, scope)
            elif not self._of_class(binding, scope) and not self._free(binding, scope):
                self._global(binding, Kind.IMPLICIT)
                self.implicit.append(binding)

    def _local(self, binding: Binding, scope: Scope) -> None:
        if scope.kind is ScopeKind.MODULE:
            self._global(binding, Kind.LOCAL)
        else:
            _share(binding, Kind.LOCAL, Variable(binding.name, scope))

    def _global(self, binding: Binding, kind: Kind) -> None:
        variable = self._scopes.globals.get(binding.name)
        if variable is None:
            variable = Variable(binding.name, self._scopes.module)
            self._scopes.globals[binding.name] = variable
        _share(binding, kind, variable)

    def _of_class(self, binding: Binding, scope: Scope) -> bool:
        """See whether the name is one of a class whose names are seen here."""
        if scope.sees is None or (found := scope.sees.names.get(binding.name)) is None:
            return False
        if found.kind is Kind.GLOBAL:
            self._global(binding, Kind.GLOBAL)
        elif found.flags & BOUND and not found.flags & NONLOCAL:
            _share(binding, Kind.CLASS, found.variable)
        else:
            return False
        return True

    def _free(self, binding: Binding, scope: Scope) -> bool:
        """See whether a function around has the name; then it passes all scopes between."""
        passed: list[Scope] = []
        around = scope.parent
        while around is not None:
            variable = _cell(around, binding.name)
            if variable is not None:
                _share(binding, Kind.FREE, variable)
                for each in passed:
                    if binding.name not in each.names:
                        _share(each.use(binding.name), Kind.FREE, variable)
                return True
            if around.is_function and _is_global(around, binding.name):
                return False
            passed.append(around)
            around = around.parent
        return False


def _share(binding: Binding, kind: Kind, variable: Variable) -> None:
    binding.kind = kind
    binding.variable = variable
    variable.bindings.append(binding)


def _is_global(scope: Scope, name: str) -> bool:
    found = scope.names.get(name)
    return found is not None and bool(found.flags & GLOBAL)


def _cell(scope: Scope, name: str) -> Variable | None:
    """Return the variable that scopes within ``scope`` see under a name."""
    if scope.kind is ScopeKind.CLASS:
        if name != "__class__":
            return None
        if scope.class_cell is None:
            scope.class_cell = Variable(name, scope)
        return scope.class_cell
    found = scope.names.get(name)
    if not scope.is_function or found is None:
        return None
    if found.kind is Kind.LOCAL:
        found.kind = Kind.CELL
    return found.variable if found.kind in (Kind.CELL, Kind.FREE) else None


def _doubts(scopes: Scopes, stars: Sequence[Node]) -> list[Doubt]:
    """Note what may bind names unseen; mark the scopes whose names are asked for by name."""
    doubts = [Doubt("from ... import *", node) for node in stars]
    for scope in scopes.all:
        named = {
            name: scope.names[name].read_at
            for name in {*_WRITE_GLOBALS, *_WRITE_HERE, *_READ_HERE}
            if name in scope.names and _may_be_builtin(scope.names[name])
        }
        scope.is_watched = any(name in named for name in _READ_HERE)
        for name in _WRITE_GLOBALS:
            doubts += [Doubt(name, node) for node in named.get(name, ())]
        if any(name in named for name in _WRITE_HERE):
            if scope.kind is ScopeKind.MODULE:
                doubts += [Doubt(name, at) for name in _WRITE_HERE for at in named.get(name, ())]
            scope.is_open = scope.is_open or scope.kind is ScopeKind.CLASS
    return doubts


def _may_be_builtin(binding: Binding) -> bool:
    return binding.kind in (Kind.IMPLICIT, Kind.GLOBAL, Kind.CLASS) and bool(binding.flags & READ)


def _of_builtins(binding: Binding, module: Scope) -> Kind:
    """Return what a global is that no scope around binds."""
    if binding.name not in BUILTINS:
        return Kind.IMPLICIT
    if any(each.flags & BOUND for each in binding.variable.bindings):
        return Kind.SHADOWED
    scope = binding.scope
    around = scope if scope.kind is ScopeKind.CLASS else scope.sees
    if module.is_open or (around is not None and around.is_open):
        return Kind.UNCERTAIN
    return Kind.BUILTIN
