"""Emptiness, squares and loops over indexes, where types are known, and where they are not."""

from __future__ import annotations

import pytest
from tests.compiler.rewritten import made, same

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.equivalence import difference

WORDS = "types"


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("len(x) == 0", "not x"),
        ("len(x) < 1", "not x"),
        ("len(x) <= 0", "not x"),
        ("len(x) != 0", "not not x"),
        ("len(x) > 0", "not not x"),
        ("len(x) >= 1", "not not x"),
    ],
)
@pytest.mark.parametrize("value", ["[]", "()", "{}", "set()", "frozenset(a)", "'a'", "b'a'"])
def test_a_container_is_asked_whether_it_is_empty(asked: str, after: str, value: str) -> None:
    assert made(WORDS, f"def f(a):\n    x = {value}\n    return {asked}").endswith(
        f"return {after}"
    )


def test_an_int_is_multiplied_by_itself() -> None:
    after = made(WORDS, "def f(a):\n    n = len(a)\n    while a(n ** 2): n += 1")
    assert "while a(n * n)" in after


LOOPS = ["tuple(a)", "'abc'", "b'ab'", "[1, 2]", "sorted(a)", "[b for b in a]"]


@pytest.mark.parametrize("value", LOOPS)
def test_a_loop_over_indexes_goes_over_items(value: str) -> None:
    after = made(WORDS, f"def f(a):\n    x = {value}\n    for i in range(len(x)): a(x[i], x[i])")
    assert "for i in x:\n        a(i, i)" in after


def test_a_list_of_the_function_s_own_may_be_worked_on_before_and_returned() -> None:
    code = """
def f(a):
    x = []
    for b in a: x.append(b)
    x += [1]; x[0] = 2; x.sort()
    for i in range(len(x)): a(x[i])
    return x
"""
    assert "for i in x:" in made(WORDS, code)


@pytest.mark.parametrize(
    "code",
    [
        "def f(x): return len(x) == 0",
        "def f(x: list): return len(x) == 0",
        "def f(a):\n    x = [a]\n    return len(x) == 1",
        "def f(a):\n    x = [a]\n    return len(x) > False",
        "def f(a):\n    x = [a]\n    return len(x) == 0 == a",
        "def f(a, len):\n    x = [a]\n    return len(x) == 0",
        "len = 3\ndef f(a):\n    x = [a]\n    return len(x) == 0",
        "from m import *\ndef f(a):\n    x = [a]\n    return len(x) == 0",
        "def f(a):\n    x = [a]\n    return len(x) == 0, locals()",
        "def f(a):\n    x = range(a)\n    return len(x) == 0",
        "x = []\ny = len(x) == 0",
        "class C:\n    x = []\n    y = len(x) == 0",
        "def f(a):\n    x = []\n    def g():\n        nonlocal x\n        x = a\n    len(x) > 0",
        "def f(n): return n ** 2",
        "def f(a):\n    n = 1.5\n    return n ** 2",
        "def f(a):\n    n = 3\n    return n ** 3",
        "def f(a):\n    n = 3\n    return [n ** 2 for b in a]",
        "def f(a):\n    n = 3\n    n ** 2 if a else 1\n    n = a\n    n ** 2",
    ],
)
def test_what_is_not_known_is_left(code: str) -> None:
    left = made(WORDS, code)
    assert left == same(code) or left.count("n ** 2") == 1


BEFORE = "x = [1, 2]"


@pytest.mark.parametrize(
    ("before", "within", "after"),
    [
        ("x = a", "a(x[i])", ""),
        ("x = {0: 1}", "a(x[i])", ""),
        (BEFORE, "a(x[i], i)", ""),
        (BEFORE, "a(x[i])", "a(i)"),
        (BEFORE, "x[i] = 3", ""),
        (BEFORE, "x[i] += 3", ""),
        (BEFORE, "del x[i]", ""),
        (BEFORE, "x.append(x[i])", ""),
        (BEFORE, "x = x[i]", ""),
        (BEFORE, "x = [x[i]]", ""),
        (BEFORE, "a(x[i], x)", ""),
        (BEFORE, "return x, x[i]", ""),
        (BEFORE, "yield x[i], x", ""),
        (BEFORE, "pass", ""),
        ("x = y = [1]", "a(x[i])", ""),
        ("y = [1]; x = y", "a(x[i])", ""),
        (f"{BEFORE}; y = x", "a(x[i])", ""),
        (f"{BEFORE}; y = [x]", "a(x[i])", ""),
        (f"{BEFORE}; a(x)", "a(x[i])", ""),
        (f"{BEFORE}; a += x", "a(x[i])", ""),
        (f"{BEFORE}; x.append(x)", "a(x[i])", ""),
        (f"{BEFORE}; y = x.append", "a(x[i])", ""),
        (f"{BEFORE}; y = lambda: x", "a(x[i])", ""),
        (BEFORE, "a(x[i])", "return lambda: i"),
        (BEFORE, "a(lambda: x[i])", ""),
        (BEFORE, "a([x[i] for i in a])", ""),
        (f"global i; {BEFORE}", "a(x[i])", ""),
    ],
)
def test_a_loop_that_may_see_another_item_is_left(before: str, within: str, after: str) -> None:
    code = f"def f(a):\n    {before}\n    for i in range(len(x)): {within}\n    {after or 'pass'}"
    assert made(WORDS, code) == same(code)


def test_why_it_is_left_is_said() -> None:
    from wadjet.compiler.catalog import PASSES
    from wadjet.pipeline.passes import run
    from wadjet.pipeline.source import Source
    from wadjet.pipeline.tree import parse
    from wadjet.pipeline.unit import Unit

    source = Source("a.py", "def f(n, x):\n    for i in range(len(x)): x[i] = n ** 2")
    unit = run(Unit(source, parse(source)), PASSES, notes=True)
    assert [each.why for each in unit.changes if each.by in ("known-types", "indexes")] == [
        "n may be something else than an int",
        "x may be something else than a list, tuple, str or bytes",
    ]


PROGRAM = """
def empty(words):
    kept = [word for word in words if word]
    print(len(kept) == 0, len(kept) > 0, 'some' if len(kept) >= 1 else 'none')
    return [] if len(kept) < 1 else kept
def squares(n):
    total = 0
    for i in range(n):
        total += i ** 2
    return total, total ** 2
def items(rows):
    rows = list(rows)
    for i in range(len(rows)):
        if rows[i] == 'b': continue
        print(rows[i], rows[i])
    else:
        print('end')
    missing = rows[::2]
    for i in range(len(missing)):
        return missing[i]
for words in ([], [''], ['a', 'b'], 'xyz', ((), 1, None)):
    print(empty(words), items(words))
print(squares(9), squares(0))
"""


def test_what_is_done_is_the_same() -> None:
    after = made(WORDS, PROGRAM)
    assert "len(kept)" not in after
    assert "** 2" not in after
    assert "for i in rows" in after
    assert difference(PROGRAM, *chosen([WORDS]), frames=False) is None
    assert difference(PROGRAM, *chosen(["all"]), frames=False) is None
