"""The functions of the interpreter that parse arguments, and what a call of one tells."""

from __future__ import annotations

from typing import NamedTuple


class Parser(NamedTuple):
    """One function: what it is about, and by which of its arguments (counted from 0).

    ``form`` is format, keywords, fast, unpack, vararg, limits, none-named or none-placed;
    ``subject`` is what must be the arguments of the function that calls it; ``details`` is
    where the rest begins. ``limits`` only bound how many there are, and let the caller go on.
    """

    form: str
    subject: int
    details: int = 0
    limits: tuple[int, int] | None = None


def _sized(name: str, parser: Parser) -> dict[str, Parser]:
    """Return a function by its name, and by that for lengths as Py_ssize_t."""
    start = "" if name.startswith("_") else "_"
    return {name: parser, f"{start}{name}_SizeT": parser}


NUMPY = "_npy_parse_arguments"
PARSERS: dict[str, Parser] = {
    **_sized("PyArg_ParseTuple", Parser("format", 0, 1)),
    **_sized("PyArg_VaParse", Parser("format", 0, 1)),
    **_sized("PyArg_ParseTupleAndKeywords", Parser("keywords", 0, 2)),
    **_sized("PyArg_VaParseTupleAndKeywords", Parser("keywords", 0, 2)),
    **_sized("_PyArg_ParseStack", Parser("format", 0, 2)),
    **_sized("_PyArg_ParseStackAndKeywords", Parser("fast", 0, 3)),
    **_sized("_PyArg_ParseTupleAndKeywordsFast", Parser("fast", 0, 2)),
    "PyArg_UnpackTuple": Parser("unpack", 0, 2),
    "_PyArg_UnpackStack": Parser("unpack", 0, 3),
    "_PyArg_UnpackKeywords": Parser("limits", 0, 4),
    "_PyArg_UnpackKeywordsWithVararg": Parser("vararg", 0, 4),
    "_PyArg_CheckPositional": Parser("checked", 1, 2, limits=(2, 3)),
    "_PyArg_NoKeywords": Parser("none-named", 1, limits=(6, 6)),
    "_PyArg_NoPositional": Parser("none-placed", 1, limits=(6, 6)),
    "_PyArg_NoKwnames": Parser("none-named", 1, limits=(6, 6)),
    # NumPy's own: texts, each with a converter and a place, up to NULL.
    NUMPY: Parser("numpy", 2, 5),
    # What link-time optimization makes of _PyArg_UnpackKeywords: it has no name, and lacks
    # parameters that were the same in all calls. The number is where its _PyArg_Parser is.
    **{f"_PyArg_UnpackKeywords@{at}": Parser("clone", 0, at) for at in (2, 3, 4)},
}
"""Every parser by its name."""
