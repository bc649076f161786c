r"""The line of a documentation that says how to call what it documents.

>>> [shape] = shapes("find(sub[, start[, end]]) -> int\n\nReturn the lowest index.", "find")
>>> shape.text()
'sub, start=..., end=...'
"""

from __future__ import annotations

import re

from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter, Shape

_LINES = 6
_NAME = re.compile(r"[A-Za-z_]\w*")


def shapes(doc: str | None, name: str) -> list[Shape]:
    """Return what the first lines of a documentation say, a shape a line that says something."""
    found = []
    last = re.escape(name.rpartition(".")[2])
    for line in (doc or "").strip().split("\n")[:_LINES]:
        match = re.match(rf"\W*[\w.]*\b{last}\s*\(", line)
        inside = _inside(line[match.end() :]) if match else None
        shape = None if inside is None else _shape(inside)
        if shape is not None:
            found.append(shape)
    return found


def _inside(text: str) -> str | None:
    """Return the text up to the bracket that closes."""
    depth = 1
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return text[:at]
    return None


def _shape(text: str) -> Shape | None:
    """Return what is between the brackets; optional parts may be in square ones."""
    made: list[Parameter] = []
    depth, only_named = 0, False
    for part in re.findall(r"[\[\]]|[^\[\],]+", text):
        if part in "[]":
            depth += 1 if part == "[" else -1
            continue
        word, _, default = part.strip().partition("=")
        word = word.partition(":")[0].strip()
        if word in ("self", "", "/", "*") or word.startswith("$"):
            only_named |= word == "*"
            continue
        star = len(word) - len(word.lstrip("*"))
        kind = (Kind.NAME if only_named else Kind.EITHER, Kind.REST, Kind.NAMES)[min(star, 2)]
        if word == "...":
            return None
        if not _NAME.fullmatch(word[star:]):
            return None
        optional = UNKNOWN if (default or depth) and not star else ""
        made.append(Parameter(word[star:], kind, optional))
        only_named |= star == 1
    return Shape(tuple(made))
