r"""Formatted strings: their constant parts are text already.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("f'{1}-{\"a\"!r}', f'{x}{2:>3}.{None}'", texts))
("1-'a'", f'{x}  2.None')
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from wadjet.compiler.folding.constant import LARGEST
from wadjet.pipeline.tree import FIELDS
from wadjet.pipeline.unit import Facts, rewrites

_CONVERSIONS: dict[int, Callable[[Any], object]] = {
    -1: lambda value: value,
    115: str,
    114: repr,
    97: ascii,
}
_PLAIN = (str, int, float, bool, type(None))


@rewrites(ast.JoinedStr, *FIELDS, name="texts", version="1")
def texts(node: ast.JoinedStr | ast.FormattedValue, facts: Facts) -> ast.expr | None:
    """Format constants beforehand."""
    if not isinstance(node, ast.JoinedStr):
        if isinstance(node.format_spec, ast.Constant):  # made so just now: it stays a string
            node.format_spec = ast.copy_location(ast.JoinedStr([node.format_spec]), node)
        return None
    parts = [_text(each, facts) for each in node.values]
    if all(new is old for old, new in zip(node.values, parts, strict=True)):
        return None
    joined = _joined(parts)
    if not joined:
        return ast.Constant("")
    if len(joined) == 1 and isinstance(joined[0], ast.Constant):
        return joined[0]
    return ast.JoinedStr(joined)


def _text(part: ast.expr, facts: Facts) -> ast.expr:
    """Return a part as text, where its value is known; anything else as it is."""
    if not isinstance(part, ast.FormattedValue) or not isinstance(part.value, ast.Constant):
        return part
    spec = part.format_spec
    words = spec.values if isinstance(spec, ast.JoinedStr) else []
    if not all(isinstance(each, ast.Constant) for each in words):
        return part
    wanted = "".join(str(each.value) for each in words if isinstance(each, ast.Constant))
    value = part.value.value
    if type(value) not in _PLAIN or (wanted and not _is_modest(wanted)):
        facts.stop(part.value, "how it is formatted is known only at run time")
        return part
    try:
        return ast.Constant(format(_CONVERSIONS[part.conversion](value), wanted))
    except (ValueError, TypeError):  # it will be raised at run time
        return part


def _is_modest(spec: str) -> bool:
    """Whether a format asks for no locale and no great width."""
    digits = "".join(each if each.isdigit() else " " for each in spec).split()
    return "n" not in spec and all(len(each) < 5 and int(each) <= LARGEST for each in digits)


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Return parts with texts that stand side by side made one."""
    made: list[ast.expr] = []
    for part in parts:
        last = made[-1] if made else None
        if not isinstance(part, ast.Constant):
            made.append(part)
        elif isinstance(last, ast.Constant):
            made[-1] = ast.Constant(str(last.value) + str(part.value))
        elif part.value:
            made.append(part)
    return made
