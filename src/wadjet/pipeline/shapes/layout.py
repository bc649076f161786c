"""How code lies in its text: which lines are its own to move, and where comments are."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from wadjet.errors import SourceError
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import F_STRINGS, walk

STRING = (
    r"""(?:[rRbBuUfFtT]{0,2})(?:'{3}(?:[^\\]|\\.)*?'{3}|"{3}(?:[^\\]|\\.)*?"{3}"""
    r"""|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
)
"""A string, as it is written."""

_STRINGS: tuple[type[ast.Constant] | type[ast.JoinedStr], ...] = (ast.Constant, *F_STRINGS)

_MARKS = re.compile(rf"{STRING}|#[^\n\r]*|[()\[\]{{}}]", re.DOTALL)
_CLOSING = re.compile(r"(?:[\s\\]|#[^\n\r]*[\n\r])*\)")


def is_one(text: str) -> bool:
    """Say whether a text is an expression by itself, wherever its lines end."""
    if "\n" not in text and "\r" not in text:
        return True
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def is_code(text: str) -> bool:
    """Say whether a text may stand for an expression: also a slice, or one with a star."""
    for frame in ("x[{}]", "({})"):
        try:
            ast.parse(frame.replace("{}", text))
        except (SyntaxError, ValueError):
            continue
        return True
    return False


def balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a part of a text with the brackets that it has only one half of.

    The compiler does not count brackets to what is in them: ``f((a), (b))`` has arguments
    from ``a`` to ``b``.

    >>> text = "f((a), [b], (c))"
    >>> start, end = balanced(text, 3, 14)
    >>> text[start:end]
    '(a), [b], (c)'
    """
    depth = lowest = 0
    for mark in _MARKS.finditer(text, start, end):
        depth += (mark[0] in "([{") - (mark[0] in ")]}") if len(mark[0]) == 1 else 0
        lowest = min(lowest, depth)
    for _ in range(depth - lowest):
        closing = _CLOSING.match(text, end)
        end = closing.end() if closing else end
    for _ in range(-lowest):
        before = text[:start].rstrip()
        start = len(before) - 1 if before.endswith("(") else start
    return start, end


def fixed_lines(text: str) -> set[int]:
    """Return the lines of a block, from 0, that begin within a string."""
    header = "if 1:\n" if text[:1] in " \t" else ""
    try:
        tree = ast.parse(header + text)
    except (SyntaxError, ValueError):
        return set()
    strings = [
        node for node in walk(tree) if isinstance(node, _STRINGS) and node.end_lineno != node.lineno
    ]
    offset = 1 if header else 0
    return {
        line - 1 - offset
        for node in strings
        for line in range(node.lineno + 1, (node.end_lineno or 0) + 1)
    }


def comments(source: Source) -> list[tuple[int, str]]:
    """Return the comments of a file, each with where it starts; raises SourceError."""
    lines = io.StringIO(source.text, newline="").readline
    try:
        return [
            (source.starts[token.start[0] - 1] + token.start[1], token.string)
            for token in tokenize.generate_tokens(lines)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError) as error:
        raise SourceError(f"{source.path}: its comments cannot be told ({error})") from None
