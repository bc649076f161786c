r"""Tuples and unions of built-in classes: made once for a module, not each time one is asked for.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def kind(x):
...     return isinstance(x, (int, str)) or isinstance(x, list | None)
... ''', kept_classes))
_wadjet_0of_list_or_None = list | None
_wadjet_0of_int_str = (int, str)
<BLANKLINE>
def kind(x):
    return isinstance(x, _wadjet_0of_int_str) or isinstance(x, _wadjet_0of_list_or_None)

Only where nobody gets hold of the tuple: in isinstance, issubclass, ``in`` and ``except``. A
module that binds one of the names itself, or could, keeps its tuples.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.meaning.names import ScopeKind
from wadjet.pipeline.tree import Node
from wadjet.pipeline.unit import Facts, rewrites

_ASKING = frozenset({"isinstance", "issubclass"})
_CLASSES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
_OFTEN = (ScopeKind.FUNCTION, ScopeKind.LAMBDA, ScopeKind.COMPREHENSION)


@rewrites(
    ast.Call, ast.Compare, ast.ExceptHandler, name="kept-classes", version="1", assumes="names"
)
def kept_classes(node: Node, facts: Facts) -> Node | None:
    """Make tuples and unions of built-in classes once for a module."""
    called = getattr(node, "func", None)
    if called is not None and getattr(called, "id", "") not in _ASKING:  # most calls
        return None
    match node:
        case ast.Call(ast.Name(asked) as function, [_, classes], []) if asked in _ASKING:
            if kept := _kept(classes, facts, function):
                node.args[1] = kept
                return node
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Tuple() as classes]):
            if kept := _kept(classes, facts):
                node.comparators = [kept]
                return node
        case ast.ExceptHandler(type=ast.Tuple() as classes):
            if kept := _kept(classes, facts):
                node.type = kept
                return node
    return None


def _kept(classes: ast.expr, facts: Facts, *asking: ast.Name) -> ast.Name | None:
    """Return a name for some classes that is bound at the module's head, None if they vary."""
    names = [*asking]
    match classes:
        case ast.Tuple(parts):
            word = "_".join(_word(each, names) for each in parts)
        case ast.BinOp(op=ast.BitOr()):
            word = "_or_".join(_word(each, names) for each in _united(classes))
        case _:
            return None
    if len(names) == len(asking) or "?" in word or not _runs_often(names[-1], facts):
        return None
    if not all(map(facts.scopes.is_builtin, names)):
        facts.stop(classes, "a name in it may be something else here")
        return None
    kept = facts.keep(f"{PREFIX}0of_{word}", classes)
    facts.did(facts.by, classes, kept.id)
    return ast.copy_location(kept, classes)


def _word(node: ast.expr, names: list[ast.Name]) -> str:
    """Return a word for a class, and add the names in it to others; ``?`` is none."""
    match node:
        case ast.Name(name) if name in _CLASSES:
            names.append(node)
            return name
        case ast.Call(ast.Name("type") as name, [ast.Constant(None)], []):
            names.append(name)
            return "NoneType"
        case ast.Constant(None):
            return "None"
    return "?"


def _united(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of a union, from left to right."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _united(node.left)
        yield from _united(node.right)
    else:
        yield node


def _runs_often(name: ast.Name, facts: Facts) -> bool:
    """Whether code may run often, and looks for the names of its module among the globals."""
    found = facts.scopes.find(name)
    return found is not None and found.scope.kind in _OFTEN
