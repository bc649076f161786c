r"""Imports that wait in a module until somebody reads their name: no other line changes.

>>> tree = ast.parse('''
... import csv
... def rows(file):
...     return csv.reader(file)
... ''')
>>> [found] = may_wait(tree)
>>> found.text, found.modules("shop.stock")
('import csv', ('csv',))
>>> made = made_to_wait(tree, [found])
>>> print(ast.unparse(made.tree))
def rows(file):
    return (csv if 'csv' not in _wadjet else _wadjet.load('csv')).reader(file)
>>> {name: ast.unparse(statement) for name, statement in made.statements.items()}
{'csv': 'import csv'}

Who reads the name from outside finds it by the ``__getattr__`` that ``wadjet.deferred`` gives
the module. Nobody can find it in the module's dictionary: so names that the module might look
up there itself, in annotations or by ``globals()``, do not wait.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wadjet.pipeline.deferring import in_classes
from wadjet.pipeline.meaning.names import Scope, ScopeKind
from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.tree import Node, children, walk

WAITING = "_wadjet"
"""What a module calls the dictionary of its imports that wait."""

_FUNCTIONS = (ScopeKind.FUNCTION, ScopeKind.LAMBDA)
_WITHIN = (ScopeKind.COMPREHENSION, ScopeKind.CLASS)
_SPECIAL = re.compile(r"__\w+__")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, eq=False)
class MayWait:
    """The import of one name at a module's own level."""

    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    reads: tuple[Node, ...]

    @property
    def name(self) -> str:
        """What it binds."""
        return self.alias.asname or self.alias.name.partition(".")[0]

    @property
    def text(self) -> str:
        """The import of this name alone."""
        return ast.unparse(self.alone())

    def alone(self) -> ast.Import | ast.ImportFrom:
        """Return the statement with no other name, at its place."""
        if isinstance(self.statement, ast.Import):
            made: ast.Import | ast.ImportFrom = ast.Import([self.alias])
        else:
            made = ast.ImportFrom(self.statement.module, [self.alias], self.statement.level)
        return ast.copy_location(made, self.statement)

    def modules(self, package: str) -> tuple[str, ...]:
        """Return the modules that the import loads, or may: ``package`` is that of the file."""
        if isinstance(self.statement, ast.Import):
            return (self.alias.name,)
        above = package.split(".")
        kept = above[: len(above) + 1 - self.statement.level] if self.statement.level else []
        base = ".".join([*kept, *filter(None, [self.statement.module])])
        return (base, f"{base}.{self.alias.name}")


@dataclass(frozen=True, slots=True)
class Made:
    """A module without some imports, and their statements by the names that they bind."""

    tree: ast.Module
    statements: dict[str, ast.Import | ast.ImportFrom]


def may_wait(tree: ast.Module) -> list[MayWait]:
    """Return the imports of a module that only functions need, or only others."""
    scopes = resolve(tree)
    apart = set(_run_apart(tree))
    if WAITING in scopes.globals or any(each.node not in apart for each in scopes.doubts):
        return []
    unfit = {*_annotated(tree), *_matched(tree), *in_classes(scopes)}
    return [
        MayWait(statement, alias, reads)
        for statement in tree.body
        if isinstance(statement, ast.Import | ast.ImportFrom) and not _is_special(statement)
        for alias in statement.names
        if (name := alias.asname or alias.name.partition(".")[0]) not in unfit
        and not _SPECIAL.fullmatch(name)
        and (reads := _reads(scopes, name, alias)) is not None
        and (reads or isinstance(statement, ast.ImportFrom))  # or it is there for what it does
    ]


def _run_apart(tree: ast.Module) -> Iterator[Node]:
    """Yield each `exec` and `eval` that is called with names of its own: none of the module's."""
    for node in walk(tree):
        match node:
            case ast.Call(ast.Name("exec" | "eval") as name, [ast.expr(), names, *_]) if not (
                isinstance(names, ast.Starred)
            ):
                yield name


def _is_special(statement: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is the compiler's, or waits already."""
    if getattr(statement, "is_lazy", 0):
        return True
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _reads(scopes: Scopes, name: str, alias: ast.alias) -> tuple[Node, ...] | None:
    """Return the nodes that read a name; None if one is in no function, or more binds it."""
    binding = scopes.module.names.get(name)
    if binding is None or binding.variable.bound_at != [alias]:
        return None
    reads = binding.variable.read_at
    fit = all(isinstance(each, ast.Name) and _is_deep(scopes.of(each)) for each in reads)
    return tuple(reads) if fit else None


def _is_deep(scope: Scope | None) -> bool:
    """Whether a scope's code runs when a function is called."""
    while scope is not None and scope.kind in _WITHIN:
        scope = scope.parent
    return scope is not None and scope.kind in _FUNCTIONS


def _annotated(tree: ast.Module) -> Iterator[str]:
    """Yield the words of annotations, which may be looked up in the module's dictionary."""
    for node in walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            for each in walk(annotation) if isinstance(annotation, ast.AST) else ():
                if isinstance(each, ast.Name):
                    yield each.id
                elif isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield from _WORD.findall(each.value)


def _matched(tree: ast.Module) -> Iterator[str]:
    """Yield the names in patterns, where nothing but a name may stand."""
    for node in walk(tree):
        if isinstance(node, ast.pattern):
            for each in walk(node):
                if isinstance(each, ast.Name):
                    yield each.id


def made_to_wait(tree: ast.Module, chosen: Sequence[MayWait]) -> Made:
    """Return the module without the chosen imports; the tree is changed."""
    gone = {each.alias for each in chosen}
    reads = {node: each.name for each in chosen for node in each.reads}
    statements = {each.name: each.alone() for each in chosen}
    tree.body = list(_without(tree.body, gone))
    _Asking(reads).visit(tree)
    return Made(tree, statements)


def marked_lazy(tree: ast.Module, chosen: Sequence[MayWait]) -> ast.Module:
    """Return the module with the chosen imports lazy: for Python 3.15 (PEP 810)."""
    gone = {each.alias for each in chosen}
    lazy: dict[Node, list[ast.stmt]] = {}
    for each in chosen:
        made = each.alone()
        made.is_lazy = 1  # type: ignore[union-attr]
        lazy.setdefault(each.statement, []).append(made)
    body: list[ast.stmt] = []
    for statement in tree.body:
        body += lazy.get(statement, ())
        body += _without([statement], gone)
    tree.body = body
    return tree


def _without(body: Sequence[ast.stmt], gone: set[ast.alias]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom) and gone.intersection(
            statement.names
        ):
            statement.names = [each for each in statement.names if each not in gone]
            if not statement.names:
                continue
        yield statement


class _Asking(ast.NodeTransformer):
    """Puts a question before each read: is the import still waiting?"""

    def __init__(self, reads: dict[Node, str]) -> None:
        self._reads = reads

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the name, or a question that ends with it."""
        name = self._reads.get(node)
        if name is None:
            return node
        asked = ast.Compare(ast.Constant(name), [ast.NotIn()], [ast.Name(WAITING, ast.Load())])
        load = ast.Attribute(ast.Name(WAITING, ast.Load()), "load", ast.Load())
        made = ast.IfExp(asked, node, ast.Call(load, [ast.Constant(name)], []))
        return _placed(made, node)


def _placed(made: ast.expr, at: ast.Name) -> ast.expr:
    """Give all new nodes the place of another, so that tracebacks point there."""
    stack: list[Node] = [made]
    while stack:
        node = stack.pop()
        if not hasattr(node, "lineno"):
            ast.copy_location(node, at)
        stack += children(node)
    return made
