"""``any``, ``all`` and ``sum`` of a generator, as the loop that they come to.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def known(rows, word):
...     if any(word in row for row in rows):
...         return sum(1 for row in rows if row)
... ''', searches))
def known(rows, word):
    if True:
        _wadjet_0found = False
        for _wadjet_0row in rows:
            if word in _wadjet_0row:
                _wadjet_0found = True
                break
        if _wadjet_0found:
            if True:
                _wadjet_0found = 0
                for _wadjet_0row in rows:
                    if _wadjet_0row:
                        _wadjet_0found += 1
                return _wadjet_0found

The compiler leaves out ``if True``. Of sums only those are a loop in which nothing but ints are
added: with floats, Python is more exact since 3.12.
"""

from __future__ import annotations

import ast
import copy

from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.tree import copied, walk
from wadjet.pipeline.unit import Facts, rewrites

_FOUND = f"{PREFIX}0found"

_FRAMED = frozenset({"locals", "vars", "dir", "eval", "exec", "super", "__class__"})
"""What comes out otherwise in another frame."""

_LEFT = (
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.NamedExpr,
    ast.Await,
    ast.Yield,
    ast.YieldFrom,
)
"""What has names of its own, binds names around it, or waits."""


@rewrites(ast.Assign, ast.Return, ast.If, name="searches", version="1", assumes="generators")
def searches(node: ast.Assign | ast.Return | ast.If, facts: Facts) -> ast.stmt | None:
    """Make loops of any, all and sum."""
    place = node.test if isinstance(node, ast.If) else node.value
    call = place.operand if isinstance(place, ast.UnaryOp) else place
    match call:
        case ast.Call(ast.Name("any" | "all" | "sum") as called, [ast.GeneratorExp() as each], []):
            pass
        case _:
            return None
    if place is not call and not (isinstance(place, ast.UnaryOp) and isinstance(place.op, ast.Not)):
        return None
    why = _hindrance(call, each, facts)
    if why is not None or (called.id == "sum" and not _is_int(each.elt)):
        facts.stop(call, why or "what it adds may be no ints")
        return None
    found: ast.expr = ast.copy_location(ast.Name(_FOUND, ast.Load()), call)
    if isinstance(place, ast.UnaryOp):
        found = ast.copy_location(ast.UnaryOp(place.op, found), place)
    last = copy.copy(node)  # what was there is to be told of as it was
    if isinstance(last, ast.If):
        last.test = found
    else:
        last.value = found
    return ast.If(ast.Constant(True), [*_loop(called.id, copied(each)), last], [])


def _hindrance(call: ast.Call, generator: ast.GeneratorExp, facts: Facts) -> str | None:
    """Return why a generator must stay one."""
    clause, *others = generator.generators
    if others or clause.is_async:
        return "it has two loops, or waits"
    if clause.iter.lineno != call.lineno:
        return "an error might be told of at another line"
    for each in walk(generator):
        if each is not generator and isinstance(each, _LEFT):
            return f"it has a {type(each).__name__}"
        if isinstance(each, ast.Name) and each.id in _FRAMED:
            return f"{each.id} would see another frame"
    if not all(isinstance(each, ast.Name | ast.Tuple) for each in walk(clause.target)):
        return "it binds more than names"
    assert isinstance(call.func, ast.Name)
    if not facts.scopes.is_builtin(call.func):
        return f"{call.func.id} may be something else here"
    scope = facts.scopes.of(call.func)
    if not scope.is_function or scope.is_watched:
        return "its names could be seen"
    return None


def _is_int(node: ast.expr) -> bool:
    """Say whether an expression is always an int; so is a bool, when it is added."""
    match node:
        case ast.Constant(value):
            return isinstance(value, int)
        case ast.IfExp(_, one, other):
            return _is_int(one) and _is_int(other)
        case ast.Compare(_, [ast.In() | ast.NotIn() | ast.Is() | ast.IsNot()], _):
            return True
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _loop(name: str, generator: ast.GeneratorExp) -> list[ast.stmt]:
    """Return the loop that a call comes to, with its result in a local."""
    clause = generator.generators[0]
    item = generator.elt
    if name == "sum":
        adding = ast.AugAssign(ast.Name(_FOUND, ast.Store()), ast.Add(), item)
        body: list[ast.stmt] = [ast.copy_location(adding, item)]
    else:
        test = item if name == "any" else ast.copy_location(ast.UnaryOp(ast.Not(), item), item)
        ended = [_bound(name == "any", item), ast.copy_location(ast.Break(), item)]
        body = [ast.copy_location(ast.If(test, ended, []), item)]
    for test in reversed(clause.ifs):
        body = [ast.copy_location(ast.If(test, body, []), test)]
    loop = ast.copy_location(ast.For(clause.target, clause.iter, body, []), clause.iter)
    _rename([clause.target, *body], {e.id for e in walk(clause.target) if isinstance(e, ast.Name)})
    return [_bound(0 if name == "sum" else name == "all", clause.iter), loop]


def _bound(value: int, place: ast.expr) -> ast.stmt:
    made = ast.Assign([ast.Name(_FOUND, ast.Store())], ast.Constant(value))
    return ast.copy_location(made, place)


def _rename(nodes: list[ast.AST], names: set[str]) -> None:
    """Give the names of a generator others: around it they may mean something else."""
    for node in nodes:
        for each in walk(node):
            if isinstance(each, ast.Name) and each.id in names:
                each.id = f"{PREFIX}0{each.id}"
