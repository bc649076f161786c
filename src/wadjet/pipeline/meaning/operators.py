"""What operators do with the builtin types: a table, and nothing that needs a tree's places.

Types are exact ones, as those of constants and displays are; None is a type that is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from types import EllipsisType, NoneType

Type = type[object] | None

_NUMBERS = (int, bool, float, complex)
_WHOLE = (int, bool)
_REAL = (int, bool, float)
_SCALARS = (*_NUMBERS, str, bytes, NoneType, EllipsisType)

SEQUENCES: frozenset[Type] = frozenset([str, bytes, tuple, list, dict, set])
"""What can be gone through, and has a length, with no code of anybody's running."""
TESTED: frozenset[Type] = frozenset([*_SCALARS, *SEQUENCES])
"""What is true or false with no code running."""
HASHABLE: frozenset[Type] = frozenset(_SCALARS)
SHOWN: frozenset[Type] = frozenset([int, bool, float, complex, str, NoneType])
"""What becomes text with no code running; bytes may warn."""


def unary(op: ast.unaryop, kind: Type) -> Type:
    """Return the type that ``-``, ``+`` or ``~`` makes, None if that is not known."""
    if isinstance(op, ast.Invert):
        return int if kind is int else None  # ~True warns
    if kind in _NUMBERS:
        return int if kind is bool else kind
    return None


def binary(op: ast.operator, left: Type, right: Type) -> tuple[Type, bool] | None:
    """Return the type that an operator makes and whether it may raise.

    None if code may run that is not seen, or the types do not go together.

    >>> binary(ast.Add(), int, float)
    (<class 'float'>, False)
    >>> binary(ast.FloorDiv(), int, int)
    (<class 'int'>, True)
    """
    if left in (str, bytes) and left is right and isinstance(op, ast.Add):
        return left, False
    if left in _WHOLE and right in _WHOLE:
        return _whole(op, left, right)
    if left in _NUMBERS and right in _NUMBERS:
        return _number(op, left, right)
    return None


def _whole(op: ast.operator, left: Type, right: Type) -> tuple[Type, bool] | None:
    if isinstance(op, ast.BitAnd | ast.BitOr | ast.BitXor):
        return (bool if left is right is bool else int), False
    if isinstance(op, ast.Add | ast.Sub | ast.Mult):
        return int, False
    if isinstance(op, ast.FloorDiv | ast.Mod | ast.LShift | ast.RShift):
        return int, True
    if isinstance(op, ast.Div):
        return float, True
    return None


def _number(op: ast.operator, left: Type, right: Type) -> tuple[Type, bool] | None:
    made = complex if complex in (left, right) else float
    if isinstance(op, ast.Add | ast.Sub | ast.Mult):
        return made, complex in (left, right) and int in (left, right)
    if isinstance(op, ast.Div):
        return made, True
    if made is float and isinstance(op, ast.FloorDiv | ast.Mod):
        return float, True
    return None


def compared(op: ast.cmpop, left: Type, right: Type) -> bool:
    """Say whether a comparison of two types is a bool, runs no code and raises nothing."""
    if isinstance(op, ast.Is | ast.IsNot):
        return True
    if left not in _SCALARS or right not in _SCALARS or {left, right} == {str, bytes}:
        return False
    if isinstance(op, ast.Eq | ast.NotEq):
        return bytes not in (left, right) or left is right
    if left in _REAL and right in _REAL:
        return True
    return left is right and left in (str, bytes)


def is_hashed(kinds: Iterable[Type]) -> bool:
    """Say whether keys of these types get into a set or dict with no code running."""
    found = set(kinds)
    return found <= HASHABLE and not (bytes in found and len(found) > 1)  # which may warn


def contained(item: Type, container: Type, elements: Iterable[Type]) -> bool:
    """Say whether ``item in container`` runs no code and raises nothing."""
    if container is str:
        return item is str
    elements = list(elements)
    if container in (tuple, list, set) and elements:
        return item in HASHABLE and all(compared(ast.Eq(), item, each) for each in elements)
    return False
