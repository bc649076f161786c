"""What is rewritten, what is kept as it is, and the proof of it."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from wadjet.errors import SourceError
from wadjet.pipeline.shapes.instance import identical
from wadjet.pipeline.shapes.pattern import PatternError, pattern
from wadjet.pipeline.shapes.rewriting import Rewritten, check, rewrite
from wadjet.pipeline.shapes.search import Query
from wadjet.pipeline.source import Source


def rewritten(before: str, after: str, code: str) -> Rewritten:
    query, replacement = Query(pattern(before)), pattern(after)
    check(query, replacement)
    return rewrite(query, replacement, Source("a.py", code))


EXPRESSIONS = [
    # pattern, replacement, code, new code
    ("len($x) == 0", "not $x", "if len( a ) == 0: pass", "if not a: pass"),
    ("len($x) == 0", "not $x", "x = len(a or b) == 0", "x = not (a or b)"),
    ("len($x) == 0", "not $x", "x = (len(a) == 0) is b", "x = (not a) is b"),
    ("len($x) == 0", "not $x", "x = a + (len(b) == 0)", "x = a + (not b)"),
    ("$x == None", "$x is None", "f(a  == None, b)", "f(a is None, b)"),
    ("f($x)", "$x * 2", "f(a + b) + c", "(a + b) * 2 + c"),
    ("f($x)", "$x * 2", "f(a + b).c", "((a + b) * 2).c"),
    ("f($x)", "$x * 2", "-f(a) ** 2", "-(a * 2) ** 2"),
    ("f($x)", "$x.real", "f(1) + f(a.b) + f(-1)", "(1).real + a.b.real + (-1).real"),
    ("f($x, $y)", "g($y, $x)", "f(1, # one\n  f(2, 3))", None),
    ("f($x, $y)", "g($y, $x)", "f(1, f(2, 3))", "g(g(3, 2), 1)"),
    ("f($...a)", "g($...a)", "f(1,  *b, k=c)", "g(1,  *b, k=c)"),
    ("f($...a)", "g(x, $...a)", "f(); f(1)", "g(x); g(x, 1)"),
    ("f($...a)", "g($...a, x)", "f(); f(1)", "g(x); g(1, x)"),
    ("f($...a)", "[$...a]", "f(); f(1, 2)", "[]; [1, 2]"),
    ("dict($...a)", "dict(x=1, **$...a)", "dict(y=2)", "dict(x=1, y=2)"),
    ("{**$...r, 'k': $v}", "{'k': $v, **$...r}", "{'a': 1, **z, 'k': 3}", "{'k': 3, 'a': 1, **z}"),
    ("$x if $c else $y", "f($c, $x, $y)", "a if b else (c if d else e)", None),
    ("f($x)", "$x + $x", "f(f(a))", "a + a + (a + a)"),
    ("f($x)", "$x", "f(a, ) ; f((a, b))", "a ; (a, b)"),
    ("f($x)", "$x", "x = f(a +\n  b)", "x = (a +\n  b)"),
    ("f($x)", "lambda: $x", "f(a) or b", "(lambda: a) or b"),
    ("f($x)", "await $x", "f(a + b).c", "(await (a + b)).c"),
    ("lambda $p: $e", "g($e)", "lambda x: x + 1", "g(x + 1)"),
    ("$o.f", "$o.g", "a.f.f(b.f)", "a.g.g(b.g)"),
    ("'%s' % $x", "f'{$x}'", "'%s' % a", "f'{a}'"),
    ("é($x)", "f($x)", "\U0001d518 = é(é(ü)) + 'ß'", None),
    ("f($x)", "$x", "y = f(x for x in z)", "y = (x for x in z)"),
    ("${x:int}", "$x + 1", "a[1] * 2", "a[1 + 1] * (2 + 1)"),
    ("f($...a)", "g($...a)", "f(k=1, *a)", "g(k=1, *a)"),
    ("f($...a)", "g($...a)", "f((1), 2, ( 3 # )\n))", "g((1), 2, ( 3 # )\n))"),
    ("f($...a)", "g($...a)", "f((1), ')', (2))", "g((1), ')', (2))"),
    ("f($x)", "g($x)", "f('''a\nb''')", "g('''a\nb''')"),
]


@pytest.mark.parametrize(("before", "after", "code", "expected"), EXPRESSIONS)
def test_expressions_are_rewritten_in_place(
    before: str, after: str, code: str, expected: str | None
) -> None:
    found = rewritten(before, after, code)
    if expected is None:
        ast.parse(found.text)
    else:
        assert found.text == expected
    assert found.count or found.left


LOOP = """\
def f(rows):
    # all of them
    for i in range(len(rows)):  # hot
        # the first
        if rows[i]:
            print('''
  kept
''')

        last = i  # the last
    return last  # done
"""
ENUMERATED = """\
def f(rows):
    # all of them
    # hot
    for i, each in enumerate(rows):
        # the first
        if rows[i]:
            print('''
  kept
''')

        last = i  # the last
    return last  # done
"""
STATEMENTS = [
    (
        "for $i in range(len($s)): $...b",
        "for $i, each in enumerate($s):\n    $...b",
        LOOP,
        ENUMERATED,
    ),
    ("x = $v", "y = $v\nz = y", "if a:\n\tx = 1 # one\n", "if a:\n\ty = 1\n\tz = y # one\n"),
    ("if $c: $...b", "$...b", "if a:\n    # why\n    b()\nd()\n", "# why\nb()\nd()\n"),
    ("x = $v", "with l:\n    x = $v", "x = 1\r\nx = 2\r\n",
     "with l:\r\n    x = 1\r\nwith l:\r\n    x = 2\r\n"),
    ("${s:expr}", "log($s)", "a()\nb\n", None),
    ("with $c: $...b", "try:\n    $...b\nfinally:\n    $c.close()", "with a:\n  b\n  c\n",
     "try:\n    b\n    c\nfinally:\n    a.close()\n"),
    ("def $f($...p): $...b", "def $f($...p):\n    log()\n    $...b", "def g(a, *, b=1): return a\n",
     "def g(a, *, b=1):\n    log()\n    return a\n"),
    ("def $f($...p): $...b", "def $f($...p):\n    $...b",
     "def g(*, b=1): a\ndef h(a, /): b\ndef i(*a, **k): c\n",
     "def g(*, b=1):\n    a\ndef h(a, /):\n    b\ndef i(*a, **k):\n    c\n"),
    ("$x = $y", "$x = f($y)", "a = yield\nb = c, d\ne = yield f\n",
     "a = f((yield))\nb = f((c, d))\ne = f((yield f))\n"),
    ("def $f($...p): $...b", "@d\ndef $f($...p):\n    $...b", "def g(a=(1)): a\n",
     "@d\ndef g(a=(1)):\n    a\n"),
    ("import $m", "import $m\nimport extra", "import os.path as p\nx\n",
     "import os.path as p\nimport extra\nx\n"),
    ("$a = $b\n$b = $a", "swap($a, $b)", "x = y\ny = x\nz\n", "swap(x, y)\nz\n"),
    ("if $c: $...a\nelse: $...b", "if not $c:\n    $...b\nelse:\n    $...a",
     "if x or y:\n    # yes\n    a\nelse:\n    b # no\n",
     "if not (x or y):\n    b # no\nelse:\n    # yes\n    a\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "code", "expected"), STATEMENTS)
def test_statements_are_rewritten_with_their_comments(
    before: str, after: str, code: str, expected: str | None
) -> None:
    found = rewritten(before, after, code)
    if expected is not None:
        assert found.text == expected, (found.text, found.left)
    ast.parse(found.text)


def test_a_comment_that_would_be_lost_and_a_shared_line_are_left() -> None:
    found = rewritten("f($x)", "g(1)", "f(  # why\n  a)\nf(b)\n")
    assert found.text == "f(  # why\n  a)\ng(1)\n"
    assert found.left == ("a.py:1: a comment would be lost (# why)",)
    found = rewritten("x = $v", "y = $v", "x = 1; z\nif a: x = 2\nx = 3\n")
    assert found.text == "x = 1; z\nif a: x = 2\ny = 3\n"
    assert len(found.left) == 2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("f($x)", "g($y)", "has \\$y, which the pattern has not"),
        ("f($_)", "g($_)", "has \\$_"),
        ("f($x)", "x = $x", "cannot be replaced by statements"),
    ],
)
def test_a_replacement_that_does_not_fit_is_refused(before: str, after: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        rewritten(before, after, "f(1)")


def test_a_text_that_does_not_say_what_it_should_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wadjet.pipeline.shapes.rewriting.needs_brackets", lambda *_: False)
    with pytest.raises(SourceError, match=r"a\.py is left as it is"):
        rewritten("f($x)", "$x * 2", "f(a + b)")


def test_what_would_be_no_python_stays_and_what_is_within_it_does_not() -> None:
    found = rewritten("$x[$i]", "$x.at($i)", "a[b[1]:2]; a[b[1]]\n")
    assert found.text == "a[b.at(1):2]; a.at(b.at(1))\n"
    assert found.left == ("a.py:1: it would be no Python (a.at(b.at(1):2))",)


@pytest.mark.parametrize(
    ("before", "after", "code", "why"),
    [
        ("$x.f", "g($x)", "a.f = 1", "it is assigned to"),
        ("$x.f", "g($x)", "del a.f", "it is assigned to"),
        ("f($x)", "g($x)", "f'{f(1)=}'", "f-string"),
        ("$x.f", "g($x)", "match a:\n  case b.f: c\n", "it is what a case compares with"),
        ("if $c: $...b", "$...b", "if a:\n  b\nelif c:\n  d\n", "it is an elif"),
    ],
)
def test_what_cannot_be_replaced_stays(before: str, after: str, code: str, why: str) -> None:
    found = rewritten(before, after, code)
    assert found.text == code
    assert why in found.left[-1]


def test_nothing_changes_where_nothing_matches() -> None:
    assert rewritten("f($x)", "g($x)", "g(1)\r\n# f(2)\n") == Rewritten("g(1)\r\n# f(2)\n", 0)


RULES = [
    ("$f($...a)", "call($f, $...a)"),
    ("$x.$y", "get($x, '$y')"),
    ("$x + $y", "add($x, $y)"),
    ("$x[$i]", "$x.__getitem__($i)"),
    ("not $x", "$x is False"),
    ("$x == $y", "not $x != $y"),
    ("[$...a]", "list(($...a,))"),
    ("if $c: $...b", "while $c:\n    $...b\n    break"),
    ("return $x", "result = $x\nreturn result"),
    ("$x = $y", "$x = wrap($y)"),
    ("def $f($...p): $...b", "@seen\ndef $f($...p):\n    $...b"),
    ("${x:str}", "str($x)"),
]


@pytest.mark.parametrize(("before", "after"), RULES)
def test_rewriting_the_standard_library_is_proved_file_by_file(before: str, after: str) -> None:
    files = sorted(Path(ast.__file__).parent.glob("*.py"))
    query, replacement = Query(pattern(before)), pattern(after)
    count = 0
    for file in random.Random(before).sample(files, 12):
        try:
            count += rewrite(query, replacement, Source(file.name, file.read_text())).count
        except SourceError as error:
            pytest.fail(str(error))
    assert count


def test_trees_that_differ_are_not_identical() -> None:
    assert identical(ast.parse("f( 1 )"), ast.parse("f(1)"))
    for code in ("f(1.0)", "f(True)", "f(x=1)", "f()", "f(1)\nf", "g(1)"):
        assert not identical(ast.parse("f(1)"), ast.parse(code))
