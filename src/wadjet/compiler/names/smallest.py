r"""The least and the greatest of a few locals and constants: compared, rather than asked for.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def clipped(x, low):
...     return max(low, x)
... def within(x, most):
...     return max(0, min(x, most))
... ''', smallest))
def clipped(x, low):
    return x if x > low else low
<BLANKLINE>
def within(x, most):
    return (most if most > 0 else 0) if most < x else x if x > 0 else 0

What is compared, in which order, and which of equals is returned, is what ``min`` and ``max``
do. Any other expression is left: a local of ours would keep its value alive.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from wadjet.pipeline.meaning.names import Kind, ScopeKind
from wadjet.pipeline.unit import Facts, rewrites
from wadjet.target.behavior import FAST_LEAST

_OPERATORS: dict[str, type[ast.cmpop]] = {"min": ast.Lt, "max": ast.Gt}
_MOST = 2 if FAST_LEAST else 3
_FUNCTIONS = (ScopeKind.FUNCTION, ScopeKind.LAMBDA, ScopeKind.COMPREHENSION)


@rewrites(ast.Call, name="smallest", version="1", assumes="builtins")
def smallest(node: ast.Call, facts: Facts) -> ast.expr | None:
    """Compare a few locals and constants, rather than call min or max."""
    called, values = node.func, node.args
    if not isinstance(called, ast.Name) or called.id not in _OPERATORS or node.keywords:
        return None
    if not 1 < len(values) <= _MOST or not all(map(_is_hopeful, values)):
        return None
    if all(not isinstance(each, ast.Name | ast.IfExp) for each in values):
        return None  # that is a constant
    made = _compared(values, _OPERATORS[called.id], facts)
    if made is None:
        facts.stop(node, "not all are locals that nothing else binds, or they may be unbound")
    elif not facts.scopes.is_builtin(called):
        facts.stop(node, f"{called.id} may be something else here")
        return None
    return made


def _is_hopeful(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Name | ast.Constant | ast.IfExp)


def _compared(
    values: Sequence[ast.expr], operator: type[ast.cmpop], facts: Facts
) -> ast.expr | None:
    """Return what chooses among values, None where it cannot be told from the call."""
    plain = [_is_plain(each, facts) for each in values]
    bound = [_is_bound(each, facts) for each in values]
    match values:
        case [first, second] if all(plain):
            made = _chosen(first, second, operator)
            if not bound[1]:  # the first must be the first to be missed
                same = ast.Compare(copy.copy(first), [ast.Is()], [copy.copy(first)])
                made.test = ast.BoolOp(ast.And(), [same, made.test])
                return made if isinstance(first, ast.Name) else None
            return made
        case [ast.IfExp() as choice, other] if plain[1] and bound[1] and _is_choice(choice, facts):
            found = (choice.body, choice.orelse)
            sides = [_chosen(each, copy.copy(other), operator) for each in found]
            return ast.IfExp(choice.test, *sides)
        case [other, ast.IfExp() as choice] if plain[0] and bound[0] and _is_choice(choice, facts):
            found = (choice.body, choice.orelse)
            sides = [_chosen(copy.copy(other), each, operator) for each in found]
            return ast.IfExp(choice.test, *sides)
        case [first, second, third] if all(plain) and all(bound):
            made = _chosen(first, second, operator)
            found = (made.body, made.orelse)
            sides = [_chosen(each, copy.copy(third), operator) for each in found]
            return ast.IfExp(made.test, *sides)
    return None


def _chosen(first: ast.expr, second: ast.expr, operator: type[ast.cmpop]) -> ast.IfExp:
    """Return what is the second if that is less, or greater, and else the first."""
    test = ast.Compare(second, [operator()], [first])  # these two the scopes know
    return ast.IfExp(test, copy.copy(second), copy.copy(first))


def _is_choice(node: ast.IfExp, facts: Facts) -> bool:
    """Whether an expression is one of two plain ones, by how they compare."""
    match node.test:
        case ast.Compare(one, [ast.Lt() | ast.Gt()], [other]):
            sides = {ast.dump(one), ast.dump(other)}
            return sides == {ast.dump(each) for each in (node.body, node.orelse)} and all(
                _is_plain(each, facts) for each in (one, other)
            )
    return False


def _is_plain(node: ast.expr, facts: Facts) -> bool:
    """Whether a node is a constant, or a local that only its own function binds."""
    if not isinstance(node, ast.Name):
        return not isinstance(node, ast.IfExp)
    binding = facts.scopes.find(node)
    return binding is not None and binding.kind is Kind.LOCAL and binding.scope.kind in _FUNCTIONS


def _is_bound(node: ast.expr, facts: Facts) -> bool:
    """Whether a constant or local surely has a value: a parameter that is never deleted."""
    binding = facts.scopes.find(node)
    if binding is None:
        return True
    return any(isinstance(each, ast.arg) for each in binding.bound_at) and not any(
        isinstance(each, ast.ExceptHandler) or isinstance(getattr(each, "ctx", None), ast.Del)
        for each in binding.bound_at
    )
