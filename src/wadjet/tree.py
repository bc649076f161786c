r"""Programs as trees: walk, ask, change, and compile them.

>>> import ast
>>> from wadjet import tree
>>> program = tree.parse("def area(r):\n    return 3 * r ** 2\n")
>>> [each.node.id for each in program.walk(ast.Name)]
['r']
>>> def square(node):
...     match node:
...         case ast.BinOp(ast.Name() as name, ast.Pow(), ast.Constant(2)):
...             return ast.BinOp(name, ast.Mult(), name)
>>> better = program.transform(square)
>>> print(better)
def area(r):
    return 3 * (r * r)
>>> names = {}
>>> exec(better.compile(), names)
>>> names["area"](2)
12

Nodes are those of ``ast``, by the same names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import CodeType
from typing import Any, Generic, TypeVar, overload

from wadjet.pipeline import transform as _transform
from wadjet.pipeline.listing import Part, listing
from wadjet.pipeline.meaning.chains import Chains, chain
from wadjet.pipeline.meaning.effects import Effects, Facts, Raises
from wadjet.pipeline.meaning.flow import Flow, flow
from wadjet.pipeline.meaning.names import Binding, Kind, Scope, ScopeKind, Variable
from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.source import Source, read
from wadjet.pipeline.tree import Node, parents, span, walk
from wadjet.pipeline.tree import parse as _parsed

_Node = TypeVar("_Node", bound=Node)


@dataclass(frozen=True, slots=True)
class Range:
    """Where a node stands: lines and columns count from 1, in characters; the end is outside."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Place(Generic[_Node]):
    """A node with what is around it; what has no text of its own has no range."""

    node: _Node
    parent: Node | None
    scope: Scope
    range: Range | None


class Tree:
    """A program. It does not change: ``transform`` returns another."""

    def __init__(self, source: Source, module: ast.Module) -> None:
        self.source = source
        self.module = module
        self._flows: dict[Node, Flow] = {}
        self._chains: dict[Node, Chains] = {}
        self._effects: dict[Scope, Effects] = {}

    def __str__(self) -> str:
        return ast.unparse(self.module)

    @cached_property
    def scopes(self) -> Scopes:
        """What each name means."""
        return resolve(self.module)

    @cached_property
    def parents(self) -> dict[Node, Node]:
        """The parent of each node but the module."""
        return parents(self.module)

    @overload
    def walk(self) -> Iterator[Place[Node]]: ...
    @overload
    def walk(self, *kinds: type[_Node]) -> Iterator[Place[_Node]]: ...
    def walk(self, *kinds: type[Node]) -> Iterator[Place[Any]]:
        """Yield the nodes of some kinds, or all, each before those within it."""
        for node in walk(self.module):
            if isinstance(node, kinds or Node):
                yield Place(node, self.parents.get(node), self.scopes.of(node), self.range(node))

    def range(self, node: Node) -> Range | None:
        """Return where a node stands in the source; of a new one, what it stands for."""
        if not hasattr(node, "lineno"):
            return None
        start, end = span(self.source, node)
        return Range(*self.source.position(start), *self.source.position(end))

    def text(self, node: Node) -> str:
        """Return the source of a node, as it is written there."""
        start, end = span(self.source, node)
        return self.source.text[start:end]

    def flow(self, code: Node | None = None) -> Flow:
        """Return in which order statements of a function, class body or the module may run."""
        code = self.module if code is None else code
        if code not in self._flows:
            self._flows[code] = flow(code)
        return self._flows[code]

    def chains(self, function: Node) -> Chains:
        """Return which binding of a local each read may see, along the function's flow."""
        if function not in self._chains:
            self._chains[function] = chain(self.scopes, function, self.flow(function))
        return self._chains[function]

    def effects(self, expression: ast.expr) -> Facts:
        """Return what evaluating an expression may do."""
        scope = self.scopes.of(expression)
        if scope not in self._effects:
            runs = scope.kind in (ScopeKind.FUNCTION, ScopeKind.LAMBDA)
            chains = self.chains(scope.node) if runs else None
            self._effects[scope] = Effects(self.scopes, chains)
        return self._effects[scope].of(expression)

    def transform(self, change: _transform.Change) -> Tree:
        """Return a program in which a function has put other nodes in the place of some.

        It is called with each node, after those within it, and returns what stands there
        instead: None to leave it, for a statement also several or none. See
        ``wadjet.pipeline.transform``.
        """
        return Tree(self.source, _transform.transform(self.module, change))

    def compile(self, *, optimize: int = -1) -> CodeType:
        """Return the module's code, whose lines are those of the source."""
        return compile(self.module, self.source.path, "exec", dont_inherit=True, optimize=optimize)

    def listing(self) -> list[Part]:
        """Return the byte code of each function beside the nodes that it comes from."""
        return listing(self.module, self.compile())


def parse(program: str | PathLike[str]) -> Tree:
    """Return the tree of a text, or of the file at a ``Path``; raises SourceError."""
    source = Source("<text>", program) if isinstance(program, str) else read(Path(program))
    return Tree(source, _parsed(source))


__all__ = [
    "Binding",
    "Chains",
    "Facts",
    "Flow",
    "Kind",
    "Node",
    "Part",
    "Place",
    "Raises",
    "Range",
    "Scope",
    "ScopeKind",
    "Scopes",
    "Tree",
    "Variable",
    "parse",
]
