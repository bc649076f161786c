"""Which names the code of each scope binds and reads; what they mean is told by ``scopes``.

Scopes are found as the compiler finds them: a default belongs to the code around its
function, the first iterable of a comprehension to the code around that, a name in
``class C`` that starts with ``__`` is ``_C__name``, and annotations are a scope of their own
where the interpreter evaluates them late, or no code at all where it never does.

>>> collected = collect(ast.parse("def f(a, b=c): return [a for d in e]"))
>>> [(scope.kind.value, list(scope.names)) for scope in collected.scopes]
[('module', ['f', 'c']), ('function', ['a', 'b', 'e']), ('comprehension', ['d', 'a'])]
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wadjet.pipeline.meaning.names import (
    BOUND,
    GLOBAL,
    NONLOCAL,
    READ,
    Binding,
    Scope,
    ScopeKind,
    Variable,
)
from wadjet.pipeline.tree import Node, children, outermost, walk
from wadjet.target.behavior import LAZY_ANNOTATIONS

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Collected:
    """The scopes of a module, each after the one around it.

    ``entered`` has the nodes whose scope is not that of their parent, ``opened`` the scopes by
    the node that opens them.
    """

    scopes: list[Scope]
    bindings: dict[Node, Binding] = field(default_factory=dict)
    entered: dict[Node, Scope] = field(default_factory=dict)
    opened: dict[Node, Scope] = field(default_factory=dict)
    stars: list[Node] = field(default_factory=list)
    """The ``from m import *`` of the module."""


def collect(tree: ast.Module) -> Collected:
    """Return the scopes of a module with their names; kinds are not told yet."""
    return _Collector(tree).collected


def _never(name: str, scope: Scope) -> Binding:
    """Return what stands for a name in code that is not there for the interpreter."""
    binding = Binding(name, scope)
    binding.variable = Variable(name, scope)  # which holds it nowhere: they would keep a tree
    return binding


def _is_future(tree: ast.Module) -> bool:
    return any(
        alias.name == "annotations"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    )


class _Collector:
    """Goes through the code of one scope after the other, with no recursion."""

    def __init__(self, tree: ast.Module) -> None:
        module = Scope(ScopeKind.MODULE, tree, None)
        self.collected = Collected([module])
        self.collected.opened[tree] = module
        self._never_annotated = _is_future(tree)
        self._late: dict[Scope, Scope] = {}  # the annotations of a class or module
        self._waiting: list[tuple[Scope, Sequence[Node]]] = [(module, tree.body)]
        for scope, roots in self._waiting:  # which grows meanwhile
            self._read(scope, roots)

    def _read(self, scope: Scope, roots: Sequence[Node]) -> None:
        """Go through nodes of a scope in the order of the text."""
        self.scope = scope
        self.stack = stack = [*reversed(roots)]
        names, bindings = scope.names, self.collected.bindings
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                name = node.id if scope.private is None else scope.mangled(node.id)
                binding = names.get(name) or scope.use(name)
                if node.ctx.__class__ is ast.Load:
                    binding.flags |= READ
                    binding.read_at.append(node)
                else:
                    binding.flags |= BOUND
                    binding.bound_at.append(node)
                bindings[node] = binding
            elif (visit := _VISITS.get(node.__class__)) is not None:
                visit(self, node)
            else:
                below = outermost(node, _TELLING)
                below.reverse()
                stack += below
        if scope.is_function and "super" in names and names["super"].flags & READ:
            scope.use("__class__").flags |= READ

    def open(self, kind: ScopeKind, node: Node, parent: Scope | None = None) -> Scope:
        """Return a new scope within the present one."""
        scope = Scope(kind, node, parent or self.scope)
        self.collected.scopes.append(scope)
        self.collected.opened.setdefault(node, scope)
        return scope

    def later(self, scope: Scope, roots: Iterable[Node | None]) -> None:
        """Have nodes gone through as parts of another scope than their parent's."""
        nodes = [each for each in roots if each is not None]
        for node in nodes:
            self.collected.entered[node] = scope
        self._waiting.append((scope, nodes))

    def now(self, nodes: Iterable[Node | None]) -> None:
        """Have nodes gone through next, as parts of the present scope."""
        self.stack += reversed([each for each in nodes if each is not None])

    def bind(self, name: str, node: Node, scope: Scope | None = None) -> Binding:
        """Note that a node binds a name."""
        scope = scope or self.scope
        binding = scope.use(scope.mangled(name))
        binding.flags |= BOUND
        binding.bound_at.append(node)
        self.collected.bindings[node] = binding
        return binding

    def here(self, nodes: Iterable[Node | None]) -> None:
        """Have nodes gone through next in the present scope, though their parent's is another."""
        for each in (present := [each for each in nodes if each is not None]):
            self.collected.entered[each] = self.scope
        self.now(present)

    def annotations(self, owner: Node, scope: Scope, nodes: Sequence[Node]) -> None:
        """Go through annotations of a function, or of a name in ``scope``."""
        local = scope.is_function and isinstance(owner, ast.AnnAssign)
        if not nodes:
            return
        if self._never_annotated or (local and LAZY_ANNOTATIONS):
            self._never(scope, nodes)
        elif not LAZY_ANNOTATIONS and scope is self.scope:
            self.here(nodes)
        elif not LAZY_ANNOTATIONS:
            self.later(scope, nodes)
        else:
            self.later(self._late_scope(owner, scope), nodes)

    def _late_scope(self, owner: Node, scope: Scope) -> Scope:
        made = self._late.get(scope) if isinstance(owner, ast.AnnAssign) else None
        if made is None:
            made = Scope(ScopeKind.ANNOTATION, owner, scope)
            self.collected.scopes.append(made)
            made.sees = scope if scope.kind is ScopeKind.CLASS else scope.sees
            if isinstance(owner, ast.AnnAssign):
                self._late[scope] = made
        return made

    def _never(self, scope: Scope, nodes: Iterable[Node]) -> None:
        for root in nodes:
            for node in walk(root):
                if isinstance(node, ast.Name):
                    self.collected.bindings[node] = _never(node.id, scope)

    def parameters(self, owner: Node, arguments: ast.arguments) -> list[ast.arg]:
        """Bind parameters in the scope that a function opens; return them."""
        inner = self.collected.opened[owner]
        found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        found += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        self.collected.entered[arguments] = inner
        for each in found:
            self.bind(each.arg, each, inner)
        return found

    def type_parameters(self, node: Node, name: str) -> Scope:
        """Return the scope that type parameters open, or the present one if there are none."""
        parameters: Sequence[Node] = getattr(node, "type_params", ())
        if not parameters:
            return self.scope
        scope = self.open(ScopeKind.TYPE, node)
        if self.scope.kind is ScopeKind.CLASS:
            scope.sees = self.scope
        if isinstance(node, ast.ClassDef):
            scope.private = name
            scope.only_mangled = {each.name for each in parameters}  # type: ignore[attr-defined]
        self.later(scope, parameters)
        return scope


def _function(to: _Collector, node: Function) -> None:
    to.bind(node.name, node)
    around = to.type_parameters(node, node.name)
    to.collected.opened[node] = to.open(ScopeKind.FUNCTION, node, around)
    found = to.parameters(node, node.args)
    annotated = [each.annotation for each in found] + [node.returns]
    to.annotations(node, around, [each for each in annotated if each is not None])
    to.later(to.collected.opened[node], node.body)
    to.here([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])


def _lambda(to: _Collector, node: ast.Lambda) -> None:
    inner = to.open(ScopeKind.LAMBDA, node)
    to.parameters(node, node.args)
    to.later(inner, [node.body])
    to.here([*node.args.defaults, *node.args.kw_defaults])


def _class(to: _Collector, node: ast.ClassDef) -> None:
    to.bind(node.name, node)
    around = to.type_parameters(node, node.name)
    inner = to.collected.opened[node] = to.open(ScopeKind.CLASS, node, around)
    inner.private, inner.only_mangled = node.name, None
    inner.is_open = bool(node.bases or node.keywords)
    given = [*node.bases, *node.keywords]
    if around is to.scope:
        to.now([*node.decorator_list, *given])
    else:
        to.later(around, given)
        to.now(node.decorator_list)
    to.later(inner, node.body)


def _comprehension(
    to: _Collector, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
) -> None:
    inner = to.open(ScopeKind.COMPREHENSION, node)
    first = node.generators[0]
    later: list[Node] = [first.target, *first.ifs, *node.generators[1:]]
    later += [each for each in children(node) if not isinstance(each, ast.comprehension)]
    to.collected.entered[first] = inner
    to.later(inner, later)
    to.here([first.iter])


def _walrus(to: _Collector, node: ast.NamedExpr) -> None:
    """Bind the target around the comprehensions that the expression stands in."""
    name = to.scope.mangled(node.target.id)
    around = to.scope
    while around.kind is ScopeKind.COMPREHENSION and around.parent is not None:
        around = around.parent
    if around is not to.scope:
        is_global = around.kind is ScopeKind.MODULE or (
            name in around.names and around.names[name].flags & GLOBAL
        )
        to.scope.use(name).flags |= GLOBAL if is_global else NONLOCAL
        around.use(name).flags |= BOUND
    to.now([node.target, node.value])


def _annotated(to: _Collector, node: ast.AnnAssign) -> None:
    target = node.target
    if isinstance(target, ast.Name) and node.value is None:
        if node.simple:
            binding = to.scope.use(to.scope.mangled(target.id))
            binding.flags |= BOUND
        else:
            binding = _never(target.id, to.scope)
        to.collected.bindings[target] = binding
    to.annotations(node, to.scope, [node.annotation])
    to.now([None if isinstance(target, ast.Name) and node.value is None else target, node.value])


def _augmented(to: _Collector, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        binding = to.scope.use(to.scope.mangled(node.target.id))
        binding.flags |= READ
        binding.read_at.append(node.target)
    to.now([node.target, node.value])


def _import(to: _Collector, node: ast.Import) -> None:
    for alias in node.names:
        to.bind(alias.asname or alias.name.partition(".")[0], alias)


def _import_from(to: _Collector, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            to.collected.stars.append(node)
        else:
            to.bind(alias.asname or alias.name, alias)


def _global(to: _Collector, node: ast.Global) -> None:
    for name in node.names:
        to.scope.use(to.scope.mangled(name)).flags |= GLOBAL


def _nonlocal(to: _Collector, node: ast.Nonlocal) -> None:
    for name in node.names:
        to.scope.use(to.scope.mangled(name)).flags |= NONLOCAL


def _named(to: _Collector, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> None:
    if node.name is not None:
        to.bind(node.name, node)
    to.now(children(node))


def _mapping(to: _Collector, node: ast.MatchMapping) -> None:
    if node.rest is not None:
        to.bind(node.rest, node)
    to.now(children(node))


def _type_parameter(to: _Collector, node: Node) -> None:
    to.bind(node.name, node)  # type: ignore[attr-defined]
    for part in children(node):  # the bound, the default: each is evaluated by itself, late
        scope = to.open(ScopeKind.TYPE, part)
        scope.sees = to.scope.sees
        to.later(scope, [part])


def _type_alias(to: _Collector, node: Node) -> None:
    name, value = node.name, node.value  # type: ignore[attr-defined]
    around = to.type_parameters(node, name.id)
    scope = to.collected.opened[node] = to.open(ScopeKind.TYPE, node, around)
    scope.sees = to.scope if to.scope.kind is ScopeKind.CLASS else None
    to.later(scope, [value])
    to.now([name])


_Visit = Callable[[_Collector, Any], None]
_VISITS: dict[type[Node], _Visit] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _walrus,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.ExceptHandler: _named,
    ast.MatchAs: _named,
    ast.MatchStar: _named,
    ast.MatchMapping: _mapping,
}
_VISITS |= {
    getattr(ast, name): visit
    for name, visit in (
        ("TypeVar", _type_parameter),
        ("ParamSpec", _type_parameter),
        ("TypeVarTuple", _type_parameter),
        ("TypeAlias", _type_alias),
    )
    if hasattr(ast, name)  # from 3.12 on
}
_TELLING: frozenset[type[Node]] = frozenset({ast.Name, *_VISITS})
"""What there is to know of code: all else is there only to hold it."""
