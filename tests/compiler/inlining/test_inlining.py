"""Functions are put where they are called, and a program cannot tell but by its frames."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.inlining.callers import program

from wadjet.compiler.catalog import PASSES
from wadjet.compiler.inlining.inlining import inlining
from wadjet.pipeline.equivalence import difference, outcome
from wadjet.pipeline.passes import applied, run
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Change, Unit


def changes(text: str) -> list[Change]:
    source = Source("a.py", text)
    return [*run(Unit(source, parse(source)), [inlining], notes=True).changes]


def done(text: str) -> list[str]:
    return [each.before for each in changes(text) if not each.why]


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_a_program_does_the_same(seed: int) -> None:
    text = program(seed)
    assert difference(text, inlining, frames=False) is None
    assert difference(text, *PASSES, frames=False) is None


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_programs_do_the_same(part: int) -> None:
    for seed in range(part * 1_000_000, part * 1_000_000 + 1_500):
        found = difference(program(seed), inlining, frames=False)
        assert found is None, f"program({seed}): {found}"


def test_chance_makes_calls_that_are_replaced_and_such_as_are_left() -> None:
    found = [each for seed in range(60) for each in changes(program(seed))]
    assert sum(not each.why for each in found) > 300
    assert len({each.why.partition(" in line")[0] for each in found}) > 12


FUNCTION = "log = []\ndef note(v):\n    log.append(v)\n    return v\n"

KEPT = {
    "a function that is rebound where nobody sees it": """
def f(n): return n + 1
def other(*a): return a
def g(n):
    x = f(n)
    return f(n) * 2, x
a = g(1)
g.__globals__['f'] = other
b = g(1)
del g.__globals__['f']
g(1)
""",
    "a class that is rebound where nobody sees it": """
class A:
    def __init__(self, x): self.x = x
    def get(self): return self.x
class B(A):
    pass
def g(n):
    a = A(n)
    return type(a).__name__, a.get()
a = g(1)
g.__globals__['A'] = B
b = g(1)
g.__globals__['A'] = lambda x: B(x + 1)
c = g(1)
""",
    "a rebound function": """
def f(n): return n + 1
def g(n): return f(n) * 2
a = g(1)
f = str
b = g(1)
""",
    "a function that is gone": """
def f(n): return n + 1
def g(n): return f(note(n))
del f
g(1)
""",
    "a name that an argument rebinds comes too late": """
def f(n): return n + 1
def other():
    global f
    f = str
    return 3
def g(): return f(other()), f(other())
a = g()
""",
    "arguments are evaluated once and in their order": """
def f(a, b, c=0): return (b, c, a, a)
def g(): return f(note(1), c=note(2), b=note(3))
a = g()
""",
    "arguments that are not used are evaluated": """
def f(a): return 1
def g():
    f(note(1))
    return f(note(2)) + f(log.x)
g()
""",
    "an unbound argument": """
def f(a): return note(1)
def g(n):
    if n: x = 1
    return f(x)
g(1)
g(0)
""",
    "defaults are those of the definition": """
K = 1
def f(a, b=K, c=2): return a + b + c
def g(): return f(1), f(1, c=5)
K = 10
a = g()
""",
    "a parameter that is bound does not change the argument": """
def f(a):
    a = a + 1
    return a
def g(n):
    m = f(n)
    return n, m
a = g(3)
""",
    "locals of the caller keep their values": """
def f(a):
    x = a * 2
    return x
def g(x):
    y = f(x + 1)
    return x, y
a = g(3)
""",
    "the caller's local is no global of the function": """
K = 2
def f(a): return a * K
def g(K): return f(K)
def h():
    def inner(n): return f(n)
    K = 5
    return inner(K), K
a = g(10), h()
""",
    "a loop sees the values of its own round": """
def f(a):
    x = []
    x.append(a)
    return x
def g():
    made = []
    for i in range(3):
        made.append(f(i))
        last = f(i)
    return made, last
a = g()
""",
    "a loop without items": """
def f(a):
    r = 0
    for x in a: r = x
    return r
def g():
    z = f([1])
    return z, f([]), f((2, 3))
a = g()
""",
    "a local that may be unbound is named in the error": """
def f(a):
    if a: x = 1
    return x
def g(): return f(0)
g()
""",
    "recursion": """
def f(n): return 1 if n < 2 else n * f(n - 1)
def even(n): return True if n == 0 else odd(n - 1)
def odd(n): return False if n == 0 else even(n - 1)
def g(n): return f(n), even(n)
a = g(5)
""",
    "early returns": """
def f(n):
    if n == 0: return 'zero'
    if n < 0:
        note(n)
        return
    n += 1
    if n > 3: raise ValueError(n)
    return n
def g(n):
    r = f(n)
    return r
a = [g(0), g(-1), g(1)]
g(7)
""",
    "an error has the line that it comes from": """
def f(n):
    m = n + 1
    return 1 / (m - 1)
def g(n):
    x = 0
    x += f(n) + 1
    return x
a = g(2)
g(0)
""",
    "too few arguments": """
def f(a, b): return a
def g(): return f(note(1))
g()
""",
    "another class": """
class A:
    def get(self): return 'A'
class B(A):
    def get(self): return 'B'
class C(A): pass
class D:
    def __init__(self): self.get = lambda: 'D'
class E:
    def __getattr__(self, name): return lambda: name
def g(x): return x.get()
def h(x):
    r = x.get()
    return r
a = [g(x) + h(x) for x in (A(), B(), C(), E())]
b = g(None)
""",
    "an instance has the attribute": """
class A:
    def get(self): return 'A'
def g(x): return x.get()
x = A()
x.get = lambda: 'instance'
a = g(x)
""",
    "a patched class": """
class A:
    def get(self): return 'A'
def g(x): return x.get()
a = g(A())
A.get = lambda self: 'patched'
b = g(A())
setattr(A, 'get', lambda self: 'again')
c = g(A())
""",
    "an object that changes its class": """
class A:
    def one(self): return self.two() + self.two()
    def two(self): return 'A'
class B:
    def two(self): return 'B'
def g(x):
    x.__class__ = B
    return x.two()
a = g(A())
""",
    "a method of another kind": """
class A:
    @property
    def p(self): return lambda: 'p'
    @staticmethod
    def s(): return 's'
    @classmethod
    def c(cls): return cls.__name__
    def __private(self): return 'private'
    def ask(self): return self.__private()
def g(x): return x.p(), x.s(), x.c(), x.ask()
a = g(A())
""",
    "private names": """
class A:
    def __init__(self): self.__x = 1
    def get(self): return self.__x
def g(x): return x.get()
class B:
    def ask(self, x): return x.get()
a = g(A()), B().ask(A())
""",
    "super": """
class A:
    def get(self): return 1
class B(A):
    def get(self): return super().get() + 1
def g(x): return x.get()
a = g(B())
""",
    "objects that are made": """
class A:
    def __init__(self, x, y=2):
        self.x = note(x)
        self.y = y
class B(A):
    pass
class C:
    def __new__(cls, x): return [x]
    def __init__(self, x): note('never')
def g():
    a = A(note(1), y=note(3))
    b = B(a.x)
    return a.x, a.y, b.x, type(b).__name__, C(4)
a = g()
A = lambda x, y: note('other')
b = g()
""",
    "an __init__ that returns something": """
class A:
    def __init__(self, x): return x
def g(x):
    a = A(x)
    return 1
a = g(None)
g(1)
""",
    "an __init__ that fails": """
class A:
    def __init__(self, x):
        self.x = 1 / x
def g(x):
    try:
        a = A(x)
    except ZeroDivisionError as e:
        return 'caught'
    return a.x
a = g(0), g(2)
""",
    "calls before the definition": """
def g(n): return f(n)
try:
    g(1)
except NameError as e:
    note(str(e))
def f(n): return n
a = g(2)
""",
    "a class that is defined again": """
class A:
    def get(self): return 1
def g(x): return x.get()
a = g(A())
class A:
    def get(self): return 2
b = g(A())
""",
    "generators and comprehensions": """
def f(n): return n * 2
def g(n):
    for i in range(n):
        x = f(i)
        yield x
        yield f((yield x))
def h(n): return [f(i) for i in range(n)], (lambda: f(n))()
a = list(g(2)), h(3)
""",
    "short circuits": """
def f(n): return note(n) > 1
def g(n): return f(n) and f(n + 1) or f(0)
def h(n):
    while f(n): n -= 1
    return n if f(n) else -n
a = g(1), g(2), h(3)
""",
    "a conditional expression in a statement that binds": """
def f(n): return n
def g(d):
    d[f(1)] = f(2)
    d[f(1)] += f(3)
    x, y = f((4, 5))
    assert f(True), f('why')
    del d[f(7)]
    return d, x, y
a = g({7: 1})
""",
    "the order in augmented assignments": """
total = 1
def f():
    global total
    total = 10
    return 1
class A:
    x = 1
    def add(self):
        self.x = 5
        return 1
def g(o):
    global total
    total += f()
    o.x += o.add()
    return o.x
a = g(A())
""",
    "types that are not what they were": """
type = lambda x: A
class A:
    def get(self): return 'A'
def g(x): return x.get()
a = g(A())
g(3)
""",
}

KEPT |= {
    "a property of one class, an attribute of another": """
class A:
    def __init__(self, x): self._x = x
    @property
    def size(self): return note(self._x) + 1
class B(A):
    pass
class C:
    size = 7
def g(o):
    found = o.size
    return found, o.size * 2
a = g(A(1)), g(B(2)), g(C())
""",
    "a property whose AttributeError goes elsewhere": """
class A:
    @property
    def size(self): return self.missing
    def __getattr__(self, name): return 'asked for ' + name
class B:
    @property
    def size(self): return self.missing
def g(o):
    return o.size
a = g(A())
b = g(B())
""",
    "a property that is patched where nobody sees it": """
class A:
    @property
    def size(self): return 1
def g(o):
    return o.size
a = g(A())
g.__globals__['A'] = 3
b = g(type('A', (), {'size': 4})())
""",
    "properties that are bound, and deleted": """
class A:
    @property
    def size(self): return 1
def g(o):
    o.size = 2
    return o.size
def h(o):
    del o.size
for each in g, h:
    try: each(A())
    except AttributeError as error: note(type(error).__name__)
""",
    "a lambda that is rebound": """
double = lambda n: note(n) * 2
def g(n): return double(n) + 1
a = g(1)
double = str
b = g(1)
""",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_traps_are_avoided(text: str) -> None:
    assert difference(FUNCTION + text, inlining, frames=False) is None


def test_the_traps_are_programs_in_which_something_is_done() -> None:
    assert sum(bool(done(FUNCTION + text)) for text in KEPT.values()) >= 18


@pytest.mark.parametrize(
    "text",
    [
        "def f(*a): return a\ndef g(): return f(1)",
        "def f(a): return [a for b in (1, 2)]\ndef g(): return f(1)",
        "def f(a): yield a\ndef g(): return f(1)",
        "async def f(a): return a\ndef g(): return f(1)",
        "def f(a):\n    while a: return 1\ndef g(): return f(1)",
        "def f(a): return locals()\ndef g(): return f(1)",
        "def f(a): return a\ndef g():\n    x = f(1)\n    return locals()",
        "def f(a=[]): return a\ndef g(): return f()",
        "@cache\ndef f(a): return a\ndef g(): return f(1)",
        "def f(a): return a\ndef f(a): return 1\ndef g(): return f(1)",
        "if x:\n    def f(a): return a\ndef g(): return f(1)",
        "def f(a): return a\ndef g(): return f(*x)",
        "def f(a): return a\ndef g(): return f(**x)",
        "def f(a): return a\ndef g(f): return f(1)",
        "def f(a): return a\nexec(x)\ndef g(): return f(1)",
        "from m import *\ndef f(a): return a\ndef g(): return f(1)",
        "def f(a): return a\nx = f(1)\nclass C:\n    y = f(2)",
        "class A(B):\n    def get(self): return 1\ndef g(x): return x.get()",
        "@d\nclass A:\n    def get(self): return 1\ndef g(x): return x.get()",
        "class A(metaclass=M):\n    def get(self): return 1\ndef g(x): return x.get()",
        "class A:\n    def append(self, y): return y\ndef g(x): return x.append(1)",
        "def property(f): pass\nclass A:\n    @property\n    def x(self): pass\ndef g(o): o.x",
        "class A:\n    @property\n    def x(self): return 1\ndef g(o): o.x = A.x",
        "f = lambda a: a\nf.x = 1\nf = 2\ndef g(): return f(1)",
        "_wadjet_f = 1\ndef f(a): return a\ndef g(): return f(1)",
    ],
)
def test_what_cannot_be_seen_through_is_left(text: str) -> None:
    assert applied(text, inlining) == ast.unparse(ast.parse(text))


def test_a_traceback_ends_with_the_line_that_failed_and_lacks_the_call() -> None:
    text = "def f(n):\n    return 1 / n\ndef g(n):\n    return f(n) + 1\ng(0)\n"
    assert outcome(text).error[2:] == ("line 5", "line 4", "line 2")
    assert outcome(text, [inlining]).error[2:] == ("line 5", "line 2")


def test_what_was_done_is_told_by_call_and_what_was_not_with_a_reason() -> None:
    text = "def f(a): return a\ndef h(a): return [x for x in a]\ndef g(): return f(1), h(2)\n"
    found = {each.before: (each.line, each.after or each.why) for each in changes(text)}
    assert found == {
        "f(1)": (3, "the body of f"),
        "h(2)": (3, "it has a ListComp in line 2"),
    }


def test_properties_and_lambdas_are_put_there_too() -> None:
    text = "class A:\n    @property\n    def size(self): return self.x\n"
    text += "half = lambda n: n / 2\ndef g(o): return half(3) + o.size\n"
    assert {each.before: each.after for each in changes(text)} == {
        "half(3)": "the body of half",
        "o.size": "the body of A.size",
    }


def test_the_docstring_and_imports_from_the_future_stay_first() -> None:
    text = "'doc'\nfrom __future__ import annotations\ndef f(a): return a\ndef g(): return f(1)\n"
    space: dict[str, object] = {}
    exec(compile(applied(text, inlining), "a.py", "exec", dont_inherit=True), space)
    assert space["__doc__"] == "doc"


def test_a_module_that_is_loaded_again_has_guards_of_its_own() -> None:
    text = "def f(a): return a\ndef g(): return f(1)\n"
    space: dict[str, object] = {}
    code = compile(applied(text, inlining), "a.py", "exec", dont_inherit=True)
    exec(code, space)
    before = space["g"]
    exec(code, space)
    assert before() == space["g"]() == 1  # type: ignore[operator]
