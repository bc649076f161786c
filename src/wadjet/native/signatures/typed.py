"""Signatures with types, as the tools that write C code put them into documentations.

>>> form = read("scale(self: m.Box, by: float = 1.0, *, name: str = 'a, b') -> m.Box", bound=True)
>>> form.text
"(by: float = 1.0, *, name: str = 'a, b') -> m.Box"
>>> form.shape.text()
"by=1.0, *, name='a, b'"
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter, Shape

_OPEN, _CLOSE = "([{<", ")]}>"
_NAME = re.compile(r"[A-Za-z_]\w*")
_UNNAMED = re.compile(r"arg\d*")
_C_WORDS = re.compile(r"\s+(?:not|or)\s+None$")


class Form(NamedTuple):
    """One way to call something: its shape, and how it was written, with types."""

    shape: Shape
    text: str


def read(line: str, *, bound: bool = False, of_c: bool = False) -> Form | None:
    """Return what a line such as ``name(x: int = 1) -> int`` says, None where it is none.

    ``bound`` leaves out the first parameter. ``of_c`` is for types before the names, as Cython
    writes them: ``name(int x=1)``.
    """
    head, bracket, rest = line.partition("(")
    parts = [] if not bracket else list(_parts(rest))
    if not parts or not _NAME.fullmatch(head.strip().rpartition(".")[2]):
        return None
    *inside, after = parts
    words = [each.strip() for each in inside if each.strip()]
    if bound:
        words = _unbound(words)
    parameters = _parameters(words, of_c=of_c)
    if parameters is None:
        return None
    arrow, _, result = after.partition("->")
    said = f" -> {result.strip()}" if _ and not arrow.strip() else ""
    return Form(Shape(parameters), f"({', '.join(words)}){said}")


def _unbound(words: list[str]) -> list[str]:
    """Return the parameters after the first, and after the ``/`` that only it is before."""
    rest = words[1:]
    return rest[1:] if rest[:1] == ["/"] else rest


def _parts(text: str) -> Iterator[str]:
    """Yield what is between commas up to the bracket that closes, and then the rest.

    Nothing where no bracket closes.
    """
    found: list[str] = []
    depth = start = at = 0
    while at < len(text):
        letter = text[at]
        if letter in "'\"":
            at = _past_quote(text, at)
            continue
        if letter in _OPEN:
            depth += 1
        elif letter == ")" and depth == 0:
            yield from (*found, text[start:at], text[at + 1 :])
            return
        elif letter in _CLOSE and text[at - 1 : at + 1] != "->":
            depth -= 1
        elif letter == "," and depth == 0:
            found.append(text[start:at])
            start = at + 1
        at += 1


def _past_quote(text: str, at: int) -> int:
    quote = text[at]
    end = at + 1
    while end < len(text) and text[end] != quote:
        end += 2 if text[end] == "\\" else 1
    return end + 1


def _parameters(words: list[str], *, of_c: bool) -> tuple[Parameter, ...] | None:
    made: list[Parameter] = []
    only_named = False
    for word in words:
        if word == "/":
            made = [Parameter(each.name, Kind.PLACE, each.default) for each in made]
        elif word == "*":
            only_named = True
        else:
            each = _parameter(word, len(made), only_named=only_named, of_c=of_c)
            if each is None:
                return None
            only_named |= each.kind is Kind.REST
            made.append(each)
    return tuple(made)


def _parameter(word: str, at: int, *, only_named: bool, of_c: bool) -> Parameter | None:
    """Return the parameter that a word stands for; ``at`` is how many are before it."""
    star = len(word) - len(word.lstrip("*"))
    declared, default = _divided(word[star:], "=")
    name = _divided(declared, ":")[0]
    if of_c:
        name = re.split(r"[\s*&\]]", _C_WORDS.sub("", name).strip())[-1]
    name = name.strip()
    if not _NAME.fullmatch(name) or star > 2:
        return None
    if star:
        return Parameter(name, Kind.REST if star == 1 else Kind.NAMES)
    kind = Kind.NAME if only_named else Kind.EITHER
    if not of_c and _UNNAMED.fullmatch(name) and name in ("arg", f"arg{at}") and not only_named:
        kind = Kind.PLACE  # what has no name is given this one, and cannot be given by it
    return Parameter(name, kind, _literal(default) if default else "")


def _divided(text: str, mark: str) -> tuple[str, str]:
    """Return what is before the first mark that is in no bracket, and what is after it."""
    depth = 0
    for at, letter in enumerate(text):
        if letter == mark and depth == 0:
            return text[:at].strip(), text[at + 1 :].strip()
        depth += (letter in _OPEN) - (letter in _CLOSE)
    return text.strip(), ""


def _literal(text: str) -> str:
    """Return a default that is a literal as it is, any other as unknown."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return UNKNOWN
    return text if isinstance(value, bool | int | float | str | bytes | None) else UNKNOWN
