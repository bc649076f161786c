"""Methods for items and operators are put where an object is asked, and nobody can tell."""

from __future__ import annotations

import pytest
from tests.compiler.inlining.test_inlining import FUNCTION, changes

from wadjet.compiler.inlining.inlining import inlining
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied

GRID = """
class Grid:
    def __init__(self, rows): self.rows = rows
    def __getitem__(self, at):
        if isinstance(at, tuple):
            return self.rows[at[1]][at[0]]
        return self.rows[note(at)]
    def __setitem__(self, at, value):
        x, y = at
        self.rows[y][x] = value
"""

VECTOR = """
class Vector:
    def __init__(self, x): self.x = x
    def __sub__(self, other): return Vector(self.x - other.x)
    def __add__(self, other):
        if other.x < 0:
            return NotImplemented
        return Vector(self.x + other.x)
def move(one, other): return note(one - other)
move(Vector(1), Vector(2))
"""

KEPT = {
    "items that are read and bound amid others": GRID
    + """
def f(grid, n):
    grid.rows
    total = note(1) + grid[n, 0] * note(2) + grid[0][n]
    for i in range(2):
        grid[i, note(n)] = total + grid[i, i]
        grid[i][0] += 1
    return total, grid[i, n], grid[1:2], (grid[0] if n else grid[1])
a = f(Grid([[1, 2], [3, 4]]), 1)
""",
    "a derived class, another class, and a rebound one": GRID
    + """
class Odd(Grid):
    def __getitem__(self, at): return 'odd'
def f(grid):
    grid.rows
    return grid[0], grid[0, 0]
a = f(Odd([[1]])), f(type('Other', (dict,), {'rows': 1})({0: 1, (0, 0): 2}))
f.__globals__['Grid'] = Odd
b = f(Odd([[1]]))
""",
    "errors in the midst": GRID
    + """
def f(grid, at):
    grid.rows
    try: return note(1) + grid[at, note(0)] + note(2)
    except Exception as error: note(type(error).__name__)
    finally: note('left')
a = f(Grid([[1]]), 0), f(Grid([[1]]), 5), f(Grid([[1]]), None), f(Grid(None), 0)
def g(grid, at):
    grid.rows
    try: grid[at] = note(3)
    except Exception as error: note(str(error))
b = g(Grid([[1]]), (0, 0)), g(Grid([[1]]), 1), g(Grid([[1]]), (1, 2, 3))
""",
    "a place that looks like a whole number, and is none": GRID
    + """
def f(grid, n):
    grid.rows
    for i in range(1):
        i = n
        a = grid[i]
    for j in range(1):
        b = grid[j]
    return a, b
a = f(Grid([[1]]), (0, 0))
""",
    "a name that looks whole, and that an import and another function bind": GRID
    + """
def f(grid, n):
    grid.rows
    for i in range(1):
        note(grid[i])
    import math as i
    def other():
        i = 0
    try: return grid[i]
    except TypeError as error: note('no index')
f(Grid([[1]]), 0)
""",
    "an argument that is bound anew": GRID
    + """
def f(grid, other):
    grid.rows
    for i in range(2):
        note(grid[i])
        grid = other
f(Grid([[1]]), 'abc')
""",
    "a right operand that is derived from the left is asked first": VECTOR
    + """
class Loud(Vector):
    def __rsub__(self, other): return 'reflected'
a = move(Vector(1), Loud(2)), move(Loud(1), Vector(2)).x, move(3, 4)
""",
    "no answer": VECTOR
    + """
class Other:
    def __init__(self, x): self.x = x
    def __radd__(self, other): return 'asked'
def add(one, other):
    note(one.x)
    return one + other
a = add(Vector(1), Vector(2)).x, add(Vector(1), Other(-1))
""",
    "operands of other classes than the text says": VECTOR
    + """
for pair in (1, 2), ({1, 2}, {2}), (Vector(1), 'a'), ('a', Vector(1)):
    try: move(*pair)
    except Exception as error: note(str(error))
""",
    "operators amid others": VECTOR
    + """
def far(one, other, third):
    d = (one - other - third).x + note(3) - note(one - third).x
    return d if d else one - other
a = far(Vector(1), Vector(2), Vector(4)), move(Vector(1), Vector(2)).x
b = far(3j, 1, 2) if 0 else None
""",
    "methods of one name, one for several classes": """
class A:
    def go(self, n): return note('A')
class B(A):
    pass
class C:
    def go(self, n): return note(n + 1)
class D:
    def go(self, n):
        if n: return note('D')
def f(rows):
    for each in rows:
        x = each.go(1)
        note(x)
f([A(), B(), C(), D(), type('E', (D,), {'go': lambda self, n: 'E'})()])
""",
    "a name that builtins have too": """
class Set:
    def __init__(self): self.kept = []
    def add(self, a): self.kept.append(a)
def f(one, other):
    one.kept
    one.add(1)
    other.add(2)
    return one.kept
other = set()
a = f(Set(), other), other
""",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_traps_are_avoided(text: str) -> None:
    assert difference(FUNCTION + text, inlining, frames=False) is None


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_in_each_trap_something_is_done(text: str) -> None:
    assert any(not each.why and "note" not in each.before[:4] for each in changes(FUNCTION + text))


def test_a_tuple_that_is_only_taken_apart_is_not_made() -> None:
    made = applied(
        FUNCTION + GRID + "def f(grid, x):\n    grid.rows\n    return grid[x, 1]\n", inlining
    )
    assert "return grid.rows[" in made


def test_an_argument_is_asked_for_its_class_once_in_a_loop() -> None:
    text = GRID + "def f(grid):\n    grid.rows\n    for i in range(3):\n        note(grid[i])\n"
    made = applied(FUNCTION + text, inlining)
    assert made.count("_wadjet_0type(grid)") == 1


def test_what_is_global_for_operators_of_builtin_types_is_left() -> None:
    text = FUNCTION + VECTOR + "def f(n):\n    return n * 2 - len('ab')\n"
    assert not [each for each in changes(text) if each.before.startswith("n * 2")]


def test_functions_that_call_the_next_twice_do_not_grow_without_end() -> None:
    text = "".join(f"def f{n}(a): return f{n + 1}(a) + f{n + 1}(a)\n" for n in range(30))
    made = applied(text + "def f30(a): return a\ndef g(a): return f0(a)\n", inlining)
    assert len(made) < 400_000
