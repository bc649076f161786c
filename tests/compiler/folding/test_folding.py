"""All passes of folding together: what a program does, it still does."""

from __future__ import annotations

import ast
import traceback
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.compiler.expressions import CONSTANT, EXPRESSIONS

from wadjet.compiler.catalog import PASSES, SAFE
from wadjet.compiler.folding.unrolling import unrolling
from wadjet.pipeline.code import compiled
from wadjet.pipeline.passes import applied
from wadjet.pipeline.unit import Pass

NEARLY = (*SAFE, unrolling)
"""What assumes nothing of other modules."""

CALM = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


class Loud:
    """Notes what is done to it, in order."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.log.append(name)
        return lambda *arguments: self

    def __add__(self, other: object) -> object:
        self.log.append(f"+ {other!r:.40}")
        return other

    def __eq__(self, other: object) -> bool:
        self.log.append(f"== {other!r:.40}")
        return False

    def __format__(self, spec: str) -> str:
        self.log.append(f"format {spec}")
        return "loud"

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "loud"


def outcome(source: str, passes: tuple[Pass, ...]) -> tuple[object, ...]:
    """Return what a module leaves behind: results, what was done to its inputs, errors."""
    log: list[str] = []
    space: dict[str, Any] = {"x": Loud(log), "y": 3, "rows": [1, "b"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compiled("a.py", source, passes), space)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == "a.py"]
            return (type(error), error.args and str(error.args[0])[:60], lines, log)
    return (repr(space.get("result"))[:10_000], space.get("__doc__"), log)


@given(CONSTANT)
@CALM
def test_a_constant_expression_comes_to_the_same(text: str) -> None:
    source = f"def f():\n    '''doc'''\n    return (\n        {text})\nresult = f()\n"
    assert outcome(source, PASSES) == outcome(source, ())


@given(EXPRESSIONS)
@CALM
def test_what_is_done_to_names_is_done_in_the_same_order(text: str) -> None:
    source = f"{text}\nresult = [{text}, lambda: {text}][0]\n"
    assert outcome(source, NEARLY) == outcome(source, ())


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    f'text'\nresult = f.__doc__",
        "f'text'\nresult = 1",
        "class C:\n    'a' 'b'.upper()\nresult = C.__doc__",
        "def f(a: 'x'.upper() = 'y'.upper()): pass\nresult = f.__annotations__, f.__defaults__",
        "from __future__ import annotations\ndef f(a: 1 + 1): pass\nresult = f.__annotations__",
        "for x in ('a', 'b'):\n    y = x\nelse:\n    y += '!'\nresult = x, y",
        "for x in (1, 2):\n    if x == 1:\n        continue\n    y = x\nresult = y",
        "for x in (1, 2):\n    for z in rows:\n        y = z, x\nresult = y",
        "result = [(lambda: x) for x in ('a', 'b')]\nresult = [f() for f in result]",
        "def g():\n    for x in ('a', 'b'):\n        yield x\nresult = list(g())",
        "for x in (1, 2):\n    try: 1 / (x - 2)\n    except ValueError: y = x",
        "match 'A':\n    case 'A':\n        result = 1\n    case _:\n        result = 2",
        "result = f'{1:{3}}{2!r:>{4}}'",
        "result = {'a'.upper(): 1, **{'b'.upper(): 2}}",
        "result = '%s' % 'a'.upper(), '%r %d' % ('a', 3), '%(a)s' % {'a': 1}",
        "result = (1 if 'a' in 'abc' else 2), 1 < 2 < 3, (1, 2) == (1, 2)",
        "def f():\n    return 'x'.index('y')\nf()",
        "def f():\n    return (\n        1 +\n        'a')\nf()",
        "result = 'ß'.upper(), 'İ'.lower(), 'ǆ'.title(), '½'.isnumeric()",
        "del rows[1 - 1]\nrows[0 * 2] = 5\nresult = rows",
    ],
)
def test_traps_that_others_fell_into(source: str) -> None:
    assert outcome(source, NEARLY) == outcome(source, ())


def test_lines_of_a_loop_that_is_unrolled_are_visited_as_before() -> None:
    import sys

    source = "def f():\n    for x in (1, 2):\n        y = x\n        z = y\n    return z\n"

    def lines(passes: tuple[Pass, ...]) -> list[int]:
        seen: list[int] = []
        space: dict[str, Any] = {}
        exec(compiled("a.py", source, passes), space)

        def trace(frame: Any, event: str, arg: object) -> Any:
            if event == "line" and frame.f_code.co_filename == "a.py":
                seen.append(frame.f_lineno)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            space["f"]()
        finally:
            sys.settrace(before)
        return seen

    assert "for" not in applied(source, *NEARLY)
    assert lines(NEARLY) == lines(()) == [2, 3, 4, 2, 3, 4, 2, 5]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'abc'.upper()", "'ABC'"),
        ("'a,b'.split(',')", "'a,b'.split(',')"),
        ("'x'.ljust(100000)", "'x'.ljust(100000)"),
        ("b'ab'.hex()", "'6162'"),
        ("(5).bit_length()", "3"),
        ("'{}'.format(x)", "'{}'.format(x)"),
        ("2 ** 200 // 3", str(2**200 // 3)),
        ("9 ** 99999", "9 ** 99999"),
        ("1 << 99999", "1 << 99999"),
        ("'a' * 99999", "'a' * 99999"),
        ("'%99999d' % 1", "'%99999d' % 1"),
        ("'a' in 'abc'", "True"),
        ("1 is 1", "1 is 1"),
        ("'a' == b'a'", "'a' == b'a'"),
        ("f'{1}{x}{2}{3}'", "f'1{x}23'"),
        ("f'{1:n}'", "f'{1:n}'"),
        ("f'{x:{5}}'", "f'{x:5}'"),
    ],
)
def test_what_is_folded_and_what_is_left(before: str, after: str) -> None:
    assert applied(f"z = {before}", *NEARLY) == ast.unparse(ast.parse(f"z = {after}"))
