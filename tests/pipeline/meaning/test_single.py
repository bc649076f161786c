"""A quick look at which locals are bound once, to what may be a constant."""

from __future__ import annotations

import ast

import pytest

from wadjet.pipeline.meaning.single import bound_once


def found(code: str) -> dict[str, list[tuple[str, int]]]:
    each = bound_once(ast.parse(code)).items()
    return {
        name: [(function.name, at.lineno) for function, at, _ in places] for name, places in each
    }


def test_each_function_has_its_own() -> None:
    code = "n = 1\ndef f():\n    n = 1\n    class C:\n        m = 1\n        def g(): n = 2"
    assert found(code) == {"n": [("f", 3), ("g", 6)]}


@pytest.mark.parametrize(
    "head", ["if a:", "for x in a:", "while a:", "with a:", "try: pass\n    finally:"]
)
def test_statements_within_statements_are_seen(head: str) -> None:
    assert found(f"def f(a):\n    {head}\n        n = 1")["n"]
    assert "n" not in found(f"def f(a):\n    n = 2\n    {head}\n        n = 1")


@pytest.mark.parametrize(
    "other",
    ["n += 1", "n = g()", "n, m = a", "global n", "for n in a: pass", "for m, n in a: pass"],
)
def test_what_another_statement_binds_is_not_there(other: str) -> None:
    assert found("def f(a):\n    n = 1") == {"n": [("f", 2)]}
    assert found(f"def f(a):\n    n = 1\n    {other}") == {}


def test_neither_are_parameters_and_what_is_no_constant() -> None:
    assert found("def f(a, /, b, *, c):\n    a = b = c = 1\n    d = g()\n    e = []") == {}
