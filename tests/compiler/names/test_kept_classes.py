"""Tuples and unions of built-in classes are made once, where nobody gets hold of them."""

from __future__ import annotations

import pytest
from tests.compiler.rewritten import made, same

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.equivalence import difference


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("isinstance(x, (int, str))", "isinstance(x, _wadjet_0of_int_str)"),
        ("issubclass(x, (int, type(None)))", "issubclass(x, _wadjet_0of_int_NoneType)"),
        ("isinstance(x, int | None | str)", "isinstance(x, _wadjet_0of_int_or_None_or_str)"),
        ("type(x) in (float, list)", "type(x) in _wadjet_0of_float_list"),
        ("type(x) not in (type,)", "type(x) not in _wadjet_0of_type"),
    ],
)
def test_classes_are_kept(code: str, after: str) -> None:
    assert made("kept-classes", f"def f(x): return {code}").endswith(f"return {after}")


def test_classes_that_are_caught_are_kept_once() -> None:
    one = "try:\n        x()\n    except (KeyError, OSError) as e:\n        print(e)"
    text = made("kept-classes", f"def f(x):\n    {one}\n    {one}")
    assert text.count("(KeyError, OSError)") == 1
    assert text.count("except _wadjet_0of_KeyError_OSError as e:") == 2


@pytest.mark.parametrize(
    "code",
    [
        "def f(x): return isinstance(x, (int, K))",
        "def f(x): return isinstance(x, (int, len))",
        "def f(x): return isinstance(x, None | None)",
        "def f(x): return isinstance(x, int & str)",
        "def f(x): return isinstance(x, ())",
        "def f(x): return isinstance(x, (None,))",
        "def f(x): return isinstance(x, (int, (str, bytes)))",
        "def f(x): return (int, str)",
        "def f(x): return g(x, (int, str))",
        "def f(x): return x is (int, str)",
        "def f(x): return x in (1, 2)",
        "def f(x, int): return isinstance(x, (int, str))",
        "def f(x, isinstance): return isinstance(x, (int, str))",
        "from m import *\ndef f(x): return isinstance(x, (int, str))",
        "int = 3\ndef f(x): return isinstance(x, (int, str))",
        "def f(x): return isinstance(x, (int, str))\ndef g():\n    global str",
        "def f(x): exec(x)\ndef g(x): return type(x) in (int, str)",
        "x = isinstance(x, (int, str))",
        "class C:\n    y = isinstance(x, (int, str))",
    ],
)
def test_classes_that_vary_or_are_asked_once_are_left(code: str) -> None:
    if "global str" in code:
        code += "\n    str = 3"
    assert made("kept-classes", code) == same(code)


def test_what_is_kept_is_there_before_anything_runs() -> None:
    code = """'''doc'''
from __future__ import annotations
def f(x): return isinstance(x, (int, str)), isinstance(x, int | None)
class C:
    a = f(1), f('a')
    def m(self): return [type(each) in (int, type(None)) for each in (1, None, 'a')]
print(f(None), C.a, C().m(), __doc__)
"""
    assert difference(code, *chosen(["kept-classes"])) is None
    assert difference(code, *chosen(["all"])) is None
