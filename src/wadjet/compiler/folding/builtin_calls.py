r"""Pure builtins, called with constants; and displays for what makes empty containers.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("n = len('abc') + ord('a'); rows = list()", builtin_calls))
n = 3 + 97
rows = []

A module that binds the name itself, or could, keeps its calls:

>>> print(applied("def len(x): return 0\nprint(len('abc'))", builtin_calls))
def len(x):
    return 0
print(len('abc'))
"""

from __future__ import annotations

import ast
import builtins

from wadjet.compiler.folding.constant import LARGEST, NotConstantError, computed, value_of
from wadjet.pipeline.unit import Facts, rewrites

_WORDS = """
    abs all any ascii bin bool bytes chr complex divmod float hex int len max min oct ord pow
    repr round str sum tuple
"""
PURE = frozenset(_WORDS.split())
"""What returns the same for the same constants, and does nothing else."""
_SIZED = frozenset({"bytes", "pow"})  # those whose result may be far larger than what they get


@rewrites(ast.Call, name="builtin-calls", version="1", assumes="builtins")
def builtin_calls(node: ast.Call, facts: Facts) -> ast.expr | None:
    """Call pure builtins with constants beforehand, and make empty containers by displays."""
    called = node.func
    if not isinstance(called, ast.Name) or (called.id not in PURE and called.id not in _DISPLAYS):
        return None
    made = _displayed(node, called.id) if called.id in _DISPLAYS else _called(node, called.id)
    if made is not None and not facts.scopes.is_builtin(called):
        facts.stop(node, f"{called.id} may be something else here")
        return None
    return made


def _called(node: ast.Call, name: str) -> ast.Constant | None:
    """Return what a builtin returns for constants."""
    if node.keywords:
        return None
    try:
        values = [value_of(each) for each in node.args]
    except NotConstantError:
        return None
    if name in _SIZED and any(isinstance(each, int) for each in values):
        return None
    return computed(lambda: getattr(builtins, name)(*values))


_DISPLAYS = frozenset({"list", "dict", "set"})


def _displayed(node: ast.Call, name: str) -> ast.expr | None:
    """Return a display for ``list()``, ``dict(a=1)`` and ``set([1, 2])``."""
    match name, node.args, node.keywords:
        case "list", [], []:
            return ast.List([], ast.Load())
        case "dict", [], keywords if all(each.arg for each in keywords):
            names: list[ast.expr | None] = [ast.Constant(each.arg or "") for each in keywords]
            return ast.Dict(names, [each.value for each in keywords])
        case "set", [ast.List(items) | ast.Tuple(items)], [] if 0 < len(items) <= LARGEST:
            return ast.Set(items)
    return None
