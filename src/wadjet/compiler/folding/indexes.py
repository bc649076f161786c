r"""Loops over all indexes of a sequence, for its items alone: over the items.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def f(text):
...     words = text.split() + []
...     rows = [word for word in words]
...     for i in range(len(rows)):
...         print(rows[i])
... ''', indexes))
def f(text):
    words = text.split() + []
    rows = [word for word in words]
    for i in rows:
        print(i)

A list must be the function's own: where anything else has it, as ``keep`` has here, it may
change while the loop runs, and ``range`` does not see that.

>>> print(applied('''
... def f(keep):
...     rows = [1, 2]
...     keep(rows)
...     for i in range(len(rows)):
...         print(rows[i])
... ''', indexes))
def f(keep):
    rows = [1, 2]
    keep(rows)
    for i in range(len(rows)):
        print(rows[i])
"""

from __future__ import annotations

import ast

from wadjet.compiler.folding.known_types import exact_type
from wadjet.pipeline.meaning.chains import Chains
from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.meaning.single import Function
from wadjet.pipeline.tree import Node, children, walk
from wadjet.pipeline.unit import Facts, rewrites

_METHODS = frozenset(
    ["append", "clear", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"]
)
"""What a list is told to do, without its being handed to anybody."""
_FRESH = (ast.List, ast.ListComp, ast.BinOp, ast.Call, ast.Subscript)
"""What makes a list that nobody else has, where it makes a list."""


@rewrites(ast.For, name="indexes", version="1", assumes="types")
def indexes(node: ast.For, facts: Facts) -> ast.stmt | None:
    """Go through the items of a sequence, rather than through its indexes."""
    match node:
        case ast.For(
            ast.Name() as index,
            ast.Call(
                ast.Name("range") as called,
                [ast.Call(ast.Name("len") as sized, [ast.Name() as name], [])],
                [],
            ),
        ):
            if name.lineno != node.lineno:
                return None  # a tracer sees both lines
            why = _hindrance(node, index, name, facts)
            if why is None and not all(map(facts.scopes.is_builtin, (called, sized))):
                why = "range or len may be something else here"
            if why is None:
                return _over_items(node, index, name)
            facts.stop(node, why)
    return None


def _over_items(node: ast.For, index: ast.Name, name: ast.Name) -> ast.For:
    """Return the loop with the items in the place of what asks for them."""
    for statement in node.body:
        for each in walk(statement):
            for field, value in ast.iter_fields(each):
                if isinstance(value, list):
                    value[:] = [_item(part, index, name) for part in value]
                elif isinstance(value, Node):
                    setattr(each, field, _item(value, index, name))
    made = ast.For(index, name, node.body, node.orelse, node.type_comment)
    return ast.copy_location(made, node)


def _item(node: object, index: ast.Name, name: ast.Name) -> object:
    """Return what stands in the place of a node: the loop's name, where that was its index."""
    match node:
        case ast.Subscript(ast.Name(value), ast.Name(key), ast.Load()):
            if value == name.id and key == index.id:
                return ast.copy_location(ast.Name(index.id, ast.Load()), node)
    return node


def _hindrance(node: ast.For, index: ast.Name, name: ast.Name, facts: Facts) -> str | None:
    """Return why a loop must stay one over indexes."""
    kind = exact_type(name, facts)
    if kind not in (list, tuple, str, bytes):
        return f"{name.id} may be something else than a list, tuple, str or bytes"
    found = facts.scopes.find(name)
    assert found is not None
    function = found.scope.node
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    scopes, chains = facts.locals_of(function)
    sequence, position = scopes.find(name), scopes.find(index)
    if sequence is None or position is None or position.kind is not Kind.LOCAL:
        return f"{index.id} is no local of its own"
    within = {each for statement in node.body for each in walk(statement)}
    items = [each for each in within if _item(each, index, name) is not each]
    keys = {each.slice for each in items if isinstance(each, ast.Subscript)}
    if not _are_all_uses(index, keys, chains):
        return f"{index.id} is used for something else than the items of {name.id}"
    if not within.isdisjoint(sequence.variable.bound_at):
        return f"the loop binds {name.id}"
    if kind is list and not (
        sequence.kind is Kind.LOCAL and _is_own(name, within, keys, function, chains)
    ):
        return f"something else may change {name.id} while the loop runs"
    return None


def _are_all_uses(index: ast.Name, keys: set[ast.expr], chains: Chains) -> bool:
    """Whether what a loop binds is read by some nodes only, which read nothing else."""
    try:
        if not keys or set(chains.uses_of(index)) != keys:
            return False
        return all(chains.definitions_of(each) == {index} for each in keys)
    except KeyError:  # the loop is never reached, or a pass has made it since
        return False


def _is_own(
    name: ast.Name, within: set[Node], keys: set[ast.expr], function: Function, chains: Chains
) -> bool:
    """Whether a list is in nobody else's hands, and a loop does nothing but read its items."""
    parents = {child: each for each in walk(function) for child in children(each)}
    found = set(chains.definitions_of(name))
    waiting = [*found]
    while waiting:
        target = waiting.pop()
        statement = parents.get(target)
        if statement is None or not _is_bound_to_its_own(statement):
            return False
        if isinstance(statement, ast.AugAssign):  # it is the list that was there before
            before = chains.definitions_of(target) - found
            found |= before
            waiting += before
    reads = {use for target in found for use in chains.uses_of(target)}
    return all(_is_harmless(each, parents, within, keys) for each in reads)


def _is_bound_to_its_own(statement: Node) -> bool:
    match statement:
        case ast.Assign([ast.Name()], value) | ast.AnnAssign(ast.Name(), _, ast.expr() as value):
            return isinstance(value, _FRESH)
        case ast.AugAssign(ast.Name(), ast.Add()):
            return True  # a list extends itself
    return False


def _is_harmless(
    read: Node, parents: dict[Node, Node], within: set[Node], keys: set[ast.expr]
) -> bool:
    """Whether a list that is read is handed to nobody, or as the function ends."""
    holder = parents.get(read)
    if read in within:
        return isinstance(holder, ast.Subscript) and holder.slice in keys
    match holder:
        case ast.Subscript(value):
            return value is read
        case ast.Attribute(attr=method):
            call = parents[holder]
            return method in _METHODS and isinstance(call, ast.Call) and call.func is holder
        case ast.AugAssign(target):
            return target is read
        case ast.Call(ast.Name("len"), [_], []) | ast.For() | ast.Return():
            return True
    return False
