r"""Which binding of a local name a read may see, and which reads may see a binding.

>>> from wadjet.pipeline.meaning.scopes import resolve
>>> tree = ast.parse("def f(a):\n    if a:\n        b = 1\n    return b")
>>> chains = chain(resolve(tree), tree.body[0])
>>> last = tree.body[0].body[1].value
>>> [node.lineno for node in chains.definitions_of(last)], chains.may_be_unbound(last)
([3], True)

A statement that raises may have bound its names or not. Names that code of another scope
binds as well (``nonlocal``) are not followed, nor are globals.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wadjet.pipeline.meaning.evaluation import Event, events
from wadjet.pipeline.meaning.flow import Flow, flow
from wadjet.pipeline.meaning.names import Binding, Kind, Scope
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.meaning.steps import Sort, Step, Way
from wadjet.pipeline.tree import Node


class Chains:
    """The definitions and uses of a function's locals.

    Nodes are what ``Binding.bound_at`` and ``read_at`` hold. Those of names that are not
    followed raise KeyError, as do those in code that is never reached.
    """

    def __init__(self, found: _Finder) -> None:
        self.flow = found.flow
        self._followed = found.followed
        self._definitions = found.definitions
        self._uses: defaultdict[Node, list[Node]] = defaultdict(list)
        for use, definitions in found.definitions.items():
            for each in definitions.bound:
                self._uses[each].append(use)
        self._reached = found.reached

    def follows(self, name: str) -> bool:
        """Say whether a local, by its mangled name, is followed."""
        return name in self._followed

    def definitions_of(self, use: Node) -> frozenset[Node]:
        """Return the nodes that may have bound what ``use`` reads."""
        return self._definitions[use].bound

    def may_be_unbound(self, use: Node) -> bool:
        """Say whether ``use`` may find its name unbound, and raise UnboundLocalError."""
        return self._definitions[use].unbound

    def uses_of(self, definition: Node) -> tuple[Node, ...]:
        """Return the nodes in this scope that may read what ``definition`` binds."""
        if definition not in self._reached:
            raise KeyError(definition)
        return tuple(self._uses.get(definition, ()))

    def is_read_within(self, definition: Node) -> bool:
        """Say whether scopes within, which are not followed, may read it as well."""
        return self._reached[definition].kind is Kind.CELL


@dataclass(frozen=True, slots=True)
class _Definitions:
    bound: frozenset[Node]
    unbound: bool


def chain(scopes: Scopes, root: Node, graph: Flow | None = None) -> Chains:
    """Return the chains of a function or lambda; of a class body or module they are empty.

    ``graph`` is its flow, where that is known already.
    """
    if graph is None:
        graph = flow(root)
        scopes.forgetting.append(graph.unlink)
    return Chains(_Finder(scopes, root, graph))


def _followed(scope: Scope) -> Iterator[str]:
    """Yield the names that nobody else binds."""
    if not scope.is_function:
        return
    for name, binding in scope.names.items():
        if binding.kind in (Kind.LOCAL, Kind.CELL):
            if all(each is binding or not each.bound_at for each in binding.variable.bindings):
                yield name


class _Effect:
    """What a step does to the set of definitions: a set is a number with a bit for each."""

    __slots__ = ("any", "killed", "made")

    def __init__(self) -> None:
        self.killed = self.made = self.any = 0

    def after(self, before: int, way: Way, sort: Sort) -> int:
        """Return what there is on one of the ways from the step."""
        if way is Way.RAISE or (way is Way.FALSE and sort is Sort.CASE):
            return before | self.any  # perhaps it bound its names, perhaps not
        if way is Way.FALSE and sort in (Sort.TURN, Sort.EXCEPT):
            return before
        return before & ~self.killed | self.made


class _Finder:
    """Finds what reaches what: definitions are numbered, and go along the graph as bits."""

    def __init__(self, scopes: Scopes, root: Node, graph: Flow) -> None:
        self.flow = graph
        self._scopes = scopes
        self._scope = scopes.opened(root)
        self.followed = frozenset(_followed(self._scope))
        self._nodes: list[Node | None] = []  # by bit; None is for what unbinds
        self._bits: dict[Node, int] = {}
        self._unbound: dict[str, int] = {}
        self._of_name: defaultdict[str, int] = defaultdict(int)
        self.reached: dict[Node, Binding] = {}
        self.definitions: dict[Node, _Definitions] = {}
        if self.followed:
            self._find(self._at_entry())

    def _at_entry(self) -> int:
        """Return the definitions there are at first: parameters, and no others."""
        present = 0
        given = {
            name: node
            for name in self.followed
            for node in self._scope.names[name].bound_at
            if isinstance(node, ast.arg)
        }
        for name in sorted(self.followed):
            self._unbound[name] = self._number(None, name)
            present |= self._bit(given[name], name) if name in given else self._unbound[name]
        return present

    def _number(self, node: Node | None, name: str) -> int:
        bit = 1 << len(self._nodes)
        self._nodes.append(node)
        self._of_name[name] |= bit
        return bit

    def _bit(self, node: Node, name: str) -> int:
        if node not in self._bits:
            self._bits[node] = self._number(node, name)
            self.reached[node] = self._scope.names[name]
        return self._bits[node]

    def _events(self, step: Step) -> list[tuple[Event, str]]:
        """Return what a step does with names that are followed."""
        if step.sort is Sort.FORGET and isinstance(step.node, ast.ExceptHandler):
            name = self._scope.mangled(step.node.name or "")
            return [(Event(None, binds=True), name)] if name in self.followed else []
        found = []
        for event in events(step.parts):
            binding = self._scopes.find(event.node) if event.node else None
            if binding and binding.scope is self._scope and binding.name in self.followed:
                found.append((event, binding.name))
        return found

    def _made(self, event: Event, name: str) -> int:
        node = event.node
        if node is None or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)):
            return self._unbound[name]
        return self._bit(node, name)

    def _effect(self, found: Iterable[tuple[Event, str]]) -> _Effect:
        effect = _Effect()
        for event, name in found:
            if event.binds:
                made, old = self._made(event, name), self._of_name[name]
                effect.any |= made
                if not event.perhaps:
                    effect.killed |= old
                    effect.made &= ~old
                effect.made |= made
        return effect

    def _find(self, present: int) -> None:
        order = self.flow.order
        happens = {step: self._events(step) for step in order}
        for found in happens.values():  # all have their numbers before any is killed
            for event, name in found:
                _ = event.binds and self._made(event, name)
        effects = {step: self._effect(happens[step]) for step in order}
        before = self._settle(present, effects)
        for step in order:
            self._read(before[step], happens[step])

    def _settle(self, present: int, effects: dict[Step, _Effect]) -> dict[Step, int]:
        """Return what there is before each step, once going round changes nothing."""
        before = dict.fromkeys(self.flow.order, 0)
        before[self.flow.entry] = present
        changed = True
        while changed:
            changed = False
            for step in self.flow.order:
                for way, following in step.after:
                    more = effects[step].after(before[step], way, step.sort) & ~before[following]
                    before[following] |= more
                    changed = changed or bool(more)
        return before

    def _read(self, present: int, found: Iterable[tuple[Event, str]]) -> None:
        """Note for each read what there is when it happens."""
        for event, name in found:
            if event.reads and event.node:
                self.definitions[event.node] = self._told(present & self._of_name[name])
            if event.binds:
                made = self._made(event, name)
                kept = present if event.perhaps else present & ~self._of_name[name]
                present = kept | made

    def _told(self, bits: int) -> _Definitions:
        nodes = []
        unbound = False
        while bits:
            lowest = bits & -bits
            node = self._nodes[lowest.bit_length() - 1]
            if node is None:
                unbound = True
            else:
                nodes.append(node)
            bits ^= lowest
        return _Definitions(frozenset(nodes), unbound)
