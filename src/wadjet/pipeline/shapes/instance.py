"""A tree in which matches are replaced by a template: what a rewritten text must parse to."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from wadjet.pipeline.shapes.matching import Entry, Item, Match, Parameter, parameters
from wadjet.pipeline.shapes.pattern import Pattern, hole_of
from wadjet.pipeline.tree import Node

_IGNORED = frozenset({"ctx", "type_comment", "kind", "type_ignores"})


class Instances:
    """Copies trees; ``applied`` are the matches to replace, by their first nodes."""

    def __init__(self, applied: Mapping[Node, Match], template: Pattern) -> None:
        self._applied = applied
        self._template = template

    def module(self, tree: ast.Module) -> Node:
        """Return a copy of a whole tree."""
        return self._copy(tree)

    def _nodes(self, items: list[object]) -> list[object]:
        """Return a copy of a list, of which several statements may be one match."""
        made: list[object] = []
        skip = 0
        for item in items:
            if skip:
                skip -= 1
                continue
            if not isinstance(item, Node):
                made.append(item)
                continue
            match = self._applied.get(item)
            if match is None:
                made.append(self._copy(item))
            else:
                skip = len(match.nodes) - 1
                made += self._new(match)
        return made

    def _node(self, node: Node) -> Node:
        [made] = self._nodes([node])
        assert isinstance(made, Node)
        return made

    def _copy(self, node: Node) -> Node:
        """Return a copy of a node, whether it is to be replaced or not."""
        made = node.__class__.__new__(node.__class__)
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value = self._nodes(value)
            elif isinstance(value, Node):
                value = self._node(value)
            setattr(made, name, value)
        return made

    def _new(self, match: Match) -> list[Node]:
        root = self._template.root
        if isinstance(root, tuple):
            return [each for node in root for each in self._filled(node, match)]
        found = self._filled(root, match)
        if not isinstance(match.nodes[0], ast.stmt):
            return found
        return [ast.Expr(each) for each in found if isinstance(each, ast.expr)]

    def _filled(self, node: Node, match: Match) -> list[Node]:
        """Return what a node of the template becomes: for a hole, any number of nodes."""
        hole = hole_of(node, self._template.holes)
        if hole is not None:
            return [self._fitted(node, item, match) for item in match.bound[hole.name]]
        if isinstance(node, ast.arguments):
            return [_arguments(self._parameters(node, match))]
        if isinstance(node, ast.Dict):
            return [self._dict(node, match)]
        made = node.__class__.__new__(node.__class__)
        for name in node._fields:
            setattr(made, name, self._field(getattr(node, name, None), match))
        _sort(made)
        return [made]

    def _field(self, value: object, match: Match) -> object:
        if isinstance(value, list):
            return [
                each
                for item in value
                for each in (
                    self._filled(item, match)
                    if isinstance(item, Node)
                    else [self._name(item, match)]
                )
            ]
        if isinstance(value, Node):
            return next(iter(self._filled(value, match)), None)
        return self._name(value, match)

    def _name(self, value: object, match: Match) -> object:
        hole = self._template.holes.get(value) if isinstance(value, str) else None
        return value if hole is None else _text(match.bound[hole.name][0])

    def _fitted(self, place: Node, item: Item, match: Match) -> Node:
        """Return what a hole stands for as a node that may stand in its place."""
        if isinstance(item, str):
            item = ast.Name(item)
        made = self._copy(item) if item in match.nodes else self._node(item)
        if isinstance(place, ast.stmt) and isinstance(made, ast.expr):
            return ast.Expr(made)
        if isinstance(place, ast.withitem) and isinstance(made, ast.expr):
            return ast.withitem(made, None)
        if isinstance(place, ast.alias) and isinstance(made, ast.Name):
            return ast.alias(made.id, None)
        if isinstance(place, ast.Starred) and isinstance(made, ast.expr):
            return made
        if isinstance(made, ast.Expr) and isinstance(place, ast.expr):
            return made.value
        if isinstance(made, Parameter) and isinstance(place, ast.expr):
            return ast.Name(made.arg)
        return made

    def _dict(self, node: ast.Dict, match: Match) -> ast.Dict:
        made = ast.Dict([], [])
        for key, value in zip(node.keys, node.values, strict=True):
            for each in self._filled(value, match):
                entry = each
                if isinstance(entry, Entry):
                    made.keys.append(entry.key)
                    made.values.append(entry.value)
                    continue
                rest = entry.value if isinstance(entry, ast.keyword) else entry
                made.keys.append(None if key is None else self._field(key, match))  # type: ignore[arg-type]
                made.values.append(rest)  # type: ignore[arg-type]
        return made

    def _parameters(self, node: ast.arguments, match: Match) -> list[Parameter]:
        made: list[Parameter] = []
        for each in parameters(node):
            hole = self._template.holes.get(each.arg)
            if hole is not None and each.annotation is None and each.default is None:
                for item in match.bound[hole.name]:
                    if isinstance(item, Parameter):
                        made.append(item)
                    else:
                        made.append(Parameter(each.sort, ast.arg(_text(item)), None))
                continue
            name = str(self._name(each.arg, match))
            annotation, default = (
                self._field(value, match) for value in (each.annotation, each.default)
            )
            arg = ast.arg(name, annotation)  # type: ignore[arg-type]
            made.append(Parameter(each.sort, arg, default))  # type: ignore[arg-type]
        return made


def identical(one: object, other: object) -> bool:
    """Say whether two trees are the same but for places."""
    if isinstance(one, Node):
        return type(one) is type(other) and all(
            name in _IGNORED or identical(getattr(one, name, None), getattr(other, name, None))
            for name in one._fields
        )
    if isinstance(one, list):
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(identical(*pair) for pair in zip(one, other, strict=True))
        )
    return type(one) is type(other) and repr(one) == repr(other)


def _text(item: Item) -> str:
    match item:
        case str():
            return item
        case ast.Name(id=name) | ast.arg(arg=name) | Parameter(arg=name):
            return str(name)
        case ast.alias(name=name, asname=None):
            return name
    return ast.unparse(item)


def _sort(node: Node) -> None:
    """Put what holes for many brought where the compiler keeps it."""
    if isinstance(node, (ast.Call, ast.ClassDef)):
        name = "args" if isinstance(node, ast.Call) else "bases"
        given = getattr(node, name)
        named = [each for each in given if isinstance(each, ast.keyword)]
        setattr(node, name, [each for each in given if not isinstance(each, ast.keyword)])
        node.keywords = [*named, *node.keywords]


def _arguments(parameters: list[Parameter]) -> ast.arguments:
    """Return parameters as the compiler keeps them."""
    made = ast.arguments([], [], None, [], [], None, [])
    for each in parameters:
        arg = ast.arg(each.arg, each.annotation)
        match each.sort:
            case "only" | "arg":
                (made.posonlyargs if each.sort == "only" else made.args).append(arg)
                if each.default is not None:
                    made.defaults.append(each.default)
            case "*":
                made.vararg = arg
            case "**":
                made.kwarg = arg
            case _:
                made.kwonlyargs.append(arg)
                made.kw_defaults.append(each.default)
    return made
