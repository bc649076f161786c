"""What a name means is what the compiler's own symbol table says, and a little more."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pipeline.meaning.symbols import differences

from wadjet.pipeline.meaning.names import Kind, ScopeKind
from wadjet.pipeline.meaning.scopes import BUILTINS, Scopes, resolve
from wadjet.pipeline.tree import walk

LIBRARY = sorted(
    path
    for path in Path(sysconfig.get_path("stdlib")).rglob("*.py")
    if "site-packages" not in path.parts
)

CASES = {
    "type_parameters": """\
class A[T: (lambda: T), *Ts, **P](B[T], metaclass=M[__x]):
    y: T = 1
    def f[U: T = int](self, a: U, b: y = T) -> list[U]:
        return U, T, __x
    type Z[V: y = y] = dict[V, y, T]
    def g(self) -> [y for y in (y, q)]: return __class__
""",
    "annotations_in_a_class": """\
def f():
    x = 1
    class C:
        x = 2
        def g(self, a: x = x) -> (lambda: x)(): return x
        z: [x for _ in x]
        w: (lambda: x)
        type S = [x for _ in x]
        type Q = (lambda: x)
        def h[T](self, a: x): pass
    return C
""",
    "private_names": """\
class X:
    __a = 1
    def f(self, __p):
        global __g
        __g = 1
        def h():
            nonlocal __p
            __p = 2
        import __m, __n.k, r as __r
        try: pass
        except E as __e: pass
        match __p:
            case {"a": __q, **__rest}: pass
            case [*__s]: pass
            case __t: pass
        return self.__a + __a + super().f(__k=1)
    class __Y: __z = 1
""",
    "walrus": """\
def f():
    return [y := 1, [z := q for q in [w for w in y] if [k := q for q in z]], lambda: (v := 1)]
a = [b := c for c in d]
def g():
    global b
    return [b := 1 for _ in x]
""",
    "future_annotations": """\
from __future__ import annotations
def f():
    T = 1
    def g(a: T) -> T:
        x: T = 2
        return [T for a in a]
class C:
    a: D
""",
    "annotations_in_a_function": """\
def f():
    T = 1
    def g(a: T) -> T:
        x: T = 2
        (y): T
        (z): T = 1
        return x
class C:
    a: D
    if a: b: E
x: int
""",
    "class_cells": """\
def f():
    x = 1
    class C:
        def g(self): return __class__, x
        nonlocal x
        x = 3
        __class__ = 1
    class D:
        print(x, __class__)
        class E:
            global x
            def h(self): return x, super
""",
    "parameters_and_loops": """\
def f(a=(lambda q: q), /, *b, c=[i for i in b], **d):
    del a
    with e as g, h as (i, *j): pass
    async def k():
        async for l in m: yield l
        return [n async for n in o]
    s = (p for p in q for r in p for s in (t for t in r))
""",
    "a_super_of_its_own": """\
def f():
    class super: pass
    class C:
        def g(self): return super()
""",
    "comprehensions_in_a_class": """\
class C:
    x = 1
    y = [x for z in x]
    w = [lambda: (z, x) for z in x]
    def f(self): return [(lambda: super().f) for _ in self]
    locals()["q"] = 2
    v = __class__
""",
}


def disagreements(text: str) -> list[str]:
    """What differs from the compiler's table; nothing where it refuses the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "a.py", "exec")
        except (SyntaxError, ValueError):
            return []
        return list(differences(text))


def read(path: Path) -> str:
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (SyntaxError, UnicodeDecodeError):
        return ""


@pytest.mark.parametrize("name", CASES)
def test_the_compiler_agrees_on_what_is_hard(name: str) -> None:
    assert not disagreements(CASES[name])


@pytest.mark.parametrize("path", LIBRARY[:: max(len(LIBRARY) // 60, 1)], ids=lambda path: path.stem)
def test_the_compiler_agrees_on_the_standard_library(path: Path) -> None:
    assert not disagreements(read(path))


@pytest.mark.slow
def test_the_compiler_agrees_on_all_of_the_standard_library() -> None:
    found = {str(path): each for path in LIBRARY for each in disagreements(read(path))}
    assert not found


def named(scopes: Scopes, name: str) -> Iterator[ast.Name]:
    for node in walk(scopes.module.node):
        if isinstance(node, ast.Name) and node.id == name:
            yield node


def kinds(text: str, name: str) -> list[Kind]:
    scopes = resolve(ast.parse(text))
    return [scopes.binding(node).kind for node in named(scopes, name)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def f(x): return len(x)", Kind.BUILTIN),
        ("len([])", Kind.BUILTIN),
        ("def f(len): return len", Kind.LOCAL),
        ("def f(x): return len(x)\nimport a as len", Kind.SHADOWED),
        ("def f(x): return len(x)\ndef g():\n global len\n del len", Kind.GLOBAL),
        ("def f(x): return len(x)\nlen: int", Kind.LOCAL),
        ("from m import *\ndef f(x): return len(x)", Kind.UNCERTAIN),
        ("exec(code)\nlen([])", Kind.UNCERTAIN),
        ("def f(): globals()['len'] = 1\nlen([])", Kind.UNCERTAIN),
        ("vars()['len'] = 1\nlen([])", Kind.UNCERTAIN),
        ("def f(exec): exec(1)\nlen([])", Kind.BUILTIN),
        ("def f(): return locals(), vars(f)\nlen([])", Kind.BUILTIN),
        ("class A: len([])", Kind.BUILTIN),
        ("class A(B): len([])", Kind.UNCERTAIN),
        ("class A(B):\n def f(self): return len([])", Kind.BUILTIN),
        ("class A:\n locals().update(b)\n len([])", Kind.UNCERTAIN),
        ("class A:\n locals().update(b)\nlen([])", Kind.BUILTIN),
        ("class A:\n len = 1\n def f(self): return len", Kind.BUILTIN),
        ("[len := 1 for a in b]\ndef f(x): return len(x)", Kind.SHADOWED),
        ("match x:\n case [*len]: pass\ndef f(): return len", Kind.SHADOWED),
        ("try: pass\nexcept E as len: pass\ndef f(): return len", Kind.SHADOWED),
    ],
)
def test_a_builtin_is_one_only_if_nothing_may_bind_its_name(text: str, kind: Kind) -> None:
    assert kinds(text, "len")[-1] is kind


def test_a_declared_global_that_nothing_binds_is_a_builtin() -> None:
    for text, expected in (
        ("def f():\n global len\n len([])", True),
        ("def f():\n global len\n len([])\nlen = 1", False),
        ("def f():\n global tree\n tree([])", False),
    ):
        scopes = resolve(ast.parse(text))
        name = next(node for node in walk(scopes.module.node) if isinstance(node, ast.Call)).func
        assert scopes.is_builtin(name) is expected


def test_names_that_a_module_is_given_and_those_of_site_are_no_builtins() -> None:
    for name in ("__name__", "__doc__", "exit", "_"):
        assert kinds(name, name) == [Kind.IMPLICIT]


def test_every_builtin_of_an_interpreter_without_site_is_known() -> None:
    program = "import builtins; print(*vars(builtins))"
    command = [sys.executable, "-I", "-S", "-c", program]
    given = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert given - BUILTINS == {"__name__", "__doc__", "__package__", "__loader__", "__spec__"}
    assert given >= BUILTINS


def test_doubts_say_what_and_where() -> None:
    scopes = resolve(ast.parse("from a import *\ndef f():\n  eval('b')"))
    assert [(each.why, each.node.lineno) for each in scopes.doubts] == [  # type: ignore[attr-defined]
        ("from ... import *", 1),
        ("eval", 3),
    ]


def test_a_variable_knows_its_nodes_in_all_scopes() -> None:
    text = "def f(a):\n def g():\n  nonlocal a\n  a += 1\n  return a\n return g"
    scopes = resolve(ast.parse(text))
    function = scopes.opened(scopes.module.node.body[0])  # type: ignore[attr-defined]
    variable = function.names["a"].variable
    assert function.names["a"].kind is Kind.CELL
    assert variable.home is function
    assert [type(node).__name__ for node in variable.bound_at] == ["arg", "Name"]
    assert [node.lineno for node in variable.read_at] == [4, 5]  # type: ignore[attr-defined]


def test_what_is_evaluated_around_a_function_is_of_the_scope_around() -> None:
    text = "@a\ndef f(b=c): return lambda d=e: [g for h in i for j in k]"
    scopes = resolve(ast.parse(text))
    places = {
        node.id: scopes.of(node).kind
        for node in walk(scopes.module.node)
        if isinstance(node, ast.Name)
    }
    assert places == {
        "a": ScopeKind.MODULE,
        "c": ScopeKind.MODULE,
        "e": ScopeKind.FUNCTION,
        "g": ScopeKind.COMPREHENSION,
        "h": ScopeKind.COMPREHENSION,
        "i": ScopeKind.LAMBDA,
        "j": ScopeKind.COMPREHENSION,
        "k": ScopeKind.COMPREHENSION,
    }


def test_of_names_the_same_scope_as_bindings_do() -> None:
    for path in LIBRARY[::100]:
        scopes = resolve(ast.parse(read(path)))
        for node in walk(scopes.module.node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                assert scopes.binding(node).scope is scopes.of(node)


def test_who_asks_for_names_by_name_is_marked() -> None:
    scopes = resolve(ast.parse("def f():\n a = 1\n return locals()\ndef g(): return len"))
    assert [each.is_watched for each in scopes.module.children] == [True, False]


def test_annotations_that_are_never_evaluated_read_nothing() -> None:
    text = "from __future__ import annotations\ndef f(a: T): b: T\nc: T"
    assert kinds(text, "T") == [Kind.NEVER] * 3
    assert "T" not in resolve(ast.parse(text)).globals


def test_nesting_does_not_matter() -> None:
    deep = ast.parse("1")
    inner: ast.expr = ast.Name("len", ast.Load())
    for _ in range(20_000):
        inner = ast.Lambda(ast.arguments([], [], None, [], [], None, []), inner)
    deep.body = [ast.Expr(inner)]
    scopes = resolve(deep)
    assert len(scopes.all) == 20_001
    while isinstance(inner, ast.Lambda):  # one by one, as the interpreter frees trees recursively
        inner = inner.body
    assert scopes.is_builtin(inner)
