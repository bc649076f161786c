r"""Small functions and methods of a module, put where it calls them.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... def square(n):
...     return n * n
... def total(rows):
...     result = 0
...     for row in rows:
...         result += square(row)
...     return result
... ''', inlining))
_wadjet_square = []
<BLANKLINE>
def square(n):
    return n * n
_wadjet_square = square
<BLANKLINE>
def total(rows):
    result = 0
    for row in rows:
        result += row * row if square is _wadjet_square else square(row)
    return result

A guard stands before each: whoever binds the name to something else gets that called. For a
method, the object must be of the class that the module defines, or one of those:

>>> print(applied('''
... class Task:
...     def __init__(self, left): self.left = left
...     def step(self):
...         self.left -= 1
...         return self.left == 0
... def run(task):
...     done = task.step()
...     return done
... ''', inlining))
_wadjet_0type = type
_wadjet_Task = []
<BLANKLINE>
class Task:
<BLANKLINE>
    def __init__(self, left):
        self.left = left
<BLANKLINE>
    def step(self):
        self.left -= 1
        return self.left == 0
_wadjet_Task = Task
<BLANKLINE>
def run(task):
    if _wadjet_0type(task) is _wadjet_Task:
        task.left -= 1
        done = task.left == 0
    else:
        done = task.step()
    return done

A property is read as a method is called, and a lambda with a name is a function.

Lines are those of the function that was put there, so that a traceback ends with the line
that failed; the call itself is missing in it.
"""

from __future__ import annotations

import ast

from wadjet.compiler.inlining.caller import Caller
from wadjet.compiler.inlining.guards import Guards
from wadjet.compiler.inlining.likely import Function, likely
from wadjet.compiler.inlining.place import Place
from wadjet.compiler.inlining.targets import Targets
from wadjet.pipeline.head import PREFIX
from wadjet.pipeline.unit import Facts, rewrites


@rewrites(ast.Module, name="inlining", version="3", assumes="inlining")
def inlining(node: ast.Module, facts: Facts) -> ast.Module | None:
    """Put small functions, methods and properties of a module where it uses them, behind guards."""
    hopeful, known = likely(node, closely=facts.notes is None)
    if not hopeful:
        return None
    scopes = facts.present_scopes
    if scopes.doubts:
        facts.stop(scopes.doubts[0].node, "this may bind any global")
        return None
    if any(_may_be_ours(name) for scope in scopes.all for name in scope.names):
        return None
    targets = Targets(facts, scopes, known)
    guards = Guards()
    made: dict[Function, list[ast.stmt]] = {}
    for each in reversed(hopeful):  # those within others come first
        if scopes.opened(each).is_watched:
            continue
        owner = targets.defined.get(each)
        body = Caller(Place(each, targets, facts, owner), guards, facts).body()
        if body is None:
            continue
        made[each] = body
        if each not in targets.defined:  # a function around it is to have it as it is now
            each.body = body
    for each, body in made.items():
        each.body = body
    targets.classes.forget()
    return ast.Module(guards.kept(node.body), node.type_ignores) if made else None


def _may_be_ours(name: str) -> bool:
    """Whether a name may be one that this pass would give; those with a 0 are of other passes."""
    return name.startswith(PREFIX) and not name.startswith(f"{PREFIX}0")
