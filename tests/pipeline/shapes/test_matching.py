"""What matches a pattern, and what does not."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from wadjet.pipeline.shapes.matching import Item, find, same
from wadjet.pipeline.shapes.pattern import CLASSES, PatternError, pattern
from wadjet.pipeline.tree import walk

CASES = [
    # pattern, code, what matches
    ("f($x)", "f(1); f(*a); f(k=1); f(**k); f(); f(1, 2)", ["f(1)"]),
    ("f($...a)", "f(); f(1, *b, k=2); g()", ["f()", "f(1, *b, k=2)"]),
    ("f($x, $...a)", "f(); f(1); f(1, k=2)", ["f(1)", "f(1, k=2)"]),
    ("f($...a, key=$v)", "f(key=1, x=2); f(1, key=3); f(1)", ["f(key=1, x=2)", "f(1, key=3)"]),
    ("f(a=1, b=2)", "f(b=2, a=1); f(a=1); f(a=1, b=2, c=3)", ["f(b=2, a=1)"]),
    ("f($name=$v)", "f(a=1); f(**k); f(1)", ["f(a=1)"]),
    ("$x == $x", "a.b == a.b; a == b; 1 == 1.0; 'a' == \"a\"", ["a.b == a.b", "'a' == 'a'"]),
    ("$_ == $_", "a == b", ["a == b"]),
    ("[$...a, 1, $...b]", "[1]; [2, 1, 3]; [2]; (1,)", ["[1]", "[2, 1, 3]"]),
    ("[$x, $...r, $x]", "[1, 2, 1]; [1, 1]; [1, 2]", ["[1, 2, 1]", "[1, 1]"]),
    ("{**$...r, 'k': $v}", "{'a': 1, 'k': 2}; {**z, 'k': 3}; {'k': 1, 'a': 2}", 2),
    ("${x:str} + $y", "'a' + b; f'a' + b; a + b", ["'a' + b"]),
    ("${x:int|name}", "1; a; 1.0; 'a'; True", ["1", "a"]),
    ("${x:const}", "1; None; ...; a", ["1", "None", "..."]),
    ("${x:call}.$attr", "f().x; a.b", ["f().x"]),
    ("$x.append", "a.b.append; a.append(1)", ["a.b.append", "a.append"]),
    ("1", "1; 1.0; True; 0x1", ["1", "1"]),
    ("0.0", "0.0; -0.0; 0", ["0.0", "0.0"]),  # -0.0 is 0.0 behind a minus
    ("'$x'", "'$x'; 'a'", ["'$x'"]),
    ("x[$i]", "x[1:2]; x[0]", ["x[1:2]", "x[0]"]),
    ("x[$a:${b?}]", "x[1:2]; x[1:]; x[:1]; x[0]", ["x[1:2]", "x[1:]"]),
    ("lambda $...p: $e", "lambda: 1; lambda x, *y, z=1: x", 2),
    ("[$e for $t in $s]", "[a for a in b]; [a for a in b if c]", ["[a for a in b]"]),
    ("$x if $c else $x", "a if b else a; a if b else c", ["a if b else a"]),
    ("return ${x?}", "def f():\n return\n return 1", ["return", "return 1"]),
    ("return None", "def f():\n return\n return None", ["return None"]),
    ("if $c: $...b", "if x: y\nif x: y\nelse: z", ["if x:\n    y"]),
    ("if $c: $...b\nelse: $o", "if x: y\nif x: y\nelse: z", 1),
    ("if $c: $...b\nelse: $...o", "if x: y\nif x: y\nelse: z", 2),
    ("for $i in range(len($s)): $...b", "for i in range(len(a)): b\nfor i in a: b", 1),
    ("def $f($...p): $...b", "@d\ndef f(a, /, b: int, *c, d=1, **e) -> int: pass", 1),
    ("def $f($x): return $x", "def f(a): return a\ndef f(a): return b\ndef f(a=1): return a", 1),
    ("def f($x=$d): ...", "def f(a=1): ...\ndef f(a): ...", 1),
    ("def f(self, $...r): ...", "def f(self): ...\ndef f(self, *a): ...\ndef f(x): ...", 2),
    ("def f(*$a): ...", "def f(*x): ...\ndef f(x): ...", 1),
    ("@property\ndef $f(self): $...b", "@property\ndef f(self): 1\ndef g(self): 1", 1),
    ("async def $f(): $...b", "async def f(): 1\ndef f(): 1", 1),
    ("class $C($...b): $...body", "class A: pass\nclass B(A, m=1): pass", 2),
    ("import $m", "import os\nimport os.path\nimport a, b", ["import os", "import os.path"]),
    ("from $m import $...n", "from a.b import c as d, e\nimport x", 1),
    ("import $...a, os, $...b", "import sys, os\nimport os\nimport sys", 2),
    ("with $...i: $...b", "with a as b, c: d\nwith a: d", 2),
    ("with open($...a) as $f: $...b", "with open(1) as x: y\nwith open(1): y", 1),
    ("try: $...b\nexcept $e: pass", "try: x\nexcept A: pass\ntry: x\nexcept: pass", 1),
    ("global $...n", "def f():\n global a, b", ["global a, b"]),
    ("x = $v\nprint(x)", "x = 1\nprint(x)\nx = 2\ny\nprint(x)", 1),
    ("x = $v\n$..._\nprint(x)", "x = 2\ny\nprint(x)\nz", 1),
    ("$x = $y = $z", "a = b = c; a = b", ["a = b = c"]),
    ("$x: $t = $v", "a: int = 1; a: int", ["a: int = 1"]),
    ("$x += $y", "a += 1; a -= 1", ["a += 1"]),
    ("${s:stmt}", "a\nb = 1", ["a", "b = 1"]),
    ("f'{$x}'", "f'{a}'; f'{a!r}'; f'{a}b'; '{a}'", ["f'{a}'"]),
    ("f'${$x}'", "f'${price}'", 1),
    ("'{$x}'", "f'{a}'; '{$x}'", ["'{$x}'"]),
    ("match $x:\n case $y: $...b", "match a:\n case 1: b\n case 2: c\nmatch a:\n case z: b", 1),
]


@pytest.mark.parametrize(("wanted", "code", "expected"), CASES, ids=[each[0] for each in CASES])
def test_a_pattern_matches_what_it_says(wanted: str, code: str, expected: list[str] | int) -> None:
    found = [ast.unparse(list(each.nodes)) for each in find(pattern(wanted), ast.parse(code))]  # type: ignore[arg-type]
    if isinstance(expected, int):
        assert len(found) == expected, found
    else:
        assert [each.strip() for each in found] == expected


def shown(items: tuple[Item, ...]) -> list[str]:
    return [each if isinstance(each, str) else ast.unparse(each) for each in items]


def test_holes_stand_for_what_is_there() -> None:
    code = "import os.path as p\ndef f(): return g(1, *a, k=2)"
    [match] = find(pattern("def $f(): return $g($x, $...rest)"), ast.parse(code))
    assert {name: shown(items) for name, items in match.bound.items()} == {
        "f": ["f"],
        "g": ["g"],
        "x": ["1"],
        "rest": ["*a", "k=2"],
    }


def test_matches_come_in_the_order_of_the_text() -> None:
    code = "if f(1):\n    f(2)\nf(3)"
    found = find(pattern("f($x)"), ast.parse(code))
    assert [ast.unparse(each.nodes[0]) for each in found] == ["f(1)", "f(2)", "f(3)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("f(", "no Python"),
        ("$", "what is \\$ at column 1"),
        ("f($1)", "what is \\$"),
        ("${x:nonsense}", "no kind 'nonsense'; kinds are int, float"),
        ("except $e: pass", "no Python"),
        ("(" * 3000, "no Python"),
        ("x\x00", "no Python"),
    ],
)
def test_what_is_no_pattern_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        pattern(text)


def library(count: int) -> list[ast.Module]:
    files = sorted(Path(ast.__file__).parent.glob("*.py"))
    chosen = random.Random(1).sample(files, count)
    return [ast.parse(file.read_bytes()) for file in chosen]


def test_code_matches_itself_and_is_the_same_as_itself() -> None:
    for tree in library(6):
        text = ast.unparse(tree)
        again = ast.parse(text)
        assert same(tree, again)
        for statement in tree.body:
            wanted = pattern(ast.unparse(statement))
            assert find(wanted, again), ast.unparse(statement)


def test_a_hole_in_the_place_of_any_expression_matches_what_was_there() -> None:
    rng = random.Random(2)
    for tree in library(8):
        for statement in rng.sample(tree.body, min(len(tree.body), 12)):
            inner = [
                node
                for node in walk(statement)
                if isinstance(node, (ast.Call, ast.BinOp, ast.Attribute))
                and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            ]
            if not inner or "$" in ast.unparse(statement):
                continue
            chosen = rng.choice(inner)
            before = ast.unparse(chosen)
            hidden = Hide(chosen).visit(ast.parse(ast.unparse(statement)))
            wanted = pattern(ast.unparse(hidden).replace("HOLE_HERE", "$x"))
            found = find(wanted, ast.parse(ast.unparse(statement)))
            assert any(shown(each.bound.get("x", ())) == [before] for each in found), (
                wanted.text,
                before,
            )


class Hide(ast.NodeTransformer):
    """Puts a name in the place of all that is the same as a node."""

    def __init__(self, node: ast.AST) -> None:
        self.text = ast.dump(node)

    def visit(self, node: ast.AST) -> ast.AST:
        if ast.dump(node) == self.text:
            return ast.Name("HOLE_HERE", ast.Load())
        return self.generic_visit(node)


def test_every_class_of_the_compiler_is_a_kind() -> None:
    for name in ("call", "binop", "name", "if", "functiondef", "joinedstr", "expr", "stmt"):
        assert name in CLASSES
