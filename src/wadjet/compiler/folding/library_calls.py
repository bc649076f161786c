r"""Pure functions of the standard library, called with constants.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("from struct import calcsize\nSIZE = calcsize('<IHB')", library_calls))
from struct import calcsize
SIZE = 7
"""

from __future__ import annotations

import ast
import importlib
import math

from wadjet.compiler.folding.constant import LARGEST, NotConstantError, computed, value_of
from wadjet.compiler.folding.origins import origin
from wadjet.pipeline.unit import Facts, rewrites

_MATH = """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees exp fabs floor fmod
    gcd hypot isfinite isinf isnan isqrt lcm ldexp log log10 log2 modf radians sin sinh sqrt
    tan tanh trunc
"""
PURE = frozenset(
    {"struct.calcsize", "re.escape", "textwrap.dedent", "operator.add", "operator.mul"}
    | {"posixpath.join", "posixpath.basename", "posixpath.splitext", "string.capwords"}
    | {f"math.{name}" for name in _MATH.split()}
)
"""What depends on nothing but its arguments, and is the same in every process of a Python."""

CONSTANTS = {f"math.{name}": getattr(math, name) for name in ("pi", "e", "tau", "inf")}


@rewrites(ast.Call, ast.Attribute, name="library-calls", version="1", assumes="library")
def library_calls(node: ast.Call | ast.Attribute, facts: Facts) -> ast.expr | None:
    """Call pure functions of the standard library with constants beforehand."""
    if isinstance(node, ast.Attribute):
        if node.attr not in ("pi", "e", "tau", "inf") or not isinstance(node.ctx, ast.Load):
            return None
        value = CONSTANTS.get(origin(node, facts, CONSTANTS) or "")
        return None if value is None else ast.Constant(value)
    if node.keywords or not node.args:
        return None
    try:
        values = [value_of(each) for each in node.args]
    except NotConstantError:
        return None
    name = origin(node.func, facts, PURE)
    if name is None or any(isinstance(each, int) and each > LARGEST for each in values):
        return None
    module, _, function = name.rpartition(".")
    return computed(lambda: getattr(importlib.import_module(module), function)(*values))
