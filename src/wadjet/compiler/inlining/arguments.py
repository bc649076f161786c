"""Arguments of a call, beside the parameters that they are for."""

from __future__ import annotations

import ast

from wadjet.compiler.inlining.tails import NotPlainError
from wadjet.pipeline.tree import walk

Bound = list[tuple[str, ast.expr]]
"""Parameters with what they are bound to, in the order in which that is evaluated."""

_OUT_OF_TURN = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)


def matched(parameters: ast.arguments, call: ast.Call, receiver: ast.expr | None) -> Bound:
    """Return what a call binds; raises NotPlainError where that is not to be seen, or fails.

    A default that is used is evaluated when the function is defined: it must be a constant.
    """
    positional = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
    given = [*([receiver] if receiver is not None else []), *call.args]
    if any(isinstance(each, ast.Starred) for each in given):
        raise NotPlainError("an argument has a star")
    if any(isinstance(each, _OUT_OF_TURN) for each in walk(call)):
        raise NotPlainError("its arguments bind names, or wait")
    if len(given) > len(positional):
        raise NotPlainError("it is given too many arguments")
    bound = list(zip(positional, given, strict=False))
    named = {each.arg for each in (*parameters.args, *parameters.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in named:
            raise NotPlainError("its keywords are not those of the function")
        bound.append((keyword.arg, keyword.value))
    names = [name for name, _ in bound]
    if len(set(names)) < len(names):
        raise NotPlainError("an argument is given twice")
    return bound + _by_default(parameters, positional, names)


def _by_default(parameters: ast.arguments, positional: list[str], given: list[str]) -> Bound:
    defaults: dict[str, ast.expr | None] = dict.fromkeys(positional)
    defaults |= dict(zip(positional[::-1], parameters.defaults[::-1], strict=False))
    only = zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
    defaults |= {each.arg: default for each, default in only}
    found: Bound = []
    for name, default in defaults.items():
        if name in given:
            continue
        if not isinstance(default, ast.Constant):
            raise NotPlainError(f"{name} is not given, or its default is no constant")
        found.append((name, default))
    return found
