r"""What is the same for every run of this Python: its version and platform.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("import sys\nif sys.version_info >= (3, 8) and sys.platform != 'win32': go()",
...     platform_facts))
import sys
if True and 'linux' != 'win32':
    go()

The compiler leaves out the branch that cannot be, and still knows the names that it binds.
"""

from __future__ import annotations

import ast
import os
import sys

from wadjet.compiler.folding.constant import NotConstantError, computed, node_of, value_of
from wadjet.compiler.folding.origins import origin
from wadjet.pipeline.unit import Facts, rewrites
from wadjet.target.behavior import VERSION

_VALUES: dict[str, object] = {
    "sys.platform": sys.platform,
    "sys.byteorder": sys.byteorder,
    "sys.maxsize": sys.maxsize,
    "os.name": os.name,
    "os.sep": os.sep,
    "os.linesep": os.linesep,
}
_VERSION = ("sys.version_info",)
_NAMES = frozenset(name.rpartition(".")[2] for name in _VALUES)


@rewrites(
    ast.Name,
    ast.Attribute,
    ast.Compare,
    ast.Subscript,
    name="platform-facts",
    version="1",
    assumes="platform",
)
def platform_facts(node: ast.expr, facts: Facts) -> ast.expr | None:
    """Take the version and the platform for what they are."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _value(node, facts)
    match node:
        case ast.Compare(left, [operator], [right]) if _is_version(left, facts):
            return _compared(operator, right)
        case ast.Subscript(value=owner, slice=index) if _is_version(owner, facts):
            return _item(index)
    return None


def _value(node: ast.Name | ast.Attribute, facts: Facts) -> ast.expr | None:
    word = node.id if isinstance(node, ast.Name) else node.attr
    if word not in _NAMES or not isinstance(node.ctx, ast.Load):
        return None
    name = origin(node, facts, _VALUES)
    return None if name is None else node_of(_VALUES[name])


def _is_version(node: ast.expr, facts: Facts) -> bool:
    word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return word == "version_info" and origin(node, facts, _VERSION) is not None


def _compared(operator: ast.cmpop, right: ast.expr) -> ast.expr | None:
    """Return how the version compares with a tuple that says no more than its start."""
    try:
        wanted = value_of(right)
    except NotConstantError:
        return None
    if not isinstance(wanted, tuple) or len(wanted) > 2:
        return None  # a patch release may be another one tomorrow
    if isinstance(operator, (ast.GtE, ast.Gt)):
        holds = wanted <= VERSION if isinstance(operator, ast.GtE) else wanted < VERSION
        return ast.Constant(holds)
    if isinstance(operator, (ast.Lt, ast.LtE)):
        holds = wanted > VERSION if isinstance(operator, ast.Lt) else wanted >= VERSION
        return ast.Constant(holds)
    return None


def _item(index: ast.expr) -> ast.expr | None:
    """Return ``version_info[0]``, ``[1]`` or ``[:2]``."""
    match index:
        case ast.Constant(int(number)) if number in (0, 1):
            return node_of(VERSION[number])
        case ast.Slice(lower=None, upper=ast.Constant(int(number)), step=None) if number in (1, 2):
            return computed(lambda: VERSION[:number])
    return None
