"""Generators that are used up at once: which become comprehensions, and that nobody can tell."""

from __future__ import annotations

import ast

import pytest

from wadjet.compiler.folding.comprehensions import comprehensions
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tuple(x for x in y)", "tuple([x for x in y])"),
        ("sorted(x for x in y if x)", "sorted([x for x in y if x])"),
        ("list(x for x in y for z in x)", "[x for x in y for z in x]"),
        ("set(x for x in y)", "{x for x in y}"),
        ("dict((k, v) for k, v in y)", "{k: v for k, v in y}"),
        ("','.join(x for x in y)", "','.join([x for x in y])"),
        ("b''.join(x for x in y)", "b''.join([x for x in y])"),
    ],
)
def test_what_collects_first_gets_a_comprehension(before: str, after: str) -> None:
    assert applied(before, comprehensions) == after


@pytest.mark.parametrize(
    "code",
    [
        "sum(x for x in y), any(x for x in y), all(x for x in y), max(x for x in y)",
        "frozenset(x for x in y), bytes(x for x in y)",
        "sorted((x for x in y), key=f())",
        "s.join(x for x in y)",
        "dict(x for x in y)",
        "dict((*x, 1) for x in y)",
        "tuple(locals() for x in y)",
        "tuple(x for x in y if super().f(x))",
        "def tuple(x): pass\nz = tuple(x for x in y)",
        "from m import *\nz = tuple(x for x in y)",
        "async def f(): return list(x async for x in y)",
        "async def f(): return list(await x for x in y)",
        "tuple([x for x in y]), any([x for x in y])",
    ],
)
def test_what_would_do_something_else_is_left(code: str) -> None:
    assert applied(code, comprehensions) == ast.unparse(ast.parse(code))


def test_a_generator_over_several_lines_is_left() -> None:
    code = "z = tuple(\n    x\n    for x in y)"
    assert applied(code, comprehensions) == "z = tuple((x for x in y))"


LOUD = """
class Loud:
    def __init__(self, n): self.n = n; print('made', n)
    def __hash__(self): print('hash', self.n); return 0 if self.n < 3 else [] + 1
    def __eq__(self, other): print('eq', self.n, other.n); return self.n % 2 == other.n % 2
    def __lt__(self, other): print('lt', self.n, other.n); return self.n < other.n
    def __repr__(self): return f'L{self.n}'
"""


@pytest.mark.parametrize(
    "code",
    [
        "z = set(Loud(n) for n in range(3))",
        "z = set(Loud(n) for n in range(5))",
        "z = dict((Loud(n), Loud(n + 1)) for n in range(2))",
        "z = dict((Loud(n), Loud(n + 1)) for n in range(4))",
        "z = sorted(Loud(n) for n in (3, 1, 2))",
        "z = tuple(Loud(n) for n in (3, 1, 2))",
        "z = ','.join(Loud(n) for n in (3, 1, 2))",
        "z = list(1 / n for n in (3, 0, 2))",
        "z = tuple(1 for n in 5)",
        "z = tuple(1 for n in (1, 2) for m in 5)",
        "z = tuple(1 for n, m in (1, 2))",
        "z = tuple(1 for n in (1, 2)\n if 1 / (n - 2))",
        "z = set([] for n in (1, 2))",
        "z = dict((n, 1) for n in ([], 2))",
        "z = tuple((y := n) for n in (1, 2)), y",
    ],
)
def test_the_order_and_the_line_of_what_happens_stay(code: str) -> None:
    assert applied(code, comprehensions) != ast.unparse(ast.parse(code)), "it would prove nothing"
    assert difference(LOUD + code, comprehensions, frames=False) is None
