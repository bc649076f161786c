"""Passes that assume something: what they do, and where they must not."""

from __future__ import annotations

import sys

import pytest
from tests.compiler.rewritten import made, same


@pytest.mark.parametrize(
    "code",
    [
        "def f(len): return len('abc')",
        "from m import *\nn = len('abc')",
        "def g():\n    global len\n    len = 3\nn = len('abc')",
        "exec('len = 3')\nn = len('abc')",
        "n = len('abc', 'd')",
        "n = int('x')",
        "n = bytes(10 ** 9)",
        "n = int('10', base=2)",
        "n = dict(**x)",
        "n = set(x)",
    ],
)
def test_builtins_that_may_be_others_or_fail_are_left(code: str) -> None:
    assert made("builtin-calls", code) == same(code)


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("n = len('abc')", "n = 3"),
        ("n = max(1, 2), chr(97), round(2.5)", "n = (2, 'a', 2)"),
        ("n = dict(a=1)", "n = {'a': 1}"),
        ("n = set([1, x])", "n = {1, x}"),
        ("n = tuple((1, 2))", "n = (1, 2)"),
    ],
)
def test_builtins_are_called_beforehand(code: str, after: str) -> None:
    assert made("builtins", code) == after


@pytest.mark.parametrize(
    "code",
    [
        "import math\nmath = other\nx = math.sqrt(4)",
        "def f():\n    import math\n    return math.sqrt(4)",
        "if x:\n    import math\ny = math.sqrt(4)",
        "import math\nx = math.sqrt(-1)",
        "import math\nx = math.sqrt(y)",
        "from .math import sqrt\nx = sqrt(4)",
        "import math\nmath.pi = 3",
        "import math\ndel math.pi",
    ],
)
def test_library_calls_that_may_be_others_are_left(code: str) -> None:
    assert made("library", code) == same(code)


def test_library_calls_go_by_what_was_imported() -> None:
    assert made("library", "import math as m\nx = m.sqrt(4) + m.pi").endswith(
        "x = 2.0 + 3.141592653589793"
    )
    assert made("library", "from struct import calcsize as c\nx = c('<I')").endswith("x = 4")


def test_the_platform_is_taken_for_what_it_is() -> None:
    code = "import sys\na = sys.platform\nb = sys.version_info >= (3, 99)\nc = sys.version_info[0]"
    assert made("platform", code).splitlines()[1:] == [
        f"a = {sys.platform!r}",
        "b = False",
        "c = 3",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nx = sys.version_info >= (3, 11, 4)",
        "import sys\nx = sys.version_info == (3, 11)",
        "import sys\nsys.platform = 'java'",
        "class sys:\n    platform = 1\nx = sys.platform",
        "import sys\nx = sys.version_info[2]",
    ],
)
def test_a_patch_release_may_be_another_one_tomorrow(code: str) -> None:
    assert made("platform", code) == same(code)


@pytest.mark.parametrize(
    "code",
    [
        "DEBUG = False\nDEBUG = True\nx = DEBUG",
        "DEBUG = read()\nx = DEBUG",
        "if x:\n    DEBUG = False\ny = DEBUG",
        "debug = False\nx = debug",
        "DEBUG = []\nx = DEBUG",
        "def f():\n    global DEBUG\n    DEBUG = 1\nDEBUG = 0\nx = DEBUG",
        "class C:\n    DEBUG = 1\n    x = DEBUG",
        "DEBUG = 0\ndef f(DEBUG): return DEBUG",
    ],
)
def test_only_what_is_bound_once_to_a_constant_is_a_flag(code: str) -> None:
    assert made("flags", code) == same(code)


@pytest.mark.parametrize("value", ["'==GONE=='", "1", "1000", "b'x'"])
def test_whether_an_object_is_the_very_flag_is_asked_of_the_flag(value: str) -> None:
    code = f"GONE = {value}\ndef f(x): return x is not GONE or GONE is x or x == GONE"
    assert made("flags", code) == same(code.replace("x == GONE", f"x == {value}"))


def test_there_is_one_true_and_one_none() -> None:
    code = "A = None\nB = True\ndef f(x): return x is A or x is B"
    assert made("flags", code) == same(code.replace("is A", "is None").replace("is B", "is True"))


def test_a_dead_branch_still_says_what_its_names_are() -> None:
    code = "DEBUG = False\ndef f():\n    if DEBUG:\n        x = 1\n        yield\n    return x"
    space: dict[str, object] = {}
    exec(made("flags", code), space)
    generator = space["f"]()  # type: ignore[operator]
    with pytest.raises(UnboundLocalError):
        next(generator)
