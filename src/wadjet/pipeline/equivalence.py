r"""Whether a program does the same with passes as without, by running it both ways.

>>> import ast
>>> from wadjet.pipeline.unit import Facts, rewrites
>>> @rewrites(ast.Add, name="worse")
... def worse(node: ast.Add, facts: Facts) -> ast.operator:
...     "Subtract where one should add."
...     return ast.Sub()
>>> print(difference("x = 2 + 2\nprint(x)", worse))
x is 0, and 4 without the passes
>>> difference("x = 2 * 2", worse) is None
True
"""

from __future__ import annotations

import io
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from wadjet.pipeline.code import compiled
from wadjet.pipeline.unit import Pass

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_NAME = "<program>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a module leaves behind, as texts that can be compared.

    ``error`` is type, message and the lines of the traceback; ``lines`` those that were
    visited, if somebody asked for them.
    """

    names: Mapping[str, str]
    output: str
    error: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(slots=True)
class _Trace:
    """Notes the lines of a program as it visits them."""

    lines: list[int] = field(default_factory=list)

    def __call__(self, frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename != _NAME:
            return None
        if event == "line":
            self.lines.append(frame.f_lineno)
        return self


def outcome(source: str, passes: Sequence[Pass] = (), *, trace: bool = False) -> Outcome:
    """Run a module's source in a namespace of its own, and return what came of it.

    Raises SyntaxError and PassError as compiling does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compiled(_NAME, source, passes)
    space: dict[str, Any] = {"__name__": "program"}
    output, noted = io.StringIO(), _Trace()
    error: tuple[str, ...] = ()
    before = sys.gettrace()
    with redirect_stdout(output):
        if trace:
            sys.settrace(noted)
        try:
            exec(code, space)
        except Exception as raised:  # whatever a program does
            error = tuple(_described(raised))
        finally:
            sys.settrace(before)
    names = {
        name: _plain(value)
        for name, value in space.items()
        if not name.startswith(("__b", "_wadjet_"))
    }
    printed = _ADDRESS.sub("0x", output.getvalue())
    return Outcome(names, printed, error, tuple(noted.lines))


def _once(words: Sequence[str]) -> tuple[str, ...]:
    """Return words, those once that stand there several times in a row."""
    return tuple(word for word, _ in groupby(words))


def _is_shorter(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether an error is another with fewer lines before the last of its traceback."""
    rest = iter(other)
    return one[:2] == other[:2] and one[-1:] == other[-1:] and all(line in rest for line in one)


def _described(error: Exception) -> Iterator[str]:
    yield type(error).__name__
    yield _ADDRESS.sub("0x", str(error))
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == _NAME:
            yield f"line {frame.lineno}"


def _plain(value: object) -> str:
    try:
        return _ADDRESS.sub("0x", repr(value))
    except Exception as error:  # a program's own classes may do anything
        return f"<{type(error).__name__}>"


def difference(source: str, *passes: Pass, trace: bool = False, frames: bool = True) -> str | None:
    """Return in one line how a program differs with passes, or None where it does not.

    Without ``frames``, a traceback may lack lines before the last one, or have one of them
    again: a comprehension has a frame where a call had none. The
    program is run, twice, in this process: give it nothing that it should not do.
    """
    ours, stock = outcome(source, passes, trace=trace), outcome(source, trace=trace)
    if not frames and _is_shorter((*ours.error[:2], *_once(ours.error[2:])), stock.error):
        stock = replace(stock, error=ours.error)
    for name in sorted({*ours.names, *stock.names}):
        one, other = ours.names.get(name, "missing"), stock.names.get(name, "missing")
        if one != other:
            return f"{name} is {one}, and {other} without the passes"
    for what in ("output", "error", "lines"):
        one, other = getattr(ours, what), getattr(stock, what)
        if one != other:
            return f"its {what} is {one!r}, and {other!r} without the passes"
    return None
