r"""Methods of constants: nobody can give the built-in types other ones.

>>> from wadjet.pipeline.passes import applied
>>> print(applied("rules = ' '.join(('a', 'b')).upper().encode()", methods))
rules = b'A B'

What would raise is left to raise, and what would be mutable is left to be made anew:

>>> print(applied("'abc'.index('x'), 'a b'.split()", methods))
('abc'.index('x'), 'a b'.split())
"""

from __future__ import annotations

import ast

from wadjet.compiler.folding.constant import (
    LARGEST,
    NotConstantError,
    computed,
    may_have_value,
    value_of,
)
from wadjet.pipeline.unit import Facts, rewrites

_WORDS = """
    capitalize center count endswith expandtabs find index isalnum isalpha isascii isdigit
    islower isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix
    replace rfind rindex rjust rpartition rstrip startswith strip swapcase title translate upper
    zfill
"""
_OF_TEXT = frozenset(_WORDS.split())
_PURE: dict[type, frozenset[str]] = {
    str: _OF_TEXT | {"casefold", "encode", "isdecimal", "isidentifier", "isnumeric", "isprintable"},
    bytes: _OF_TEXT | {"decode", "hex"},
    tuple: frozenset({"count", "index"}),
    int: frozenset({"bit_count", "bit_length", "conjugate", "to_bytes"}),
    float: frozenset({"as_integer_ratio", "conjugate", "hex", "is_integer"}),
}
_CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1"})  # those that cannot be replaced
_ERRORS = frozenset({"strict", "ignore", "replace"})


@rewrites(ast.Call, name="methods", version="1")
def methods(node: ast.Call, facts: Facts) -> ast.expr | None:
    """Call methods of constants beforehand."""
    called = node.func
    if not isinstance(called, ast.Attribute) or not may_have_value(called.value):
        return None
    try:
        owner = value_of(called.value)
        arguments = [value_of(each) for each in node.args]
        options = {str(each.arg): value_of(each.value) for each in node.keywords if each.arg}
    except NotConstantError:
        return None
    name = called.attr
    if len(options) < len(node.keywords) or name not in _PURE.get(type(owner), ()):
        return None
    if not _is_modest([*arguments, *options.values()]):
        facts.stop(node, "the result might be too large for a constant")
        return None
    if name in ("encode", "decode") and not _is_builtin_codec(arguments, options):
        facts.stop(node, "codecs can be registered anew")
        return None
    return computed(lambda: getattr(owner, name)(*arguments, **options))


def _is_modest(values: list[object]) -> bool:
    return all(not isinstance(value, int) or abs(value) <= LARGEST for value in values)


def _is_builtin_codec(arguments: list[object], options: dict[str, object]) -> bool:
    given = dict(zip(("encoding", "errors"), arguments, strict=False)) | options
    return given.get("encoding", "utf-8") in _CODECS and given.get("errors", "strict") in _ERRORS
