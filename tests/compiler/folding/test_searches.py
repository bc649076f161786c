"""``any``, ``all`` and ``sum`` of generators: which become loops, and that nobody can tell."""

from __future__ import annotations

import ast
from textwrap import indent

import pytest

from wadjet.compiler.folding.searches import searches
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied, run
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Unit


def in_function(text: str) -> str:
    return f"def f(y, z):\n{indent(text, '    ')}"


@pytest.mark.parametrize(
    "code",
    [
        "x = any(a for a in y)",
        "return all(a for a, (b, c) in y if b if c)",
        "if not any(a > z for a in y):\n    return 1",
        "x = y[0] = sum(1 for a in y if a)",
        "return sum(1 if a in z else 0 for a in y)",
        "return sum(not a for a in y)",
    ],
)
def test_what_a_statement_has_alone_becomes_a_loop(code: str) -> None:
    made = applied(in_function(code), searches)
    assert " for _wadjet_0a" in made
    assert not any(word in made for word in ("any", "all(", "sum("))


@pytest.mark.parametrize(
    "code",
    [
        "return sum(a for a in y), any(a for a in y)",
        "return sum(a for a in y)",
        "return sum(a == 1 for a in y)",
        "return any(a for b in y for a in b)",
        "return any([a for a in b] for b in y)",
        "return any((lambda: a)() for a in y)",
        "return any((b := a) for a in y)",
        "return any(locals() for a in y)",
        "return any(a for a.b in y)",
        "return -sum(1 for a in y)",
    ],
)
def test_what_would_do_something_else_is_left(code: str) -> None:
    code = in_function(code)
    assert applied(code, searches) == ast.unparse(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "x = any(a for a in y)",
        "class C:\n    x = any(a for a in y)",
        "def any(y): return y\ndef f(y):\n    return any(a for a in y)",
        "def f(y):\n    x = any(a for a in y)\n    return locals()",
        "async def f(y):\n    return any(await a for a in y)",
        "def f(y):\n    return any(\n    a for a in\n    y)",
    ],
)
def test_names_that_could_be_seen_stay_those_of_the_generator(code: str) -> None:
    assert applied(code, searches) == ast.unparse(ast.parse(code))


LOUD = """
class Loud:
    def __init__(self, n): self.n = n
    def __bool__(self): print('asked', self.n); return self.n > 1
    def __iter__(self):
        for each in range(self.n):
            print('gives', each)
            yield Loud(each)
def f(y, a=7):
    if any(a for a in y): print('any', a)
    x = all(not a for a in y if a.n)
    print(x, a)
    return sum(1 for a in y if a)
print(f(Loud(4)), f(Loud(0)))
try: f(3)
except TypeError as error: print(error, error.__traceback__.tb_next.tb_lineno)
try: f([1])
except AttributeError as error: print(error, error.__traceback__.tb_next.tb_lineno)
"""


def test_items_are_asked_for_one_by_one_as_before() -> None:
    assert difference(LOUD, searches, frames=False) is None
    assert applied(LOUD, searches).count("_wadjet_0found = ") == 5


def test_what_was_there_is_told_of_as_it_was() -> None:
    source = Source("a.py", in_function("if not any(a for a in y):\n    return 1"))
    unit = run(Unit(source, parse(source)), [searches], notes=True)
    assert [each.before for each in unit.changes] == [
        "if not any((a for a in y)):\n    return 1",
    ]
