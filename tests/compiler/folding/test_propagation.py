"""Locals that are bound once, to a constant: where they are that, and where they may not be."""

from __future__ import annotations

import ast

import pytest

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied

PASSES = chosen(["locals", "builtins", "safe"])


def body(code: str) -> str:
    """Return what becomes of the body of a function."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    made = applied(f"def f(a):\n{lines}", *PASSES)
    return "\n".join(line[4:] for line in made.splitlines()[1:])


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("n = 3\nreturn n * 2", "return 6"),
        ("n = m = 3\nreturn n * m", "return 9"),
        ("n = 60 * 60 ** 30\nm = n + 1\nreturn m > 5", "return True"),
        ("n = 'ab'\nreturn n.upper()", "return 'AB'"),
        ("n = 'ab'\nreturn len(n)", "return 2"),
        ("n = 5\nreturn f'{n}{a}'", "return f'5{a}'"),
        ("n = False\nreturn 1 if n else 2", "return 1 if False else 2"),
        ("if a:\n    n = 3\n    return n + 1", "    return 4"),
        ("for x in a:\n    n = 3\n    x = n + 1", "    x = 4"),
    ],
)
def test_what_is_computed_from_it_is_computed_beforehand(code: str, last: str) -> None:
    assert body(code).splitlines()[-1] == last


@pytest.mark.parametrize(
    "code",
    [
        "n = 3\nreturn n * a",
        "n = 3\nreturn g(n)",
        "n = 3\nn = 4\nreturn n * 2",
        "n = 3\nn += 1\nreturn n * 2",
        "if a:\n    n = 3\nreturn n * 2",
        "for x in a:\n    y = n * 2\n    n = 3",
        "a = 3\nreturn a * 2",
        "n = 3\ndel n\nreturn n * 2",
        "global n\nn = 3\nreturn n * 2",
        "n = 3\nfor n, x in a:\n    pass\nreturn n * 2",
        "n = 3\nwith a as n:\n    pass\nreturn n * 2",
        "n = 3\nif (n := a):\n    pass\nreturn n * 2",
        "n = 3\nmatch a:\n    case [n]:\n        pass\nreturn n * 2",
        "n = 3\nimport n\nreturn n * 2",
        "try:\n    g()\n    n = 3\nfinally:\n    n * 2",
        "n = 3\n\ndef g():\n    nonlocal n\n    n = 4\ng()\nreturn n * 2",
        "n = 3\n\ndef g(n):\n    return n * 2\nreturn g",
        "n = 3\nexec(a)\nreturn n * 2",
        "n = 3\nlocals()\nreturn n * 2",
        "n = 3\n\nclass C:\n    n = 4\n    m = n * 2",
        "n = [3]\nreturn n * 2",
        "n = 3\nreturn n is 3",
        "n = 3\nm = None\nreturn n is not m",
    ],
)
def test_what_may_be_something_else_or_gains_nothing_is_left(code: str) -> None:
    assert body(code) == ast.unparse(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "def f(a):\n    n = 0\n    return 1 / n\nf(1)",
        "def f(a):\n    n = 'x'\n    return n.index('y')\nf(1)",
        "def f(a):\n    n = False\n    while n: x = 1\n    return locals()\nprint(f(1))",
        "def f(a):\n    n = False\n    if n: x = 1\n    return x\nf(1)",
        "def f(a):\n    n = 1e308\n    yield n * 10\nprint(*f(1))",
    ],
)
def test_it_fails_and_is_seen_as_before(code: str) -> None:
    assert difference(code, *PASSES) is None
