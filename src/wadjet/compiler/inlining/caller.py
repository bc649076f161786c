"""Puts functions in the place of the calls in another."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from wadjet.compiler.inlining.guards import Guards
from wadjet.compiler.inlining.instance import Origins
from wadjet.compiler.inlining.order import Site, Slot, first
from wadjet.compiler.inlining.place import Place
from wadjet.compiler.inlining.tails import DROPPED
from wadjet.compiler.inlining.targets import Target, Way
from wadjet.pipeline.tree import children
from wadjet.pipeline.unit import Facts

_CLOSED = (
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.JoinedStr,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
)
"""Expressions that are left: they have names of their own, or leave the function."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_WHOLE = (ast.Expr, ast.Assign, ast.Return)

Consume = Callable[[ast.expr], list[ast.stmt]]
_Tree = TypeVar("_Tree", bound=ast.stmt | ast.expr)


class Caller:
    """Rewrites a function, and notes what was done to its calls."""

    def __init__(self, place: Place, guards: Guards, facts: Facts) -> None:
        self._place = place
        self._guards = guards
        self._facts = facts

    def body(self) -> list[ast.stmt] | None:
        """Return the function's body after functions were put in it, None if there were none."""
        if not any(map(self._is_wanted, _sites(self._place.node.body))):
            return None
        body = self._block([self._place.origins.copy(each) for each in self._place.node.body])
        return body if self._place.has_grown else None

    def _block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [made for each in body for made in self._statement(each)]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, _DEFINITIONS):
            return [statement]
        slot = first(statement, self._is_wanted, self._place.is_inert)
        made = self._spread(statement, slot) if slot else None
        if made is not None:
            return made
        for field, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, field, self._expression(value))
            elif isinstance(value, list):
                value[:] = self._list(value)
        return [statement]

    def _is_wanted(self, site: Site) -> bool:
        return self._place.target(site) is not None

    def _list(self, values: list[ast.AST]) -> list[ast.AST]:
        made: list[ast.AST] = []
        for each in values:
            match each:
                case ast.stmt():
                    made += self._statement(each)
                    continue
                case ast.expr():
                    made.append(self._expression(each))
                    continue
                case ast.ExceptHandler() | ast.match_case():
                    each.body = self._block(each.body)
            made.append(each)
        return made

    # A call that a statement comes to first: the function's statements go before it.

    def _spread(self, statement: ast.stmt, slot: Slot) -> list[ast.stmt] | None:
        """Return what a statement becomes, or None where its expression can stay one."""
        call = slot.site
        target = self._place.target(call)
        assert target is not None
        whole = slot.holder is statement and isinstance(statement, _WHOLE)
        if not whole and target.is_plain:
            return None
        self._note(call, target)
        if target.makes:
            self._guards.making()
        value, receiver = self._received(target)
        before = [_assigned(receiver.id, each, each) for each in value if receiver]
        after: list[ast.stmt] = []
        if whole:
            consume = self._consumer(statement)
        else:
            result = self._place.fresh("value")
            consume = _binder(result)
            slot.put(self._place.origins.local(result, call))
            after = [statement]
        made = self._chosen(call, target, receiver, consume)
        return [*self._block(before), *made, *self._block(after)]

    def _received(self, target: Target) -> tuple[list[ast.expr], ast.Name | None]:
        """Return a local for the object that a method belongs to, and what to bind it to, if so."""
        receiver = target.receiver
        if receiver is None:
            return [], None
        if isinstance(receiver, ast.Name) and self._place.is_inert(receiver):
            return [], receiver
        name = self._place.fresh("self")
        return [self._place.origins.copy(receiver)], self._place.origins.local(name, receiver)

    def _chosen(
        self, call: Site, target: Target, receiver: ast.Name | None, consume: Consume
    ) -> list[ast.stmt]:
        """Return the ways that a call may go, each behind its guard; at last the call itself."""
        made = consume(self._original(call, receiver))
        for way in reversed(target.ways):
            test = self._guard(call, way, receiver)
            with self._place.inside(target, way, receiver):
                body = self._block(self._body(target, way, receiver, consume))
            if test is None:
                made = body
            else:
                made = [_at(ast.If(test, body or [_at(ast.Pass(), call)], made), call)]
        return made

    def _guard(self, call: Site, way: Way, receiver: ast.expr | None) -> ast.expr | None:
        """Return what must be true for a way, or None where it is for sure."""
        if receiver is None:
            assert isinstance(call, ast.Call)
            assert isinstance(call.func, ast.Name)
            return _at(self._guards.function(call.func), call)
        if isinstance(receiver, ast.Name):
            if self._place.is_sure(way, receiver):
                return None
            receiver = self._place.origins.local(receiver.id, call)
        return _at(self._guards.kind(receiver, way.classes), call)

    def _original(self, call: Site, receiver: ast.Name | None) -> Site:
        """Return the call as it was."""
        made = self._place.origins.copy(call)
        if receiver is not None:
            read = made.func if isinstance(made, ast.Call) else made
            assert isinstance(read, ast.Attribute)
            read.value = self._place.origins.local(receiver.id, read.value)
        return made

    def _body(
        self, target: Target, way: Way, receiver: ast.Name | None, consume: Consume
    ) -> list[ast.stmt]:
        """Return a function's statements with its arguments before them."""
        names, bound = self._arguments(way, receiver)
        made: list[ast.stmt] = [
            _assigned(name, argument, argument) for name, argument in bound if name
        ]
        if target.makes:
            new = names[way.bound[-1][0]]
            consume = _always(new, consume, self._place.origins)
        body = [self._place.origins.instance(each, names) for each in way.callee.body]
        return made + _consumed(body, consume)

    def _arguments(
        self, way: Way, receiver: ast.Name | None
    ) -> tuple[dict[str, ast.expr], list[tuple[str, ast.expr]]]:
        """Return what stands for each parameter, and the locals that are to be bound before."""
        names: dict[str, ast.expr] = {}
        bound: list[tuple[str, ast.expr]] = []
        for index, (parameter, argument) in enumerate(way.bound):
            mine = receiver if receiver is not None and index == 0 else argument
            direct = self._place.direct(way.callee, parameter, mine)
            if direct is None:
                name = self._place.fresh(parameter)
                bound.append((name, self._place.origins.copy(mine)))
                direct = ast.Name(name, ast.Load())
            names[parameter] = direct
        for name in sorted(way.callee.locals - names.keys()):
            names[name] = ast.Name(self._place.fresh(name), ast.Load())
        return names, bound

    def _consumer(self, statement: ast.stmt) -> Consume:
        """Return what does with a value that which a statement does with it."""

        def consume(value: ast.expr) -> list[ast.stmt]:
            match statement:
                case ast.Expr():
                    return [] if self._place.is_inert(value) else [_at(ast.Expr(value), statement)]
                case ast.Assign(targets):
                    copies = [self._place.origins.copy(each) for each in targets]
                    return [_at(ast.Assign(copies, value), statement)]
            return [_at(ast.Return(value), statement)]

        return consume

    # Anywhere else: the expression that a function returns.

    def _expression(self, node: ast.expr) -> ast.expr:
        if isinstance(node, _CLOSED):
            return node
        if isinstance(node, Site):
            target = self._place.target(node)
            if target is not None and target.is_expression:
                return self._chosen_value(node, target)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self._expression(value))
            elif isinstance(value, list):
                value[:] = [self._part(each) for each in value]
        return self._without_idle(node) if isinstance(node, ast.BoolOp) else node

    def _without_idle(self, node: ast.BoolOp) -> ast.expr:
        """Return what is left without values that nobody wants and that do nothing."""
        node.values = [each for each in node.values if not self._is_idle(each)]
        return node if len(node.values) > 1 else node.values[0]

    def _is_idle(self, node: ast.expr) -> bool:
        match node:
            case ast.Compare(ast.NamedExpr(ast.Name(name), value)) if name == DROPPED:
                return self._place.is_inert(value)
        return False

    def _part(self, node: object) -> object:
        if isinstance(node, ast.keyword):
            node.value = self._expression(node.value)
        return self._expression(node) if isinstance(node, ast.expr) else node

    def _chosen_value(self, call: Site, target: Target) -> ast.expr:
        """Return the values that a call may come to, each behind its guard."""
        binding, named = self._received(target)
        receiver: ast.expr | None = named
        if named is not None:
            for value in binding:
                receiver = _walrus(named.id, self._expression(value), call)
        made: ast.expr = self._original(call, named)
        for way in reversed(target.ways):
            last = way is target.ways[0]
            test = self._guard(call, way, receiver if last else named)
            names, bound = self._arguments(way, named)
            tests = [test] if test is not None else []
            for name, argument in bound:
                walrus = _walrus(name, self._expression(argument), argument)
                same = ast.Compare(walrus, [ast.Is()], [ast.Name(name, ast.Load())])
                tests.append(_at(same, argument))
            with self._place.inside(target, way, named):
                assert way.callee.value is not None
                value = self._expression(self._place.origins.instance(way.callee.value, names))
            if not tests:
                made = value
                continue
            whole = tests[0] if len(tests) == 1 else _at(ast.BoolOp(ast.And(), tests), call)
            made = _at(ast.IfExp(whole, value, made), call)
        self._note(call, target)
        return made

    def _note(self, call: Site, target: Target) -> None:
        """Note once for each call of the module what was put in its place."""
        origin = self._place.origins.of(call)
        if origin not in self._guards.noted:
            self._guards.noted.add(origin)
            self._facts.did(self._facts.by, origin, f"the body of {target}")


def _sites(body: Sequence[ast.stmt]) -> Iterator[Site]:
    """Yield what may be replaced in a body."""
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        if isinstance(node, Site):
            yield node
        if not isinstance(node, (*_CLOSED, *_DEFINITIONS)):
            stack += children(node)


def _consumed(body: list[ast.stmt], consume: Consume) -> list[ast.stmt]:
    """Return a body that does something else with what it would return."""
    made: list[ast.stmt] = []
    for each in body:
        if isinstance(each, ast.Return):
            value = each.value or ast.copy_location(ast.Constant(None), each)
            made += consume(value)
            continue
        if isinstance(each, ast.If):
            each.body = _consumed(each.body, consume) or [_at(ast.Pass(), each)]
            each.orelse = _consumed(each.orelse, consume)
        made.append(each)
    return made


def _always(found: ast.expr, consume: Consume, origins: Origins) -> Consume:
    """Return what consumes a local, whatever is returned."""
    assert isinstance(found, ast.Name)
    return lambda value: consume(origins.local(found.id, value))


def _binder(name: str) -> Consume:
    return lambda value: [_assigned(name, value, value)]


def _assigned(name: str, value: ast.expr, place: ast.expr) -> ast.stmt:
    return _at(ast.Assign([ast.Name(name, ast.Store())], value), place)


def _walrus(name: str, value: ast.expr, place: ast.expr) -> ast.expr:
    return _at(ast.NamedExpr(ast.Name(name, ast.Store()), value), place)


def _at(made: _Tree, place: ast.AST) -> _Tree:
    """Give what is new in a tree the place of another."""
    stack: list[ast.AST] = [made]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr | ast.stmt):
            if hasattr(node, "lineno"):
                continue
            ast.copy_location(node, place)
        stack += ast.iter_child_nodes(node)
    return made
