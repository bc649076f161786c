r"""Globals that functions bind: in the module's dict still, but by a place that is remembered.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... seed = 42
... def number():
...     global seed
...     seed = seed * 1103515245 % 2147483648
...     return seed
... ''', slots))
class _wadjet_0slots:
    pass
_wadjet_0slots = _wadjet_0slots()
_wadjet_0slots.__dict__ = (lambda: None).__globals__
seed = 42
<BLANKLINE>
def number():
    global seed
    _wadjet_0slots.seed = seed * 1103515245 % 2147483648
    return seed

The interpreter looks a global up each time it is bound, where for an attribute of an object it
remembers the place. Here is an object whose attributes are the module's globals: there is
one dict, so whoever reads or binds the name in any other way sees what he always saw.

What ``+=`` binds is bound so if the module gives the name nothing but numbers: with objects
that change in place, it would not be the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.tree import Node, blocks, walk
from wadjet.pipeline.unit import Facts, rewrites, spelt

_SLOTS = f"{PREFIX}0slots"
_HEAD = f"""
class {_SLOTS}: pass
{_SLOTS} = {_SLOTS}()
{_SLOTS}.__dict__ = (lambda: None).__globals__
"""
_PLAIN = frozenset({ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Pass})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Place = tuple[list[ast.stmt], int, ast.Assign]  # a block, an index, what is to stand there


@rewrites(ast.Module, name="slots", version="1", assumes="names")
def slots(node: ast.Module, facts: Facts) -> None:
    """Bind globals in functions by a place that is remembered, where that is often."""
    found: list[_Place] = []
    for function in _functions(node.body):
        names = {*_declared(function)}
        if names:
            found += _assignments(function.body, names, facts, often=False)
    for body, index, made in found:
        facts.did(facts.by, body[index], spelt(made))
        body[index] = made
    if found:
        facts.first += ast.parse(_HEAD).body


def _functions(body: Sequence[ast.stmt]) -> Iterator[_Function]:
    """Yield the functions of a module, in no order; those in others as well."""
    stack = [*body]
    while stack:
        statement = stack.pop()
        if statement.__class__ in _PLAIN:
            continue
        if isinstance(statement, _Function):
            yield statement
        stack += [inner for block in _blocks(statement) for inner in block]


def _blocks(statement: Node) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a statement, and of the handlers and cases in it."""
    yield from blocks(statement)
    for inner in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from blocks(inner)


def _declared(function: _Function) -> Iterator[str]:
    """Yield the names that a function declares first of all, but for Python's own."""
    for statement in function.body:
        if isinstance(statement, ast.Global):
            yield from (name for name in statement.names if not name.startswith("__"))


def _assignments(
    body: list[ast.stmt], names: set[str], facts: Facts, *, often: bool
) -> Iterator[_Place]:
    """Yield the assignments of a block that run often, and what they become."""
    for index, statement in enumerate(body):
        if isinstance(statement, _Function | ast.ClassDef):
            continue
        made = _assigned(statement, names, facts)
        if made is not None and (often or _reads_itself(made)):
            yield body, index, made
        for block in _blocks(statement):
            inner = often or isinstance(statement, _LOOPS)
            yield from _assignments(block, names, facts, often=inner)


def _assigned(statement: ast.stmt, names: set[str], facts: Facts) -> ast.Assign | None:
    """Return an assignment that binds a slot, in the place of one that binds a global."""
    match statement:
        case ast.Assign([ast.Name(name) as target], value) if name in names:
            if isinstance(value, ast.Constant):  # which is rather a flag
                return None
        case ast.AugAssign(ast.Name(name) as target, operator, value) if name in names:
            if not _is_number(value) or not _is_counter(name, facts):
                facts.stop(statement, f"{name} may be an object that changes in place")
                return None
            read = ast.copy_location(ast.Name(name, ast.Load()), target)
            value = ast.copy_location(ast.BinOp(read, operator, value), statement)
        case _:
            return None
    place = ast.copy_location(ast.Name(_SLOTS, ast.Load()), target)
    slot = ast.copy_location(ast.Attribute(place, name, ast.Store()), target)
    return ast.copy_location(ast.Assign([slot], value), statement)


def _reads_itself(statement: ast.Assign) -> bool:
    [slot] = statement.targets
    name = getattr(slot, "attr", "")
    return any(isinstance(each, ast.Name) and each.id == name for each in walk(statement.value))


def _is_number(node: ast.expr, name: str = "") -> bool:
    """Whether an expression is one of numbers, and of a name that is one."""
    match node:
        case ast.BinOp(left, _, right):
            return _is_number(left, name) and _is_number(right, name)
        case ast.UnaryOp(operand=inner):
            return _is_number(inner, name)
        case ast.Name(found):
            return found == name
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_counter(name: str, facts: Facts) -> bool:
    """Whether a module gives a global nothing but numbers, for all that can be read."""
    variable = facts.scopes.globals.get(name)
    if variable is None or facts.scopes.doubts:
        return False
    return {*variable.bound_at} <= {*_numbers(facts.tree, name)}


def _numbers(tree: ast.Module, name: str) -> Iterator[Node]:
    """Yield the targets called by a name that are given numbers."""
    for node in walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign) and _is_number(node.value, name):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each for each in targets if isinstance(each, ast.Name))
