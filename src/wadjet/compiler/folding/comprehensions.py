r"""Generators that are used up where they stand: comprehensions, which need no frame to resume.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... pair = tuple(x + 1 for x in rows)
... line = ', '.join(str(x) for x in rows)
... index = dict((x.name, x) for x in rows)
... ''', comprehensions))
pair = tuple([x + 1 for x in rows])
line = ', '.join([str(x) for x in rows])
index = {x.name: x for x in rows}

What looks at each item before it asks for the next is left, as is what may end early:

>>> print(applied("sum(x for x in rows), any(x for x in rows)", comprehensions))
(sum((x for x in rows)), any((x for x in rows)))
"""

from __future__ import annotations

import ast

from wadjet.pipeline.tree import walk
from wadjet.pipeline.unit import Facts, rewrites

_COLLECT = frozenset({"tuple", "sorted"})
"""What makes a list or tuple of all items before it looks at any; so does ``str.join``."""

_DISPLAYED = frozenset({"list", "set", "dict"})
"""What a comprehension of its own makes: item by item, just as these do."""

_FRAMED = frozenset({"locals", "vars", "dir", "eval", "exec", "super"})
"""What comes out otherwise in the frame of a comprehension."""


@rewrites(ast.Call, name="comprehensions", version="1", assumes="generators")
def comprehensions(node: ast.Call, facts: Facts) -> ast.expr | None:
    """Make comprehensions of generators that are used up at once."""
    if len(node.args) != 1 or not isinstance(node.args[0], ast.GeneratorExp) or node.keywords:
        return None
    called, generator = node.func, node.args[0]
    if isinstance(called, ast.Attribute):
        if called.attr != "join" or not _is_text(called.value):
            return None
    elif not isinstance(called, ast.Name) or called.id not in _COLLECT | _DISPLAYED:
        return None
    if (why := _hindrance(node, generator)) is not None:
        facts.stop(node, why)
        return None
    if isinstance(called, ast.Name):
        if not facts.scopes.is_builtin(called):
            facts.stop(node, f"{called.id} may be something else here")
            return None
        if called.id in _DISPLAYED:
            return _displayed(called.id, generator)
    return ast.Call(called, [_listed(generator)], [])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _listed(generator: ast.GeneratorExp) -> ast.expr:
    made = ast.ListComp(generator.elt, generator.generators)
    return ast.copy_location(made, generator)


def _displayed(name: str, generator: ast.GeneratorExp) -> ast.expr | None:
    """Return the comprehension that makes a list, set or dict."""
    item, clauses = generator.elt, generator.generators
    if name == "list":
        return ast.ListComp(item, clauses)
    if name == "set":
        return ast.SetComp(item, clauses)
    match item:
        case ast.Tuple([key, value]) if not isinstance(value, ast.Starred):
            return None if isinstance(key, ast.Starred) else ast.DictComp(key, value, clauses)
    return None


def _hindrance(node: ast.Call, generator: ast.GeneratorExp) -> str | None:
    """Return why a generator must stay one."""
    if generator.generators[0].iter.lineno != node.lineno:
        return "an error might be told of at another line"
    if isinstance(generator.elt, ast.Starred):
        return "it unpacks its items"
    for each in walk(generator):
        if isinstance(each, ast.Await) or (isinstance(each, ast.comprehension) and each.is_async):
            return "it may wait for something"
        if isinstance(each, ast.Name) and each.id in _FRAMED:
            return f"{each.id} would see another frame"
    return None
