"""A tree made of another, which stays as it was.

>>> tree = ast.parse("a = 1 + 2 + b")
>>> def add(node):
...     match node:
...         case ast.BinOp(ast.Constant(x), ast.Add(), ast.Constant(y)):
...             return ast.Constant(x + y)
>>> ast.unparse(transform(tree, add)), ast.unparse(tree)
('a = 3 + b', 'a = 1 + 2 + b')

A node that is new has the place of what it stands for, so that tracebacks and coverage name
the right lines; one that comes from elsewhere in the tree keeps its own. What has not
changed is shared by both trees, with all that is known of it by node: treat them as values.
Within a tree no node is in two places; then what is there is copied.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from wadjet.pipeline.tree import PLACED, Node, copied

Change = Callable[[Node], Node | Sequence[ast.stmt] | None]
_Made = Node | list[Node]
_Tree = TypeVar("_Tree", bound=Node)

_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")
_NEEDED = frozenset({"body", "handlers", "cases", "names", "targets", "items"})
"""Lists that may not become empty; a body gets a ``pass``."""


def transform(tree: _Tree, change: Change) -> _Tree:
    """Return a tree after a function has seen each node, in whose place it may put another.

    Nodes come after those within them, otherwise in the order of the text. The function
    returns what stands in the place of its argument, None to leave it; in the place of a
    statement also several, or none. Raises TypeError for what cannot stand there.
    """
    made: dict[Node, _Made] = {}
    for node in _from_within(tree):
        built = _rebuilt(node, made)
        changed = change(built)
        if changed is not None and changed is not built:
            made[node] = _put(changed, node)
        elif built is not node:
            made[node] = built
    root = made.get(tree, tree)
    if not isinstance(root, type(tree)):
        raise TypeError(f"{_named(root)} cannot stand for a whole {type(tree).__name__}")
    return root if _is_tree(root) else copied(root)


def _shallow(node: _Tree) -> _Tree:
    made = type(node).__new__(type(node))
    made.__dict__.update(node.__dict__)
    return made


def _children(node: Node) -> Iterable[Node]:
    """Yield all there is in a node but for marks, which have no parts and no place."""
    for field in node._fields:
        value = getattr(node, field, None)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Node) and (each._fields or isinstance(each, PLACED)):
                yield each


def _from_within(tree: Node) -> list[Node]:
    found: list[Node] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        found.append(node)
        stack += _children(node)
    return found[::-1]


def _rebuilt(node: Node, made: dict[Node, _Made]) -> Node:
    """Return a node with what its parts have become: itself if that is nothing new."""
    built: Node | None = None
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            if not any(isinstance(each, Node) and each in made for each in value):
                continue
            new: object = _spliced(value, made) or _nothing(node, field)
        elif isinstance(value, Node) and value in made:
            new = made[value]
            if isinstance(new, list):
                raise TypeError(f"{_named(new)} cannot stand for one {type(value).__name__}")
        else:
            continue
        built = built or _shallow(node)
        setattr(built, field, new)
    return node if built is None else _no_docstring(built, node)


def _spliced(values: list[object], made: dict[Node, _Made]) -> list[object]:
    found: list[object] = []
    for each in values:
        new = made.get(each, each) if isinstance(each, Node) else each
        found += new if isinstance(new, list) else [new]
    return found


def _nothing(node: Node, field: str) -> list[Node]:
    """Return what is in a list from which all has been taken."""
    if field == "body" and not isinstance(node, ast.Module):
        return [_at(ast.Pass(), getattr(node, field)[0])]
    if field in _NEEDED and not isinstance(node, ast.Module):
        raise TypeError(f"a {type(node).__name__} cannot be without {field}")
    return []


def _no_docstring(built: Node, node: Node) -> Node:
    """Return no text alone as a statement where there was none: it might become a docstring."""
    if isinstance(built, ast.Expr) and isinstance(node, ast.Expr):
        is_text = isinstance(built.value, ast.Constant) and isinstance(built.value.value, str)
        if is_text and not isinstance(node.value, ast.Constant):
            return _at(ast.Pass(), node)
    return built


def _put(changed: Node | Sequence[ast.stmt], old: Node) -> _Made:
    """Give what is new a place; raises TypeError for what can have none here."""
    if isinstance(changed, Node):
        _place(changed, old)
        return changed
    found: list[Node] = []
    for each in changed:
        if not isinstance(each, ast.stmt) or not isinstance(old, ast.stmt):
            raise TypeError(f"{_named(each)} cannot be among what stands for {_named(old)}")
        _place(each, old)
        found.append(each)
    return found


def _place(new: Node, old: Node) -> None:
    where = old if hasattr(old, "lineno") else None
    stack = [new]
    while stack:
        node = stack.pop()
        if "ctx" in node._fields and not hasattr(node, "ctx"):
            node.ctx = ast.Load()  # type: ignore[attr-defined]
        if hasattr(node, "lineno"):
            continue  # it has its place, and what is in it too
        if where is not None and isinstance(node, PLACED):
            _at(node, where)
        stack += _children(node)


def _at(node: _Tree, where: Node) -> _Tree:
    for name in _PLACE:
        setattr(node, name, getattr(where, name, None))
    return node


def _is_tree(root: Node) -> bool:
    found = _from_within(root)
    return len(found) == len(set(found))


def _named(what: object) -> str:
    return type(what).__name__
