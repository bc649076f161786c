"""Searching many files: which are looked at, in what order, and what comes of damage."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from wadjet.errors import NoInputError
from wadjet.pipeline.files import files, in_order
from wadjet.pipeline.shapes.pattern import PatternError, pattern
from wadjet.pipeline.shapes.search import Query, may_match, search, select
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse


def selected(
    wanted: str, code: str, inside: str = "", outside: str = "", where: str = ""
) -> list[str]:
    query = Query(
        pattern(wanted),
        (pattern(inside),) if inside else (),
        (pattern(outside),) if outside else (),
        (where,) if where else (),
    )
    source = Source("a.py", code)
    lines = [each.nodes[0].lineno for each in select(query, source, parse(source))]  # type: ignore[attr-defined]
    return [source.line(line).strip() for line in lines]


def test_a_match_lies_inside_and_outside_of_other_code() -> None:
    code = "open(1)\nwith open(2):\n    open(3)\ndef f():\n    open(4)\n"
    assert selected("open($x)", code, inside="def $f(): $...b") == ["open(4)"]
    assert selected("open($x)", code, outside="with $...i: $...b") == ["open(1)", "open(4)"]


def test_a_hole_stands_for_the_same_around_a_match() -> None:
    code = "def f():\n    f()\n    g()\n"
    assert selected("$f()", code, inside="def $f(): $...b") == ["f()"]


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("x.value > 5", ["f(7)"]),
        ("x == '3'", ["f(3)"]),
        ("x.kind == 'constant'", ["f(3)", "f(7)"]),
        ("len(x) > 1 and x.node.end_lineno", ["f(abc)"]),
    ],
)
def test_a_guard_sees_what_the_holes_stand_for(guard: str, expected: list[str]) -> None:
    code = "f(3)\nf(7)\nf(abc)\n"
    if "value" in guard:
        code = code.replace("f(abc)\n", "")
    assert selected("f($x)", code, where=guard) == expected


def test_a_hole_for_many_is_a_list_in_a_guard_however_many_there_are() -> None:
    code = "f()\nf(1)\nf(1, 2)\n"
    assert selected("f($...a)", code, where="len(a) == 1") == ["f(1)"]
    assert selected("f(${x?})", code, where="x is None") == ["f()"]


@pytest.mark.parametrize("guard", ["x.value > 5", "nonsense", "1 / 0", "x +", "import os"])
def test_a_guard_that_fails_is_told(guard: str) -> None:
    with pytest.raises(PatternError, match="guard"):
        selected("f($x)", "f(abc)", where=guard)


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        ("for $i in range(len($s)): $...b", "range len for", True),
        ("for $i in range(len($s)): $...b", "range for", False),
        ("import os.path", "import os, path", True),
        ("range(len($x))", "range(  # all\n (len)(x))", True),
        ("range(len($x))", "len(range(x))", False),
        ("range(a, len($x))", "range(b); len(c); a", False),
        ("os.path.join($...x)", "os . path.\\\n join(1)", True),
        ("os.path.join($...x)", "os.path; a.join", False),
        ("f($x).g(h)", "f(a).g(h)", True),
        ("f(a.b($x), c)", "f((a).b(1), c)", True),
        ("$x == None", "a == b; None", False),
        ("$x", "", True),
        ("ﬁn", "fin", True),  # the compiler's name for both
        ("fin", "ﬁn", True),
    ],
)
def test_a_text_without_the_words_of_a_pattern_is_passed_over(
    wanted: str, text: str, expected: bool
) -> None:
    assert may_match(pattern(wanted), text) is expected


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("range(len($x))", "(range)(  # all\n  ((len))(x))"),
        ("os.path.join($...x)", "(os  # here\n .path) . join(1)"),
        ("f(a.b($x), c)", "f((a).b(1), c)"),
        ("f(k=$v, a=a.b)", "f(a=(a).b, k=3)"),
        ("f(g(h), *$...r)", "f(  g(h), *z)"),
        ("a.b[c.d]", "(a.b)[(c.d)]"),
        ("$x == None", "(x)==( # all\n None)"),
        ("$x is not None", "x is \\\n not(None)"),
        ("$x not in a.b < True", "x not in(a.b)<True"),
        ("1 == 1.0", "1==1.0"),
    ],
)
def test_no_text_with_a_match_is_passed_over(wanted: str, code: str) -> None:
    assert may_match(pattern(wanted), code)
    assert selected(wanted, code)


@pytest.mark.parametrize("text", ["== " + "#" * 5000, "f" + "(" * 5000, "==" + "# .\n" * 5000])
def test_no_text_takes_long_to_be_passed_over(text: str) -> None:
    assert not may_match(pattern("f(g($x)) == None"), f"f g None {text}")


def test_folders_are_searched_for_python_and_files_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("b.py", "a.pyi", "c.txt", ".git/x.py", "pkg/z.py", "venv/y.py", "pkg/.z.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [str(each.relative_to(tmp_path)) for each in files([tmp_path, tmp_path / "c.txt"])]
    assert found == ["a.pyi", "b.py", "pkg/.z.py", "pkg/z.py", "c.txt"]
    with pytest.raises(NoInputError, match="there is no"):
        list(files([tmp_path / "gone"]))


def test_many_files_come_back_in_order_and_damage_stops_nothing(tmp_path: Path) -> None:
    for number in range(120):
        text = f"f({number})\n" if number % 3 else "f(((\n"
        (tmp_path / f"{number:03}.py").write_text(text)
    query = Query(pattern("f($x)"))
    found = list(in_order(partial(search, query), files([tmp_path]), processes=2))
    assert [Path(each.path).name for each in found] == [f"{n:03}.py" for n in range(120)]
    assert all(bool(each.hits) == bool(n % 3) for n, each in enumerate(found))
    assert "never closed" in found[0].complaint
    alone = list(in_order(partial(search, query), files([tmp_path]), processes=1))
    assert alone == found
