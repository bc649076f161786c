"""Puts functions in the place of the calls in another."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wadjet.compiler.inlining.classes import Class
from wadjet.compiler.inlining.guards import Guards
from wadjet.compiler.inlining.order import Site, Slot, leading, parts, starts
from wadjet.compiler.inlining.place import Place
from wadjet.compiler.inlining.statements import (
    Consume,
    always,
    assigned,
    at,
    binder,
    consumed,
    walrus,
)
from wadjet.compiler.inlining.tails import DROPPED
from wadjet.compiler.inlining.targets import Target, Way
from wadjet.pipeline.tree import children, walk
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
        return self._place.flags.bound(body) if self._place.has_grown else None

    def _block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [made for each in body for made in self._statement(each)]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, _DEFINITIONS):
            return [statement]
        replaced = self._replaced(statement)
        if replaced is not None:
            return replaced
        if isinstance(statement, ast.If) and self._place.is_of_another:
            statement.test = self._expression(statement.test)
            match statement.test:
                case ast.Constant(bool(holds)):
                    return self._block(statement.body if holds else statement.orelse)
        for field, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, field, self._expression(value))
            elif isinstance(value, list):
                made = self._list(value)
                value[:] = [at(ast.Pass(), value[0])] if field == "body" and not made else made
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
                    each.body = self._block(each.body) or [at(ast.Pass(), each.body[0])]
            made.append(each)
        return made

    # A call that a statement comes to first: the function's statements go before it.

    def _replaced(self, statement: ast.stmt) -> list[ast.stmt] | None:
        """Return what a statement becomes where a function's statements stand before it."""
        inert = self._place.is_inert
        slots = starts(statement, inert)
        targets = dict(self._targets(each.node for each in slots))
        if not targets:
            return self._stored(statement)
        found = leading(slots, targets, inert)
        if found and not found[1] and not isinstance(found[0].node, ast.BinOp):
            target = targets[found[0].node]
            if _is_whole(statement, found[0]) or not target.is_plain:
                return self._spread(statement, found[0], target)
        found = leading(slots, _of_statements(targets), inert)
        if found is None:
            return self._stored(statement)
        slot, before = found
        if isinstance(slot.node, ast.BinOp):
            before += [each for each in parts(slot.node) if not inert(each.node)]
        if before:
            return self._block([*map(self._named, before), statement])
        return self._spread(statement, slot, targets[slot.node])

    def _targets(self, parts: Iterable[ast.expr]) -> Iterator[tuple[ast.AST, Target]]:
        """Yield what may stand in the places of sites in some expressions."""
        for part in parts:
            for node in walk(part):
                if isinstance(node, Site):
                    target = self._place.target(node)
                    if target is not None:
                        yield node, target

    def _named(self, slot: Slot) -> ast.stmt:
        """Bind what is evaluated before a call to a local of ours, which takes its place."""
        name = self._place.fresh("before")
        slot.put(self._place.origins.stand_in(name, slot.node))
        return assigned(name, slot.node, slot.node)

    def _stored(self, statement: ast.stmt) -> list[ast.stmt] | None:
        """Return what binds an item, if a method does."""
        match statement:
            case ast.Assign([ast.Subscript() as item], value):
                target = self._place.stored(item, value)
                if target is not None:
                    self._note(item, target)
                    kept = self._place.origins.copy(statement)
                    assert isinstance(target.receiver, ast.Name)
                    return self._chosen(item, target, target.receiver, self._dropped, [kept])
        return None

    def _dropped(self, value: ast.expr) -> list[ast.stmt]:
        return [] if self._place.is_inert(value) else [at(ast.Expr(value), value)]

    def _spread(self, statement: ast.stmt, slot: Slot, target: Target) -> list[ast.stmt]:
        """Return what a statement becomes whose first site is replaced by statements."""
        call = slot.node
        assert isinstance(call, Site)
        self._note(call, target)
        if target.makes:
            self._guards.making()
        value, receiver = self._received(target)
        before = [assigned(receiver.id, each, each) for each in value if receiver]
        after: list[ast.stmt] = []
        if _is_whole(statement, slot):
            consume = self._consumer(statement)
        else:
            result = self._place.fresh("value")
            consume = binder(result)
            slot.put(self._place.origins.local(result, call))
            after = [statement]
        original = consume(self._original(call, receiver))
        made = self._chosen(call, target, receiver, consume, original)
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
        self,
        call: Site,
        target: Target,
        receiver: ast.Name | None,
        consume: Consume,
        made: list[ast.stmt],
    ) -> list[ast.stmt]:
        """Return the ways that a call may go, each behind its guard; else what it was made of."""
        for way in reversed(target.ways):
            test = self._guard(call, way, receiver)
            with self._place.inside(target, way, receiver, _operand(call)):
                body = self._block(self._body(target, way, receiver, consume))
            if test is None:
                made = body
            else:
                made = [at(ast.If(test, body or [at(ast.Pass(), call)], made), call)]
        return made

    def _guard(self, call: Site, way: Way, receiver: ast.expr | None) -> ast.expr | None:
        """Return what must be true for a way, or None where it is for sure."""
        if receiver is None:
            assert isinstance(call, ast.Call)
            assert isinstance(call.func, ast.Name)
            return at(self._guards.function(call.func), call)
        test = self._kind(call, way.classes, receiver)
        operand = _operand(call)
        other = self._kind(call, way.others, operand) if operand is not None else None
        if test is None or other is None:
            return test or other
        return at(ast.BoolOp(ast.And(), [test, other]), call)

    def _kind(self, call: Site, classes: tuple[Class, ...], receiver: ast.expr) -> ast.expr | None:
        """Return what is true if an object is of some classes, or None where it is for sure."""
        steady = False
        if isinstance(receiver, ast.Name):
            if self._place.is_sure(classes, receiver):
                return None
            steady = self._place.is_steady(receiver)
            receiver = self._place.origins.local(receiver.id, call)
        test = at(self._guards.kind(receiver, classes), call)
        if steady and isinstance(receiver, ast.Name):
            return self._place.flags.of(receiver.id, classes, test)
        return test

    def _original(self, call: Site, receiver: ast.Name | None) -> Site:
        """Return the call as it was."""
        made = self._place.origins.copy(call)
        if receiver is not None and not isinstance(made, ast.BinOp):
            read = made.func if isinstance(made, ast.Call) else made
            assert isinstance(read, ast.Attribute | ast.Subscript)
            read.value = self._place.origins.local(receiver.id, read.value)
        return made

    def _body(
        self, target: Target, way: Way, receiver: ast.Name | None, consume: Consume
    ) -> list[ast.stmt]:
        """Return a function's statements with its arguments before them."""
        names, bound = self._arguments(way, receiver)
        made: list[ast.stmt] = [
            assigned(name, argument, argument) for name, argument in bound if name
        ]
        if target.makes:
            new = names[way.bound[-1][0]]
            consume = always(new, consume, self._place.origins)
        body = [self._place.instance(each, names) for each in way.callee.body]
        return made + consumed([each for block in body for each in block], consume)

    def _arguments(
        self, way: Way, receiver: ast.Name | None
    ) -> tuple[dict[str, ast.expr], list[tuple[str, ast.expr]]]:
        """Return what stands for each parameter, and the locals that are to be bound before."""
        names: dict[str, ast.expr] = {}
        bound: list[tuple[str, ast.expr]] = []
        for index, (parameter, argument) in enumerate(way.bound):
            mine = receiver if receiver is not None and index == 0 else argument
            direct = self._place.direct(way.callee, parameter, mine)
            if direct is None and self._place.is_apart(way.callee, parameter, mine):
                direct = self._apart(mine, parameter, bound)
            if direct is None:
                name = self._place.fresh(parameter)
                bound.append((name, self._place.origins.copy(mine)))
                direct = ast.Name(name, ast.Load())
            names[parameter] = direct
        for name in sorted(way.callee.locals - names.keys()):
            names[name] = ast.Name(self._place.fresh(name), ast.Load())
        return names, bound

    def _apart(
        self, items: ast.expr, parameter: str, bound: list[tuple[str, ast.expr]]
    ) -> ast.expr:
        """Return a tuple of locals, which are to be bound before, or of what needs none."""
        assert isinstance(items, ast.Tuple)
        made: list[ast.expr] = []
        for each in items.elts:
            if isinstance(each, ast.Name) and self._place.is_inert(each):
                made.append(each)
                continue
            name = self._place.fresh(parameter)
            bound.append((name, self._place.origins.copy(each)))
            made.append(ast.Name(name, ast.Load()))
        return ast.copy_location(ast.Tuple(made, ast.Load()), items)

    def _consumer(self, statement: ast.stmt) -> Consume:
        """Return what does with a value that which a statement does with it."""

        def consume(value: ast.expr) -> list[ast.stmt]:
            match statement:
                case ast.Expr():
                    return [] if self._place.is_inert(value) else [at(ast.Expr(value), statement)]
                case ast.Assign(targets):
                    copies = [self._place.origins.copy(each) for each in targets]
                    return [at(ast.Assign(copies, value), statement)]
            return [at(ast.Return(value), statement)]

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
                receiver = walrus(named.id, self._expression(value), call)
        made: ast.expr = self._original(call, named)
        for way in reversed(target.ways):
            last = way is target.ways[0]
            test = self._guard(call, way, receiver if last else named)
            names, bound = self._arguments(way, named)
            tests = [test] if test is not None else []
            for name, argument in bound:
                bound_here = walrus(name, self._expression(argument), argument)
                same = ast.Compare(bound_here, [ast.Is()], [ast.Name(name, ast.Load())])
                tests.append(at(same, argument))
            with self._place.inside(target, way, named, None):
                assert way.callee.value is not None
                value = self._expression(self._place.instance(way.callee.value, names)[0])
            if not tests:
                made = value
                continue
            whole = tests[0] if len(tests) == 1 else at(ast.BoolOp(ast.And(), tests), call)
            made = at(ast.IfExp(whole, value, made), call)
        self._note(call, target)
        return made

    def _note(self, call: Site, target: Target) -> None:
        """Note once for each call of the module what was put in its place."""
        origin = self._place.origins.of(call)
        if origin not in self._guards.noted:
            self._guards.noted.add(origin)
            self._facts.did(self._facts.by, origin, f"the body of {target}")


def _operand(call: Site) -> ast.Name | None:
    """Return the right operand of an operator, which has a name by then."""
    if not isinstance(call, ast.BinOp):
        return None
    assert isinstance(call.right, ast.Name)
    return call.right


def _of_statements(targets: Mapping[ast.AST, Target]) -> set[ast.AST]:
    """Return the sites that need statements before them, or in which there is such a site."""
    needed = {site for site, target in targets.items() if not target.is_expression}
    if not needed:
        return needed
    return {each for each in targets if not needed.isdisjoint(walk(each))}


def _is_whole(statement: ast.stmt, slot: Slot) -> bool:
    """Say whether an expression is all that a statement has, which can be anywhere in it."""
    return slot.holder is statement and isinstance(statement, _WHOLE)


def _sites(body: Sequence[ast.stmt]) -> Iterator[Site]:
    """Yield what may be replaced in a body."""
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        if isinstance(node, Site):
            yield node
        if not isinstance(node, (*_CLOSED, *_DEFINITIONS)):
            stack += children(node)
