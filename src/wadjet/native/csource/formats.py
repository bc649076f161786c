"""What the formats of ``PyArg_ParseTuple`` and ``Py_BuildValue`` want from their arguments.

>>> [unit.wants for unit in parsed("O!i|s#:name")]
[('type', 'object'), ('int',), ('text', 'size')]
>>> built("(s#N)")
['text', 'size', 'steals']
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARSED = re.compile(r"es#?|et#?|[szyuZ][#*]?|w[*#]|O[!&]?|[USYbBhHiIlkLKncCfdDp]")
_NUMBERS = {
    "b": "unsigned char",
    "B": "unsigned char",
    "h": "short",
    "H": "unsigned short",
    "i": "int",
    "I": "unsigned int",
    "l": "long",
    "k": "unsigned long",
    "L": "long long",
    "K": "unsigned long long",
    "n": "Py_ssize_t",
    "c": "char",
    "C": "int",
    "f": "float",
    "d": "double",
    "D": "Py_complex",
    "p": "int",
}
_BUILT = re.compile(r"[szyuU]#?|O&|[NOS]|[bBhHiIlkLKncCfdDp]")


class FormatError(ValueError):
    """A text is no format."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A value of a format: its letters, and what each C argument for it points to.

    A want is a C type, or ``text``, ``size``, ``buffer``, ``object``, ``type``, ``encoding``,
    ``converter``, ``anything``.
    """

    code: str
    wants: tuple[str, ...]


def parsed(text: str) -> list[Unit]:
    """Return the units of a format for ``PyArg_*``; raises FormatError for what is none.

    Those within parentheses follow one by one.
    """
    text = re.split(r"[:;]", text, maxsplit=1)[0]
    found, at = [], 0
    while at < len(text):
        if text[at] in "|$() ":
            at += 1
            continue
        match = _PARSED.match(text, at)
        if match is None:
            raise FormatError(text)
        found.append(Unit(match[0], _wants(match[0])))
        at = match.end()
    return found


def values(text: str) -> int:
    """Return how many values a format for ``PyArg_*`` takes; those in parentheses are one."""
    text = re.split(r"[:;]", text, maxsplit=1)[0]
    before = None
    while before != text:
        before, text = text, re.sub(r"\([^()]*\)", "O", text)
    return len(parsed(text))


def _wants(code: str) -> tuple[str, ...]:
    if code in _NUMBERS:
        return (_NUMBERS[code],)
    if code[0] == "e":
        return ("encoding", "text", *(["size"] if "#" in code else []))
    if code[0] in "szyuZw":
        return {"*": ("buffer",), "#": ("text", "size")}.get(code[1:], ("text",))
    return {"O!": ("type", "object"), "O&": ("converter", "anything")}.get(code, ("object",))


def built(text: str) -> list[str]:
    """Return what each argument of ``Py_BuildValue`` is for a format: ``number``, ``text``...

    ``object`` is borrowed and ``steals`` is taken over. Raises FormatError for what is none.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in "()[]{},: \t":
            at += 1
            continue
        match = _BUILT.match(text, at)
        if match is None:
            raise FormatError(text)
        found += _given(match[0])
        at = match.end()
    return found


def _given(code: str) -> list[str]:
    if code == "O&":
        return ["converter", "anything"]
    if code[0] in "szyuU":
        return ["text", "size"] if "#" in code else ["text"]
    return {"N": ["steals"], "O": ["object"], "S": ["object"]}.get(code, ["number"])
