"""What is least and greatest is the same, by whom and in which order it is compared too."""

from __future__ import annotations

import pytest
from tests.compiler.rewritten import made, same

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.equivalence import difference
from wadjet.target.behavior import FAST_LEAST


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("min(a, b)", "b if b < a else a"),
        ("max(a, b)", "b if b > a else a"),
        ("max(a, 0)", "0 if 0 > a else a"),
        ("min(-1, b)", "b if b < -1 else -1"),
    ],
)
def test_two_are_compared(code: str, after: str) -> None:
    assert made("smallest", f"def f(a, b): return {code}").endswith(f"return {after}")


def test_three_are_compared_where_a_call_makes_a_tuple_of_them() -> None:
    left = made("smallest", "def f(a, b, c): return min(a, b, c)").endswith("min(a, b, c)")
    assert left == FAST_LEAST


@pytest.mark.parametrize(
    "code",
    [
        "def f(a): return min(a, len(a))",
        "def f(a): return min(a, key=len)",
        "def f(a, b): return min(a, b, key=len)",
        "def f(a, b): return min(a, b, default=0)",
        "def f(a, b): return min(*a, b)",
        "def f(a): return min(a)",
        "def f(a): return min(a, K)",
        "def f(b):\n    global a\n    return min(a, b)",
        "def f(a, b):\n    def g():\n        nonlocal b\n        b = 1\n    return min(a, b)",
        "def f(a, b): return lambda: min(a, b)",
        "def f(a, b, min): return min(a, b)",
        "min = 3\ndef f(a, b): return min(a, b)",
        "from m import *\ndef f(a, b): return min(a, b)",
        "a = b = 3\nc = min(a, b)",
        "class C:\n    a = b = 3\n    c = min(a, b)",
    ],
)
def test_what_cannot_be_compared_alone_is_asked_for(code: str) -> None:
    assert made("smallest", code) == same(code)


_VALUES = "[1, 1.0, True, 0, -0.0, float('nan'), 'a', 'b', None, [1], K(1), K(2), Odd()]"
_COMPARED = f"""
class K:
    def __init__(self, n): self.n = n
    def __lt__(self, other): print('lt', self.n); return self.n < getattr(other, 'n', 9)
    def __gt__(self, other): print('gt', self.n); return []
    def __repr__(self): return f'K{{self.n}}'
class Odd:
    def __lt__(self, other): return self
    def __bool__(self): raise ValueError('neither')
    def __repr__(self): return 'Odd'
def two(a, b): return min(a, b), max(a, b)
def three(a, b, c): return min(a, b, c), max(a, b, c)
def within(x, low, high): return max(low, min(x, high)), min(max(x, low), high)
def unbound(a, b):
    if a: x = 1
    if b: y = 2
    print(b)  # as 3.11 is a line off where a local is read right after one is bound
    return min(x, y)
def gone(a, b):
    if a is None: del b
    return max(a, b)
values = {_VALUES}
def tried(f, *given):
    try: print(f.__name__, f(*given))
    except Exception as error:
        print(type(error).__name__, error, error.__traceback__.tb_next.tb_lineno)
for a in values:
    for b in values:
        tried(two, a, b); tried(unbound, a, b); tried(gone, a, b)
        for c in values[::3]:
            tried(three, a, b, c); tried(within, a, b, c)
"""


def test_what_is_least_and_greatest_is_the_same() -> None:
    assert (
        "min(" not in made("smallest", _COMPARED).partition("values")[0].partition("def three")[0]
    )
    assert difference(_COMPARED, *chosen(["smallest"])) is None
    assert difference(_COMPARED, *chosen(["all"]), frames=False) is None
