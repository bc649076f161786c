"""What is said to be of a type is just of that type, whatever runs."""

from __future__ import annotations

import ast
import builtins
import contextlib
import warnings
from collections import UserList
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.programs import program

from wadjet.pipeline.meaning import exact
from wadjet.pipeline.meaning.chains import chain
from wadjet.pipeline.meaning.exact import ExactTypes
from wadjet.pipeline.meaning.scopes import resolve


def found(body: str) -> str:
    """Return the type of what a function returns, as a word."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    function = ast.parse(f"def f(a, *rest):\n{lines}").body[0]
    assert isinstance(function, ast.FunctionDef)
    last = function.body[-1]
    assert isinstance(last, ast.Return)
    assert last.value
    scopes = resolve(ast.Module([function], []))
    kind = ExactTypes(function, chain(scopes, function), scopes.is_builtin).of(last.value)
    return kind.__name__ if kind else "unknown"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return 1", "int"),
        ("x = y = []\nreturn y", "list"),
        ("x, y = 1, 'a'\nreturn y", "str"),
        ("x: list = [a]\nreturn x", "list"),
        ("x = 0\nwhile a: x += 1\nreturn x", "int"),
        ("x = []\nx += a\nreturn x", "list"),
        ("x = 1 if a else 2\nreturn x", "int"),
        ("if a: x = ()\nelse: x = tuple(a)\nreturn x", "tuple"),
        ("if (x := len(a)): return x\nreturn x", "int"),
        ("for i in range(a): x = i\nreturn x", "int"),
        ("for i, x in enumerate(a): pass\nreturn i", "int"),
        ("for x in 'ab': pass\nreturn x", "str"),
        ("x = 'a,b'.split(',')\nreturn x[1:]", "list"),
        ("x = [0] * len(a)\nreturn x + [1]", "list"),
        ("x = f'{a}'.upper()\nreturn x", "str"),
        ("x = a in (1, 2) or not a\nreturn x", "bool"),
        ("x = 0\nfor i in range(a): x += i ** 2\nreturn x", "int"),
        ("y = 1\nwhile a:\n    x = y\n    y = x\nreturn y", "int"),
    ],
)
def test_a_type_follows_from_all_that_binds(body: str, kind: str) -> None:
    assert found(body) == kind


@pytest.mark.parametrize(
    "body",
    [
        "return a",
        "return rest",
        "x: list = a\nreturn x",
        "x = 1\nif a: x = 'a'\nreturn x",
        "x = 1\nwhile a: x += a\nreturn x",
        "x = 1\nwhile a:\n    y = x\n    x = y + a\nreturn x",
        "x = set()\nx |= a\nreturn x",
        "x = 'a'\nx += a\nreturn x",
        "x, *y = 1, 2\nreturn x",
        "x, y = a\nreturn x",
        "x = []\nx *= a\nreturn x",
        "x = [] * a\nreturn x",
        "for x in a: pass\nreturn x",
        "for i, x in enumerate(a): pass\nreturn x",
        "for i, x in a: pass\nreturn i",
        "with a as x: pass\nreturn x",
        "try: a()\nexcept E as x: y = x\nreturn y",
        "x = 1\nmatch a:\n    case [x]: pass\nreturn x",
        "x = 1\nimport x\nreturn x",
        "len = a\nx = len(a)\nreturn x",
        "x = 1\n\ndef g():\n    nonlocal x\n    x = ''\ng()\nreturn x",
        "global x\nx = 1\nreturn x",
        "x = str(a)\nreturn x",
        "x = 1 < a\nreturn x",
        "x = 2 ** -1\nreturn x",
    ],
)
def test_what_may_be_of_another_type_is_not_known(body: str) -> None:
    assert found(body) == "unknown"


class Odd:
    """Answers with subclasses wherever it may."""

    class Int(int):
        """An int, and no int."""

    class Float(float):
        """A float, and no float."""

    def __len__(self) -> int:
        return self.Int(2)

    def __bool__(self) -> bool:
        return True

    def __float__(self) -> float:
        return self.Float(2)

    def __hash__(self) -> int:
        return self.Int(2)

    def __iter__(self) -> Any:
        return iter([self.Int(1), self.Int(2)])

    def __dir__(self) -> Any:
        return UserList("ab")

    def __eq__(self, other: object) -> Any:
        return []

    __int__ = __trunc__ = __index__ = __len__


class Text(str):
    """A text, and no str."""

    def __str__(self) -> str:
        return self


class Rows(list[int]):
    """A list, and no list."""


GIVEN: list[Any] = [Odd, Odd(), Text("a"), Rows([1]), Odd.Int(3), Odd.Float(1), True, (), {}]


@pytest.mark.parametrize("name", exact._MADE)
def test_builtins_return_just_that_type(name: str) -> None:
    called: Callable[..., Any] = getattr(builtins, name)
    returned = []
    for each in GIVEN:
        for arguments in [(each,), (each, "a"), (each, int)]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                try:
                    returned.append(called(*arguments))
                except (TypeError, ValueError, AttributeError):
                    continue
    assert returned
    assert {type(each) for each in returned} == {exact._MADE[name]}


VALUES: dict[type, Any] = {str: "ab", list: [1], tuple: (1,), dict: {1: 2}, set: {1}}
METHODS = [(kind, name) for kind, methods in exact._METHODS.items() for name in methods]


@pytest.mark.parametrize(("kind", "name"), METHODS)
def test_methods_return_just_that_type(kind: type, name: str) -> None:
    returned = []
    for arguments in [(), (Text("a"),), (1,), ([Text("a")],), (Text("a"), Text("b"))]:
        try:
            returned.append(getattr(VALUES[kind], name)(*arguments))
        except (TypeError, ValueError):
            continue
    assert returned
    assert {type(each) for each in returned} == {exact._METHODS[kind][name]}


class _Checked(ast.NodeTransformer):
    """Has each local of a known type looked at as it is read."""

    def __init__(self, types: ExactTypes) -> None:
        self._types = types
        self.count = 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        kind = self._types.of(node) if isinstance(node.ctx, ast.Load) else None
        if kind is None:
            return node
        self.count += 1
        said = ast.Constant(f"{kind.__name__} {node.id} at {node.lineno}")
        return ast.Call(ast.Name("_seen", ast.Load()), [node, said], [])


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_a_program_finds_its_locals_to_be_what_is_said(seed: int) -> None:
    checked(seed)


def checked(seed: int) -> int:
    """Run a program whose functions look at their locals, and return at how many places."""
    try:
        tree = ast.parse(program(seed))
        compile(tree, "program", "exec")
    except SyntaxError:
        return 0
    scopes = resolve(tree)
    count = 0
    for function in [each for each in tree.body if isinstance(each, ast.FunctionDef)]:
        types = ExactTypes(function, chain(scopes, function), scopes.is_builtin)
        check = _Checked(types)
        function.body = [check.visit(each) for each in function.body]
        count += check.count
    wrong: list[str] = []

    def seen(value: object, said: str) -> object:
        if type(value).__name__ != said.partition(" ")[0]:
            wrong.append(f"{said}: {value!r}")
        return value

    code = compile(ast.fix_missing_locations(tree), "program", "exec")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(Exception):  # whatever a program does
            exec(code, {"_seen": seen, "print": lambda *args: None})
    assert not wrong
    return count


def test_programs_have_locals_of_known_types() -> None:
    assert sum(checked(seed) for seed in range(60)) > 100
