"""Where in a tree a pattern matches.

What is written must be there, in the order of its fields, and nothing else: ``if $c: $...b``
is an ``if`` without ``else``. Four things are left open where a pattern does not mention
them: decorators, annotations and type parameters of definitions, whether a name is read or
written, the spelling of constants, and the order of keyword arguments.

>>> from wadjet.pipeline.shapes.pattern import pattern
>>> tree = ast.parse("for i in range(len(rows)): print(rows[i])")
>>> [found] = find(pattern("for $i in range(len($seq)): $...body"), tree)
>>> ast.unparse(found.bound["seq"][0]), len(found.bound["body"])
('rows', 1)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from wadjet.pipeline.shapes.pattern import ANYTHING, Hole, Pattern, hole_of
from wadjet.pipeline.tree import Node, blocks, walk

Item = Node | str
Bound = Mapping[str, tuple[Item, ...]]
"""What each hole stands for; a name that is no node of its own is text."""

_Given = tuple[Sequence[ast.expr], Sequence[ast.keyword]]
"""Arguments, or the bases of a class: by position, by name."""

_IGNORED = frozenset({"ctx", "type_comment", "kind", "simple"})
_OPEN = frozenset({"decorator_list", "annotation", "returns", "type_params"})
"""Fields that match whatever is there where the pattern has nothing."""

_NO_SINGLE = (ast.Starred, ast.keyword)
"""What a hole for one node never stands for: ``f($x)`` is not ``f(*rest)``."""


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a pattern matches: one expression, or statements that follow each other."""

    nodes: tuple[Node, ...]
    bound: Bound


class Parameter(Node):
    """A parameter with all that is said of it, which the compiler keeps in five lists.

    ``sort`` is "only" (by position), "arg", "*", "key" (only by name) or "**".
    """

    _fields = ("sort", "arg", "annotation", "default")

    def __init__(self, sort: str, parameter: ast.arg, default: ast.expr | None) -> None:
        self.sort = sort
        self.arg = parameter.arg
        self.annotation = parameter.annotation
        self.default = default
        _place(self, parameter, default or parameter)


class Entry(Node):
    """A key of a dict display with its value."""

    _fields = ("key", "value")

    def __init__(self, key: ast.expr, value: ast.expr) -> None:
        self.key = key
        self.value = value
        _place(self, key, value)


def _place(node: Node, first: Node, last: Node) -> None:
    """Give a node its place in the text, if the others have one: made-up ones have none."""
    if hasattr(first, "lineno") and hasattr(last, "lineno"):
        node.lineno, node.col_offset = first.lineno, first.col_offset  # type: ignore[attr-defined]
        node.end_lineno = last.end_lineno  # type: ignore[attr-defined]
        node.end_col_offset = last.end_col_offset  # type: ignore[attr-defined]


def find(pattern: Pattern, tree: Node) -> list[Match]:
    """Return the matches in the order of the text; one may lie within another."""
    matcher = _Matcher(pattern.holes)
    if isinstance(pattern.root, tuple):
        found = list(_find_statements(matcher, pattern.root, tree))
    else:
        found = list(_find_expressions(matcher, pattern.root, tree))
    return sorted(found, key=lambda match: _position(match.nodes[0]))


def match_node(pattern: Pattern, node: Node, bound: Bound) -> Bound | None:
    """Return what the holes stand for if one node matches, given what some stand for already."""
    root = pattern.root
    if isinstance(root, tuple):
        if len(root) != 1:
            return None
        root = root[0]  # type: ignore[assignment]
    return _Matcher(pattern.holes).node(root, node, bound)  # type: ignore[arg-type]


def same(one: object, other: object) -> bool:
    """Say whether two parts of trees are the same code.

    >>> same(ast.parse("x  +  'a'"), ast.parse("(x) + 'a'"))
    True
    >>> same(ast.parse("1"), ast.parse("1.0")), same(ast.parse("1"), ast.parse("True"))
    (False, False)
    """
    one, other = _plain(one), _plain(other)
    if isinstance(one, Node):
        return type(one) is type(other) and all(
            name in _IGNORED or same(getattr(one, name, None), getattr(other, name, None))
            for name in one._fields
        )
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple))
            and len(one) == len(other)
            and all(same(*pair) for pair in zip(one, other, strict=True))
        )
    return type(one) is type(other) and repr(one) == repr(other)  # 0.0 is not -0.0, 1 not True


def _plain(item: object) -> object:
    """Return a name as text, whatever it is a name of."""
    match item:
        case ast.Name(id=name) | ast.arg(arg=name, annotation=None):
            return name
        case ast.alias(name=name, asname=None):
            return name
        case Parameter(sort="arg", arg=name, annotation=None, default=None):
            return name
        case ast.Expr(value=inner):
            return _plain(inner)
    return item


def _inner(node: Node) -> Node:
    """Return what an item of ``with`` is, where it has no name."""
    if isinstance(node, ast.withitem) and node.optional_vars is None:
        return node.context_expr
    return node


def _position(node: Node) -> tuple[int, int]:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _find_expressions(matcher: _Matcher, wanted: ast.expr, tree: Node) -> Iterator[Match]:
    kind: type[Node] = type(wanted)
    if matcher.hole(wanted) is not None:
        kind = ast.expr
    for node in walk(tree):
        if isinstance(node, kind):
            bound = matcher.node(wanted, node, {})
            if bound is not None:
                yield Match((node,), bound)


def _find_statements(matcher: _Matcher, wanted: Sequence[ast.stmt], tree: Node) -> Iterator[Match]:
    for block in (block for node in walk(tree) for block in blocks(node)):
        start = 0
        while start < len(block):
            count, bound = matcher.beginning(wanted, block[start:])
            if bound is not None and count:
                yield Match(tuple(block[start : start + count]), bound)
            start += max(count, 1)


class _Matcher:
    """Compares nodes; returns what the holes stand for, or None."""

    __slots__ = ("_holes",)

    def __init__(self, holes: Mapping[str, Hole]) -> None:
        self._holes = holes

    def hole(self, wanted: Node) -> Hole | None:
        """Return the hole that a node of the pattern is."""
        return hole_of(wanted, self._holes)

    def node(self, wanted: Node, node: Node, bound: Bound) -> Bound | None:
        """Match one node."""
        hole = self.hole(wanted)
        if hole is not None:
            return self._fill(hole, (_inner(node),), bound)
        if type(wanted) is not type(node):
            return None
        match wanted, node:
            case ast.Call(), ast.Call():
                found = self.node(wanted.func, node.func, bound)
                return self._given(_given(wanted), _given(node), found)
            case ast.ClassDef(), ast.ClassDef():
                found = self._given(_given(wanted), _given(node), bound)
                return self._fields(wanted, node, found, but=("bases", "keywords"))
            case ast.Dict(), ast.Dict():
                return self.sequence(_entries(wanted), _entries(node), bound)
            case ast.arguments(), ast.arguments():
                return self.sequence(self._wanted(wanted), parameters(node), bound)
        return self._fields(wanted, node, bound)

    def _fields(
        self, wanted: Node, node: Node, bound: Bound | None, but: tuple[str, ...] = ()
    ) -> Bound | None:
        for name in wanted._fields:
            if name not in _IGNORED and name not in but:
                value = getattr(wanted, name, None)
                bound = self._field(name, value, getattr(node, name, None), bound)
                if bound is None:
                    return None
        return bound

    def beginning(self, wanted: Sequence[Node], nodes: Sequence[Node]) -> tuple[int, Bound | None]:
        """Match the first of some statements; also return how many those are.

        A last hole for many takes all that follow.
        """
        holes = [self.hole(each) for each in wanted]
        counts: range | tuple[int] = (len(wanted),)
        if holes[-1] is not None and holes[-1].many:
            counts = (len(nodes),)
        elif any(hole is not None and (hole.many or hole.optional) for hole in holes):
            counts = range(1, len(nodes) + 1)
        for count in counts:
            if count <= len(nodes):
                bound = self.sequence(wanted, nodes[:count], {})
                if bound is not None:
                    return count, bound
        return 0, None

    def sequence(self, wanted: Sequence[Node], nodes: Sequence[Node], bound: Bound) -> Bound | None:
        """Match lists: a hole for many takes as few as it can."""
        if not wanted:
            return None if nodes else bound
        hole = self.hole(wanted[0])
        if hole is None or not (hole.many or hole.optional):
            found = self.node(wanted[0], nodes[0], bound) if nodes else None
            return None if found is None else self.sequence(wanted[1:], nodes[1:], found)
        least = len(nodes) if hole.many and len(wanted) == 1 else 0
        most = len(nodes) if hole.many else min(len(nodes), 1)
        for count in range(least, most + 1):
            found = self._fill(hole, tuple(map(_inner, nodes[:count])), bound)
            if found is not None:
                found = self.sequence(wanted[1:], nodes[count:], found)
            if found is not None:
                return found
        return None

    def _field(self, name: str, wanted: object, value: object, bound: Bound | None) -> Bound | None:
        if bound is None or (name in _OPEN and not wanted):
            return bound
        if isinstance(wanted, list) and isinstance(value, list):
            return self.sequence(_nodes(wanted), _nodes(value), bound)
        if isinstance(wanted, Node):
            if isinstance(value, Node):
                return self.node(wanted, value, bound)
            hole = self.hole(wanted)
            may_miss = value is None and hole is not None and (hole.optional or hole.many)
            return self._fill(hole, (), bound) if hole is not None and may_miss else None
        if isinstance(wanted, str) and wanted in self._holes:
            return (
                self._fill(self._holes[wanted], (value,), bound) if isinstance(value, str) else None
            )
        return bound if same(wanted, value) else None

    def _fill(self, hole: Hole, items: tuple[Item, ...], bound: Bound) -> Bound | None:
        """Let a hole stand for something, unless it stands for something else already."""
        if not hole.many and any(isinstance(item, _NO_SINGLE) for item in items):
            return None
        if hole.kinds and not all(isinstance(each, Node) and hole.takes(each) for each in items):
            return None
        if hole.name == ANYTHING:
            return bound
        if hole.name in bound:
            return bound if same(bound[hole.name], items) else None
        return {**bound, hole.name: items}

    def _given(self, wanted: _Given, given: _Given, found: Bound | None) -> Bound | None:
        """Match arguments: named ones in any order, and those left over by ``$...rest``."""
        left, others = list(given[1]), []
        for keyword in wanted[1]:
            if keyword.arg is None or keyword.arg in self._holes:
                others.append(keyword)
                continue
            there = next((each for each in left if each.arg == keyword.arg), None)
            if there is None or found is None:
                return None
            found = self.node(keyword.value, there.value, found)
            left.remove(there)
        if found is None:
            return None
        there_are = sorted([*given[0], *left], key=_position)  # f(k=1, *rest) is Python, too
        return self.sequence([*wanted[0], *others], there_are, found)

    def _wanted(self, wanted: ast.arguments) -> list[Node]:
        """Return the parameters of a pattern: one that is a hole is any sort of parameter."""
        return [
            ast.arg(each.arg) if each.arg in self._holes and _plain(each) is each.arg else each
            for each in parameters(wanted)
        ]


def _given(node: ast.Call | ast.ClassDef) -> _Given:
    return (node.args if isinstance(node, ast.Call) else node.bases), node.keywords


def _nodes(items: list[object]) -> list[Node]:
    """Return a list of nodes, of which names that are only text become some."""
    return [ast.Name(item) if isinstance(item, str) else item for item in items]  # type: ignore[misc]


def _entries(node: ast.Dict) -> list[Node]:
    """Return the entries of a dict display; ``**rest`` is as in a call."""
    return [
        _rest(value) if key is None else Entry(key, value)
        for key, value in zip(node.keys, node.values, strict=True)
    ]


def _rest(value: ast.expr) -> ast.keyword:
    made = ast.keyword(None, value)
    _place(made, value, value)
    return made


def parameters(node: ast.arguments) -> list[Parameter]:
    """Return the parameters in the order of the text."""
    plain = [*node.posonlyargs, *node.args]
    defaults = chain(repeat(None, len(plain) - len(node.defaults)), node.defaults)
    sorts = chain(repeat("only", len(node.posonlyargs)), repeat("arg"))
    made = [Parameter(*each) for each in zip(sorts, plain, defaults, strict=False)]
    if node.vararg is not None:
        made.append(Parameter("*", node.vararg, None))
    made += map(Parameter, repeat("key"), node.kwonlyargs, node.kw_defaults)
    if node.kwarg is not None:
        made.append(Parameter("**", node.kwarg, None))
    return made
