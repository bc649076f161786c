"""In which order an expression or statement reads and binds names.

That is the order of the text but for a few: of ``a if b else c`` the condition comes first, a
value before what it is assigned to. What runs only perhaps, as the right of ``and`` does, is
marked.

>>> [(each.node.id, each.perhaps) for each in events([ast.parse("x = a if b else c").body[0]])]
[('b', False), ('a', True), ('c', True), ('x', False)]
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wadjet.pipeline.meaning.steps import evaluated_by_definition
from wadjet.pipeline.tree import Node, children

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Event:
    """A node reads or binds its name, or both; no node stands for an unbinding unseen."""

    node: Node | None
    reads: bool = False
    binds: bool = False
    perhaps: bool = False
    """Whether it may not happen though the whole is evaluated."""


def events(parts: Iterable[Node]) -> Iterator[Event]:
    """Yield what happens to names in this scope; other scopes' code is left out."""
    stack: list[tuple[Node | Event, bool]] = []
    stack += [(part, False) for part in parts][::-1]
    while stack:
        node, perhaps = stack.pop()
        event = node if isinstance(node, Event) else _event(node)
        if event is not None:
            yield replace(event, perhaps=True) if perhaps else event
        if not isinstance(node, Event):
            stack += [(each, perhaps or maybe) for each, maybe in _within(node)][::-1]


def _event(node: Node) -> Event | None:
    if isinstance(node, ast.Name):
        reads = isinstance(node.ctx, ast.Load)
        return Event(node, reads=reads, binds=not reads)
    if isinstance(node, ast.alias | ast.ExceptHandler):
        return Event(node, binds=True)
    return None


def _within(node: Node) -> Sequence[tuple[Node | Event, bool]]:
    """Return what a node evaluates, in order, each with whether it only may be."""
    if isinstance(node, ast.IfExp):
        return [(node.test, False), (node.body, True), (node.orelse, True)]
    if isinstance(node, ast.BoolOp):
        return [(each, place > 0) for place, each in enumerate(node.values)]
    if isinstance(node, ast.Compare):
        return [(node.left, False)] + [
            (each, place > 0) for place, each in enumerate(node.comparators)
        ]
    if isinstance(node, _COMPREHENSIONS):
        return [(node.generators[0].iter, False)]
    if isinstance(node, ast.Assert):
        return [(node.test, True)] + ([(node.msg, True)] if node.msg else [])
    return [(each, False) for each in _in_order(node)]


def _in_order(node: Node) -> Sequence[Node | Event]:
    """Return what a node evaluates where all of it is."""
    if isinstance(node, ast.Assign):
        return [node.value, *node.targets]
    if isinstance(node, ast.AugAssign):
        return _augmented(node)
    if isinstance(node, ast.AnnAssign):
        value = [node.value] if node.value else []
        bare = node.value is None and isinstance(node.target, ast.Name)
        return value + ([] if bare else [node.target]) + [node.annotation]
    if isinstance(node, ast.NamedExpr):
        return [node.value, node.target]
    if isinstance(node, ast.Lambda):
        return evaluated_by_definition(node)
    if isinstance(node, _DEFINITIONS):
        return [*evaluated_by_definition(node), Event(node, binds=True)]
    if isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping):
        named = node.rest if isinstance(node, ast.MatchMapping) else node.name
        return [*children(node), *([Event(node, binds=True)] if named else [])]
    if isinstance(node, ast.ExceptHandler | ast.alias):
        return []
    if type(node).__name__ == "TypeAlias":
        return [node.name]  # type: ignore[attr-defined]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [each for pair in pairs for each in pair if each is not None]
    return children(node)


def _augmented(node: ast.AugAssign) -> list[Node | Event]:
    """Return what ``+=`` evaluates: it reads its target first, and binds it last."""
    target = node.target
    if isinstance(target, ast.Name):
        return [Event(target, reads=True), node.value, target]
    return [target, node.value]
