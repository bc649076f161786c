"""What the formats, keyword lists and limits that C code hands to ``PyArg_*`` say.

>>> of_format("O!i|s#:name").arity
(2, 3)
>>> of_format("O|O$p", ["path", "mode", "strict"]).text()
'path, mode=..., *, strict=...'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter, Shape

_UNIT = re.compile(r"es#?|et#?|[szyuZ][#*]?|w[*#]|O[!&]?|[USYbBhHiIlkLKncCfdDp]")


class FormatError(ValueError):
    """A text is no format for ``PyArg_ParseTuple``."""


def units(text: str) -> tuple[int, int, int]:
    """Return how many values a format takes: in all, before ``|``, before ``$``.

    Raises FormatError for a text that is none.
    """
    text = re.split(r"[:;]", text, maxsplit=1)[0]
    count, required, placed, at = 0, None, None, 0
    while at < len(text):
        if text[at] == "|":
            required = count if required is None else required
            at += 1
        elif text[at] == "$":
            placed = count
            at += 1
        elif text[at] == " ":
            at += 1
        else:
            at = _past_unit(text, at)
            count += 1
    return count, count if required is None else required, count if placed is None else placed


def _past_unit(text: str, at: int) -> int:
    if text[at] == "(":
        depth = 0
        for end in range(at, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if not depth:
                return end + 1
        raise FormatError(text)
    match = _UNIT.match(text, at)
    if match is None:
        raise FormatError(text)
    return match.end()


def of_format(text: str, keywords: Sequence[str] | None = None) -> Shape:
    """Return what a format takes; ``keywords`` has a name for each value, empty for none.

    Raises FormatError for a text that is no format, or not one of these keywords.
    """
    count, required, placed = units(text)
    names = [""] * count if keywords is None else keywords
    if len(names) != count:
        raise FormatError(text)
    return _shape(names, required, placed, required - placed)


def of_limits(keywords: Sequence[str], least: int, most: int, must: int, *, rest: bool) -> Shape:
    """Return what ``_PyArg_UnpackKeywords`` lets through.

    ``least`` and ``most`` are given by place, ``must`` of those after them are required;
    ``rest`` takes any more as ``*args``.
    """
    shape = _shape(keywords, least, most, must)
    if not rest:
        return shape
    placed, named = shape.placed, shape.of(Kind.NAME)
    return Shape((*placed, Parameter("args", Kind.REST), *named))


def _shape(names: Sequence[str], least: int, most: int, must: int) -> Shape:
    made = []
    for at, name in enumerate(names):
        if at < most:
            kind = Kind.EITHER if name else Kind.PLACE
            needed = at < least
        else:
            kind, needed = Kind.NAME, at < most + must
        made.append(Parameter(name, kind, "" if needed else UNKNOWN))
    return Shape(tuple(made))
