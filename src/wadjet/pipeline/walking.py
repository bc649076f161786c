"""Ways through a tree of the compiler's, in plain Python.

It says what the functions of the C core mean, and stands in for them where that is not
built: half of what passes cost is to go from node to node.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from typing import Any, TypeVar

Node = ast.AST
Slot = tuple[Node, object, str, int]
"""A node, and where it sits: who holds it, in which field, and at which index of that or -1."""

_Tree = TypeVar("_Tree", bound=Node)

MARKS = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
"""Contexts and operators, which all nodes of a tree share."""

PLACED = (
    ast.expr,
    ast.stmt,
    ast.pattern,
    ast.excepthandler,
    ast.arg,
    ast.keyword,
    ast.alias,
    getattr(ast, "type_param", ast.arg),
)
"""What has a place in the text."""

_CODE = frozenset(
    made
    for made in vars(ast).values()
    if isinstance(made, type) and issubclass(made, Node) and not issubclass(made, MARKS)
)
_FIRST_LINE = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}

F_STRINGS: tuple[type[ast.JoinedStr], ...] = (
    ast.JoinedStr,
    getattr(ast, "TemplateStr", ast.JoinedStr),
)
"""Strings with code in them; t-strings are some."""

FIELDS: tuple[type[ast.FormattedValue], ...] = (
    ast.FormattedValue,
    getattr(ast, "Interpolation", ast.FormattedValue),
)
"""What such strings have in braces."""


def children(node: Node) -> list[Node]:
    """Return a node's children in the order of its fields, but for marks.

    Of an f-string they are what it has in braces: its text is no expression of its own.
    """
    found: list[Node] = []
    if isinstance(node, F_STRINGS):
        return [each for each in node.values if not isinstance(each, ast.Constant)]
    if isinstance(node, FIELDS):
        spec = node.format_spec
        return [node.value, *(children(spec) if spec is not None else ())]
    for value in node.__dict__.values():
        kind = value.__class__
        if kind is list:
            found += [each for each in value if each.__class__ in _CODE]
        elif kind in _CODE:
            found.append(value)
    return found


def walk(tree: Node) -> Iterator[Node]:
    """Yield a node and all below it, each before its children, in the order of the fields.

    Contexts and operators are left out: they are marks, which the compiler shares among all
    nodes of a tree. The children of a node are looked up when the next is asked for.
    """
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        below = children(node)
        below.reverse()
        stack += below


def select(tree: Node, kinds: Container[type[Node]]) -> list[Node]:
    """Return the nodes of some classes, exactly those, in the order of ``walk``."""
    return [node for node in walk(tree) if node.__class__ in kinds]


def outermost(tree: Node, kinds: Container[type[Node]]) -> list[Node]:
    """Return the nodes of some classes that are within no other such, in the order of ``walk``."""
    found: list[Node] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if node.__class__ in kinds:
            found.append(node)
        else:
            stack += reversed(children(node))
    return found


def slots(
    tree: Node,
    wanted: Mapping[type[Node], object],
    fields: Mapping[type[Node], tuple[str, ...]],
    inner: frozenset[type[Node]],
) -> list[Slot]:
    """Return the nodes below one that are of wanted classes, each before those below it.

    Looks at no more than some fields of each class, and goes on below nodes of ``inner``.
    """
    found: list[Slot] = []
    stack = [tree]
    while stack:
        holder = stack.pop()
        for field in fields[holder.__class__]:
            value: Any = getattr(holder, field, None)
            kind = value.__class__
            if kind is list:
                for index, node in enumerate(value):
                    kind = node.__class__
                    if kind in wanted:
                        found.append((node, holder, field, index))
                    if kind in inner:
                        stack.append(node)
            else:
                if kind in wanted:
                    found.append((value, holder, field, -1))
                if kind in inner:
                    stack.append(value)
    return found


def copied(tree: _Tree, origins: dict[Node, Any] | None = None) -> _Tree:
    """Return a copy that shares only marks, and has no other node in two places.

    ``origins`` then has for each node of the copy what it had for the node that it was made
    of, or that node.
    """
    copies: list[Node] = []

    def shallow(node: Node) -> Node:
        made = type(node).__new__(type(node))
        made.__dict__.update(node.__dict__)
        copies.append(made)
        if origins is not None:
            origins[made] = origins.get(node, node)
        return made

    def within(value: object) -> object:
        if isinstance(value, Node):
            return value if isinstance(value, MARKS) else shallow(value)
        return [within(each) for each in value] if isinstance(value, list) else value

    root = shallow(tree)
    for node in copies:  # which grows meanwhile
        for field in node._fields:
            if hasattr(node, field):
                setattr(node, field, within(getattr(node, field)))
    return root  # type: ignore[return-value]


def fill_places(tree: Node, around: Node | None = None) -> None:
    """Give each node that has no place that of what is around it.

    At the top that is a node's with a place, or the first line where there is none.
    """
    stack = [(tree, around)]
    while stack:
        node, here = stack.pop()
        if isinstance(node, PLACED):
            if "lineno" not in node.__dict__:
                for name, first in _FIRST_LINE.items():
                    setattr(node, name, first if here is None else getattr(here, name))
            here = node
        for value in node.__dict__.values():
            below = value if isinstance(value, list) else (value,)
            stack += [(each, here) for each in below if _is_code(each)]


def _is_code(value: object) -> bool:
    return isinstance(value, Node) and not isinstance(value, MARKS)
