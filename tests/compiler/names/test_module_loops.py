"""Names in loops of a module's own level are looked up as globals, and nobody can tell."""

from __future__ import annotations

import ast
import sys

import pytest

from wadjet.compiler.catalog import SAFE
from wadjet.compiler.names.module_loops import module_loops
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied
from wadjet.target.behavior import LAZY_IMPORTS


def same(code: str) -> str:
    return ast.unparse(ast.parse(code))


LOOPS = {
    "annotated names": """
x: int = 0
for i in range(3):
    x += i
    y: str = 'a'
print(y)
""",
    "names that are gone": """
for i in (1, 2):
    j = i
    del j
try:
    print(j)
except NameError as e:
    print(e)
""",
    "names that never were": """
for i in (1,):
    print(nothing)
""",
    "a builtin that is bound in the loop": """
for i in range(3):
    len = abs if i else print
    print(len(-1))
del len
print(len('ab'))
""",
    "comprehensions": """
for i in range(2):
    print([i for i in range(i + 2)], {j: i for j in 'ab'}, [k := i])
print(i, k)
""",
    "classes and functions": """
for i in range(2):
    class C:
        i = i + 1
        def f(self, i=i):
            return i, len('ab')
    print(C.i, C().f(), (lambda: i)())
""",
    "handlers and imports": """
for i in range(2):
    import os.path as p, sys
    try:
        1 / i
    except ZeroDivisionError as e:
        print(e)
print(p.__name__, 'e' in vars())
""",
    "loops in branches": """
if True:
    try:
        while True:
            n = 1
            break
    finally:
        print(n)
""",
    "patterns": """
for i in ([1, 2], {'a':
    1}):
    match i:
        case [a, *b]:
            print(a, b)
        case {'a':
            c}: print(c)
""",
    "what is global already": """
global a
a = 0
for i in range(3):
    a += i
def f():
    global a
    a = 9
f()
""",
    "a docstring and the future": """
"doc"
from __future__ import annotations
x: int = 1
for i in 'ab':
    print(i, __doc__, __name__)
""",
    "exec": """
for i in range(2):
    exec('k = i')
    print(k, eval('i'), locals() is globals())
""",
    "names used before": """
print(len('a'))
k = 1
for k in [k]:
    print(k)
""",
}


@pytest.mark.parametrize("code", LOOPS.values(), ids=LOOPS)
def test_loops_of_a_module_do_the_same(code: str) -> None:
    assert "global " in applied(code, module_loops)
    assert difference(code, module_loops, trace=True) is None
    assert difference(code, *SAFE, trace=True) is None


@pytest.mark.parametrize("kind", ["def f():", "class C:", "async def f():"])
def test_loops_elsewhere_are_left(kind: str) -> None:
    code = f"{kind}\n    for i in range(3):\n        x = i"
    assert applied(code, module_loops) == same(code)


def test_a_declaration_is_not_made_where_it_would_be_a_mistake() -> None:
    code = "x: int\nfor y in (1, 2):\n    x = __name__"
    assert applied(code, module_loops).splitlines()[0] == "global y"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="types have no statement before 3.12")
def test_loops_beside_types_do_the_same() -> None:
    code = "type X = int\nfor i in range(2):\n    type Y[T] = list[T]\n    print(X, Y, X.__value__)"
    assert difference(code, module_loops) is None


@pytest.mark.skipif(not LAZY_IMPORTS, reason="imports are never lazy before 3.15")
def test_loops_beside_lazy_imports_do_the_same() -> None:
    code = "lazy import json\nfor i in range(2):\n    print(json.dumps([i]))"
    assert difference(code, module_loops) is None
