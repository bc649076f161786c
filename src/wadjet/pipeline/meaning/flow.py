r"""In which order statements may run: the control-flow graph of a function, class body or module.

A *step* is a statement, or a part of one that runs by itself: the test of a loop, what a
``for`` does before each turn, an item of ``with`` when it is entered and when it is left.
Steps are joined by *ways*. The block of a ``finally`` is there once, and leads on to wherever
somebody was going when it was reached; so there may be more ways through the graph than
through the program, but never fewer.

>>> tree = ast.parse("while a:\n    b()\nelse:\n    c()")
>>> for step in flow(tree).steps:
...     print(step, "->", *(f"{way.value} {each};" for way, each in step.after))
entry -> next test line 1;
exit ->
raised ->
test line 1 -> true statement line 2; false statement line 4; raise raised;
statement line 2 -> next test line 1; raise raised;
statement line 4 -> next exit; raise raised;

What comes from outside (an interrupt, the end of memory) is taken to come where a step may
raise something anyway, or at a turn of a loop.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from wadjet.pipeline.meaning.steps import Sort, Step, Way, own
from wadjet.pipeline.tree import Node


class Flow:
    """The graph of some code; ``root`` is whose."""

    def __init__(self, root: Node, steps: list[Step]) -> None:
        self.root = root
        self.steps = steps
        """In the order of the text, after entry, exit and raised."""
        self.entry, self.exit, self.raised = steps[:3]

    def unlink(self) -> None:
        """Let go of the ways between the steps, which hold each other where there is a loop."""
        for step in self.steps:
            step.after.clear()
            step.before.clear()

    @cached_property
    def order(self) -> tuple[Step, ...]:
        """The steps that can be reached, each before those after it but for loops."""
        seen = {self.entry}
        done: list[Step] = []
        stack = [(self.entry, iter(self.entry.after))]
        while stack:
            _, ways = stack[-1]
            following = next((each for _, each in ways if each not in seen), None)
            if following is None:
                done.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(following.after)))
        return tuple(reversed(done))

    @cached_property
    def reachable(self) -> frozenset[Step]:
        """The steps that can be reached."""
        return frozenset(self.order)

    @cached_property
    def _first(self) -> dict[Node, Step]:
        first: dict[Node, Step] = {}
        for step in self.steps[3:]:
            first.setdefault(step.node, step)
        return first

    def first(self, node: Node) -> Step:
        """Return where a statement, handler, case or item of ``with`` begins; raises KeyError."""
        return self._first[node]

    @cached_property
    def _at(self) -> dict[Node, Step]:
        return {node: step for step in self.steps[3:] for part in step.parts for node in own(part)}

    def at(self, node: Node) -> Step:
        """Return the step that evaluates or binds a node; raises KeyError for other code's."""
        return self._at[node]

    @cached_property
    def dominators(self) -> dict[Step, Step]:
        """For each step that can be reached the last one that always comes before it.

        The entry has none.
        """
        place = {step: number for number, step in enumerate(self.order)}
        found = {self.entry: self.entry}
        changed = True
        while changed:
            changed = False
            for step in self.order[1:]:
                before = [each for _, each in step.before if each in found]
                common = before[0]
                for other in before[1:]:
                    while common is not other:
                        if place[common] > place[other]:
                            common = found[common]
                        else:
                            other = found[other]
                changed = changed or found.get(step) is not common
                found[step] = common
        del found[self.entry]
        return found

    def dominates(self, one: Step, other: Step) -> bool:
        """Say whether ``other`` is reached only after ``one``, or is it."""
        at: Step | None = other
        while at is not None and at is not one:
            at = self.dominators.get(at)
        return at is one


def flow(root: Node) -> Flow:
    """Return the graph of a function, lambda, class body or module; raises TypeError."""
    return _Builder(root).built()


_Loose = list[tuple[Step, Way]]
"""Ways that lead nowhere yet."""
_Abrupt = dict[Way, _Loose]


def _abrupt() -> _Abrupt:
    return {way: [] for way in (Way.RAISE, Way.RETURN, Way.BREAK, Way.CONTINUE)}


def _always(test: ast.expr) -> bool | None:
    """Return what a test always is, None if that is not for sure."""
    return bool(test.value) if isinstance(test, ast.Constant) else None


class _Builder:
    """Builds the graph from the beginning: a method for each sort of statement.

    Each takes the loose ways that lead to the statement and returns those that lead on.
    ``abrupt`` are those that go elsewhere, for whom it concerns.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.steps: list[Step] = []
        self.abrupt = _abrupt()

    def built(self) -> Flow:
        """Return the whole graph."""
        entry, done, raised = (
            self._new(each, self.root, ()) for each in (Sort.ENTRY, Sort.EXIT, Sort.RAISED)
        )
        body = getattr(self.root, "body", None)
        if isinstance(body, list):
            end = self._block(body, [(entry, Way.NEXT)])
        elif isinstance(self.root, ast.Lambda):
            end = self._go(Sort.STATEMENT, self.root.body, [self.root.body], [(entry, Way.NEXT)])
        else:
            raise TypeError(f"a {type(self.root).__name__} has no flow of its own")
        self._join(end + self.abrupt[Way.RETURN], done)
        self._join(self.abrupt[Way.RAISE], raised)
        return Flow(self.root, self.steps)

    def _new(self, sort: Sort, node: Node, parts: Sequence[Node]) -> Step:
        step = Step(len(self.steps), sort, node, parts)
        self.steps.append(step)
        return step

    def _join(self, loose: _Loose, step: Step) -> None:
        for each, way in loose:
            each.after.append((way, step))
            step.before.append((way, each))

    def _step(self, sort: Sort, node: Node, parts: Sequence[Node], loose: _Loose) -> Step:
        """Add a step to which loose ways lead; where it raises, it goes with the others."""
        step = self._new(sort, node, parts)
        self._join(loose, step)
        if self._may_raise(step):
            self.abrupt[Way.RAISE].append((step, Way.RAISE))
        return step

    def _go(self, sort: Sort, node: Node, parts: Sequence[Node], loose: _Loose) -> _Loose:
        return [(self._step(sort, node, parts, loose), Way.NEXT)]

    def _may_raise(self, step: Step) -> bool:
        if step.sort in (Sort.TRY, Sort.FORGET, Sort.DONE):
            return False
        node = step.node
        if isinstance(node, ast.Assign):
            plain = all(isinstance(each, ast.Name) for each in node.targets)
            is_class = isinstance(self.root, ast.ClassDef)
            return is_class or not (plain and isinstance(node.value, ast.Constant))
        if isinstance(node, ast.Return | ast.Expr):
            return node.value is not None and not isinstance(node.value, ast.Constant)
        if isinstance(node, ast.ExceptHandler):
            return node.type is not None
        if isinstance(node, ast.If):
            return not isinstance(node.test, ast.Constant)
        return not isinstance(node, ast.Pass | ast.Break | ast.Continue | ast.Global | ast.Nonlocal)

    def _block(self, block: Sequence[ast.stmt], loose: _Loose) -> _Loose:
        for node in block:
            build = _BUILD.get(type(node), _Builder.plain)
            loose = build(self, node, loose)
        return loose

    def plain(self, node: ast.stmt, loose: _Loose) -> _Loose:
        return self._go(Sort.STATEMENT, node, [node], loose)

    def jump(self, node: ast.stmt, loose: _Loose) -> _Loose:
        step = self._step(Sort.STATEMENT, node, [node], loose)
        way = _JUMPS[type(node)]
        if way is not Way.RAISE:  # which is there already
            self.abrupt[way].append((step, way))
        return []

    def condition(self, node: ast.If, loose: _Loose) -> _Loose:
        ends: _Loose = []
        while True:  # an elif is an if in the else, and there may be thousands
            test = self._step(Sort.TEST, node, [node.test], loose)
            yes, no = self._branches(test, node.test)
            ends += self._block(node.body, yes)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                return ends + self._block(node.orelse, no)
            node, loose = node.orelse[0], no

    def _branches(self, test: Step, value: ast.expr) -> tuple[_Loose, _Loose]:
        always = _always(value)
        yes: _Loose = [] if always is False else [(test, Way.TRUE)]
        no: _Loose = [] if always is True else [(test, Way.FALSE)]
        return yes, no

    def repeat(self, node: ast.While, loose: _Loose) -> _Loose:
        test = self._step(Sort.TEST, node, [node.test], loose)
        return self._loop(node, test, *self._branches(test, node.test))

    def iterate(self, node: ast.For | ast.AsyncFor, loose: _Loose) -> _Loose:
        begin = self._go(Sort.ITERATE, node, [node.iter], loose)
        turn = self._step(Sort.TURN, node, [node.target], begin)
        return self._loop(node, turn, [(turn, Way.TRUE)], [(turn, Way.FALSE)])

    def _loop(
        self, node: ast.For | ast.AsyncFor | ast.While, turn: Step, yes: _Loose, no: _Loose
    ) -> _Loose:
        outer = self.abrupt
        self.abrupt = outer | {Way.BREAK: [], Way.CONTINUE: []}
        end = self._block(node.body, yes)
        self._join(end + self.abrupt[Way.CONTINUE], turn)
        breaks, self.abrupt = self.abrupt[Way.BREAK], outer
        return self._block(node.orelse, no) + breaks

    def manage(self, node: ast.With | ast.AsyncWith, loose: _Loose) -> _Loose:
        return self._items(node, node.items, loose)

    def _items(
        self, node: ast.With | ast.AsyncWith, items: Sequence[ast.withitem], loose: _Loose
    ) -> _Loose:
        if not items:
            return self._block(node.body, loose)
        item = items[0]
        enter = self._step(Sort.ENTER, item, [item.context_expr], loose)
        enter.awaits = isinstance(node, ast.AsyncWith)
        loose = [(enter, Way.NEXT)]
        outer, self.abrupt = self.abrupt, _abrupt()
        if item.optional_vars:
            loose = self._go(Sort.BIND, item, [item.optional_vars], loose)
        end = self._items(node, items[1:], loose)
        end = end + self.abrupt[Way.RAISE]  # __exit__ may have the exception forgotten
        leave, end = self._through(Sort.LEAVE, item, end, outer)
        leave.awaits = enter.awaits
        return end

    def _through(self, sort: Sort, node: Node, end: _Loose, outer: _Abrupt) -> tuple[Step, _Loose]:
        """Lead all ways out of a part through a step, and on to where they go."""
        inner, self.abrupt = self.abrupt, outer
        loose = dict.fromkeys(end + [each for ways in inner.values() for each in ways])
        step = self._step(sort, node, [], [*loose])
        for way, ways in inner.items():
            if ways and (step, way) not in outer[way]:
                outer[way].append((step, way))
        return step, [(step, Way.NEXT)] if end else []

    def attempt(self, node: Any, loose: _Loose) -> _Loose:
        outer = self.abrupt
        whole = self.abrupt = _abrupt() if node.finalbody else outer
        loose = self._go(Sort.TRY, node, [], loose)
        self.abrupt = whole | {Way.RAISE: []}
        end = self._block(node.body, loose)
        raised, self.abrupt = self.abrupt[Way.RAISE], whole
        end = self._block(node.orelse, end)
        for handler in node.handlers:
            ended, raised = self._handler(handler, raised, star=type(node) is not ast.Try)
            end = end + ended
        whole[Way.RAISE] += raised
        return self._finally(node, end, outer) if node.finalbody else end

    def _handler(
        self, handler: ast.ExceptHandler, raised: _Loose, *, star: bool
    ) -> tuple[_Loose, _Loose]:
        """Return the ways from the end of a handler, and to the one after it."""
        parts = [handler.type, handler] if handler.type else [handler]
        step = self._step(Sort.EXCEPT, handler, parts, raised)
        rest: _Loose = [(step, Way.FALSE)] if handler.type else []
        outer = whole = self.abrupt
        if star:  # what a handler of a group raises waits for the handlers after it
            outer = whole | {Way.RAISE: []}
        self.abrupt = _abrupt() if handler.name else outer
        end = self._block(handler.body, [(step, Way.TRUE)])
        if handler.name:
            _, end = self._through(Sort.FORGET, handler, end, outer)
        self.abrupt = whole
        return end, rest + end + outer[Way.RAISE] if star else rest

    def _finally(self, node: Any, end: _Loose, outer: _Abrupt) -> _Loose:
        inner, self.abrupt = self.abrupt, outer
        loose = dict.fromkeys(end + [each for ways in inner.values() for each in ways])
        last = self._block(node.finalbody, [*loose])
        if not last:
            return []
        done = self._step(Sort.DONE, node, [], last)
        for way, ways in inner.items():
            outer[way] += [(done, way)] if ways else []
        return [(done, Way.NEXT)] if end else []

    def choose(self, node: ast.Match, loose: _Loose) -> _Loose:
        loose = self._go(Sort.SUBJECT, node, [node.subject], loose)
        ends: _Loose = []
        for case in node.cases:
            step = self._step(Sort.CASE, case, [case.pattern], loose)
            loose = [] if _is_open(case.pattern) else [(step, Way.FALSE)]
            yes: _Loose = [(step, Way.TRUE)]
            if case.guard:
                guard = self._step(Sort.GUARD, case, [case.guard], yes)
                yes = [(guard, Way.TRUE)]
                loose += [(guard, Way.FALSE)]
            ends += self._block(case.body, yes)
        return ends + loose


def _is_open(pattern: ast.pattern) -> bool:
    """Say whether a pattern matches everything: ``_``, a name, or a choice that ends so."""
    if isinstance(pattern, ast.MatchOr):
        return _is_open(pattern.patterns[-1])
    return isinstance(pattern, ast.MatchAs) and (
        pattern.pattern is None or _is_open(pattern.pattern)
    )


_JUMPS: dict[type[Node], Way] = {
    ast.Return: Way.RETURN,
    ast.Raise: Way.RAISE,
    ast.Break: Way.BREAK,
    ast.Continue: Way.CONTINUE,
}
_BUILD: dict[type[Node], Callable[[_Builder, Any, _Loose], _Loose]] = {
    **dict.fromkeys(_JUMPS, _Builder.jump),
    ast.If: _Builder.condition,
    ast.While: _Builder.repeat,
    ast.For: _Builder.iterate,
    ast.AsyncFor: _Builder.iterate,
    ast.With: _Builder.manage,
    ast.AsyncWith: _Builder.manage,
    ast.Try: _Builder.attempt,
    ast.TryStar: _Builder.attempt,
    ast.Match: _Builder.choose,
}
