r"""Loops of the module's own level: their names are globals, so they are looked up as such.

>>> from wadjet.pipeline.passes import applied
>>> print(applied('''
... total = 0
... for row in rows:
...     total += len(row)
... ''', module_loops))
global len, row, rows, total
total = 0
for row in rows:
    total += len(row)

Code of a module's own level looks for each name in the locals, the globals and the builtins,
each time anew, though its locals are its globals. What is declared to be global is looked up
as in functions, where the interpreter remembers the place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from wadjet.pipeline.tree import Node, children, walk
from wadjet.pipeline.unit import Facts, rewrites

_LOOPS = (ast.For, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@rewrites(ast.Module, name="module-loops", version="1")
def module_loops(node: ast.Module, facts: Facts) -> None:
    """Look up the names in loops of the module's own level as globals, which they are."""
    loops = [each for each in _outside(node.body) if isinstance(each, _LOOPS)]
    if not loops:
        return
    refused = _refused(node.body)
    names: set[str] = set()
    for loop in loops:
        found = {name for name in _names(loop) if name not in refused}
        names |= found
        if found:
            facts.did(facts.by, loop, f"global {', '.join(sorted(found))}")
    if names:
        facts.first.append(ast.Global(sorted(names)))


def _outside(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module's own level, but for those in its loops."""
    stack: list[Node] = [*reversed(body)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        elif not isinstance(node, ast.ExceptHandler | ast.match_case):
            continue
        if not isinstance(node, (*_LOOPS, *_DEFINITIONS)):
            stack += reversed(children(node))


def _names(loop: ast.stmt) -> Iterator[str]:
    """Yield the names that the code of a loop has, other than Python's own."""
    stack: list[Node] = [loop]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if not node.id.startswith("__"):
                yield node.id
        elif isinstance(node, _COMPREHENSIONS):
            stack.append(node.generators[0].iter)
        elif not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            stack += children(node)


def _refused(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that must not be declared: annotated ones, and lazy imports and types."""
    found: set[str] = set()
    for statement in body:
        for node in walk(statement) if not isinstance(statement, _DEFINITIONS) else ():
            match node:
                case ast.AnnAssign(target=ast.Name(name)):
                    found.add(name)
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    if getattr(node, "is_lazy", 0):
                        found |= {(each.asname or each.name).partition(".")[0] for each in names}
                case _ if node.__class__.__name__ == "TypeAlias":
                    found |= {each.id for each in children(node) if isinstance(each, ast.Name)}
    return found
