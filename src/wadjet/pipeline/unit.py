r"""The unit that travels through the pipeline, and the passes that it meets.

A pass looks at nodes of some kinds, and returns another node where it knows a better one.
Here is one that is whole:

>>> @rewrites(ast.BinOp, name="square")
... def square(node: ast.BinOp, facts: Facts) -> ast.expr | None:
...     "Multiply a name with itself, rather than raise it to the power of two."
...     match node:
...         case ast.BinOp(ast.Name() as name, ast.Pow(), ast.Constant(2)):
...             return ast.BinOp(name, ast.Mult(), name)
...     return None
>>> square.about
'Multiply a name with itself, rather than raise it to the power of two.'
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from wadjet.pipeline.meaning.chains import Chains, chain
from wadjet.pipeline.meaning.exact import ExactTypes
from wadjet.pipeline.meaning.scopes import Scopes, resolve
from wadjet.pipeline.meaning.single import BoundOnce, Function, bound_once
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import Node, select


@dataclass(frozen=True, slots=True)
class Change:
    """What a pass did at a place, or why it did nothing: then ``after`` is empty."""

    by: str
    line: int
    column: int
    before: str
    after: str
    why: str = ""


@dataclass
class Facts:
    """What a pass may ask about the module it looks at.

    ``notes`` is a list where somebody wants to read what was done, and None while importing;
    ``by`` is the pass that looks just now.
    """

    path: str
    tree: ast.Module
    optimize: int = 0
    notes: list[Change] | None = None
    by: str = ""
    first: list[ast.stmt] = field(default_factory=list)
    """What passes want to stand at the module's head, once all have looked."""
    _locals: dict[Function, tuple[Scopes, Chains]] = field(default_factory=dict, repr=False)
    _types: dict[Node, ExactTypes] = field(default_factory=dict, repr=False)
    _scopes: Scopes | None = field(default=None, repr=False)
    _is_present: bool = field(default=True, repr=False)  # the scopes are those of the tree now

    @property
    def scopes(self) -> Scopes:
        """What each name meant when a pass asked first; new nodes are not known."""
        return self._scopes or self._resolved()

    @property
    def present_scopes(self) -> Scopes:
        """What each name means in the tree as it is now: for a pass over the whole module."""
        if not self._is_present:
            self._let_go()
        return self._scopes or self._resolved()

    def _resolved(self) -> Scopes:
        self._scopes = resolve(self.tree)
        self._is_present = True
        return self._scopes

    @cached_property
    def imports(self) -> dict[str, tuple[Node, str]]:
        """The names that imports of the module's own level bind: the alias, and what of."""
        found: dict[str, tuple[Node, str]] = {}
        for statement in self.tree.body:
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    if alias.asname or "." not in alias.name:
                        found[alias.asname or alias.name] = alias, alias.name
            elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
                for alias in statement.names:
                    name = f"{statement.module}.{alias.name}"
                    found[alias.asname or alias.name] = alias, name
        return found

    @cached_property
    def assigned(self) -> dict[str, tuple[Node, ast.expr]]:
        """The names that the module's own level assigns alone: where, and what."""
        found: dict[str, tuple[Node, ast.expr]] = {}
        for statement in self.tree.body:
            match statement:
                case (
                    ast.Assign([ast.Name() as name], value)
                    | ast.AnnAssign(target=ast.Name() as name, value=ast.expr() as value)
                ):
                    found[name.id] = name, value
        return found

    @cached_property
    def bound_once(self) -> BoundOnce:
        """The locals that one statement of a function seems to bind: a quick look, no proof."""
        return bound_once(self.tree)

    def locals_of(self, function: Function) -> tuple[Scopes, Chains]:
        """Return what the locals of a function are, as when somebody first asked.

        All else is as if the function stood alone: to look at one costs little.
        """
        found = self._locals.get(function)
        if found is None:
            scopes = resolve(ast.Module([function], []))
            found = self._locals[function] = scopes, chain(scopes, function)
        return found

    def types_of(self, function: Function) -> ExactTypes:
        """Return the types of the locals of a function, as when somebody first asked."""
        found = self._types.get(function)
        if found is None:
            chains = self.locals_of(function)[1]
            found = self._types[function] = ExactTypes(function, chains, self.scopes.is_builtin)
        return found

    @cached_property
    def identities(self) -> frozenset[Node]:
        """What ``is`` and ``is not`` compare, when the first pass asks."""
        return frozenset(
            side
            for node in select(self.tree, {ast.Compare})
            if isinstance(node, ast.Compare)
            and any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops)
            for side in (node.left, *node.comparators)
        )

    def changed(self, node: Node) -> None:
        """Note that a node stands now in the place of another."""
        self._is_present = False
        if isinstance(node, ast.Module):
            self.tree = node

    def forget(self) -> None:
        """Let go of what was found out: nobody will ask again."""
        for scopes, _ in self._locals.values():
            scopes.forget()
        self._locals.clear()
        self._types.clear()
        self._let_go()

    def _let_go(self) -> None:
        if self._scopes is not None:
            self._scopes.forget()
            self._scopes = None

    def keep(self, name: str, value: ast.expr) -> ast.Name:
        """Have a value bound at the module's head, once; return what reads it."""
        if all(not _binds(each, name) for each in self.first):
            self.first.append(ast.Assign([ast.Name(name, ast.Store())], value))
        return ast.Name(name, ast.Load())

    def stop(self, node: Node, why: str) -> None:
        """Note why a pass leaves a node as it is."""
        if self.notes is not None:
            self.notes.append(_change(self.by, node, "", why))

    def did(self, by: str, node: Node, after: str) -> None:
        """Note what a pass made of a node."""
        if self.notes is not None:
            self.notes.append(_change(by, node, after, ""))


def _binds(statement: ast.stmt, name: str) -> bool:
    match statement:
        case ast.Assign([ast.Name(bound)]):
            return bound == name
    return False


def _change(by: str, node: Node, after: str, why: str) -> Change:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    return Change(by, line, column + 1, spelt(node), after, why)


def spelt(node: Node) -> str:
    """Return a node as code, for people."""
    try:
        return ast.unparse(node)
    except ValueError:  # f-strings, before Python 3.12, have no backslashes in braces
        return f"<{type(node).__name__}>"


@dataclass(frozen=True, slots=True)
class Unit:
    """A module on its way: its source, the tree that it is now, and what passes did to it."""

    source: Source
    tree: ast.Module
    changes: tuple[Change, ...] = ()


Rewrite = Callable[[Any, Facts], Node | None]


@runtime_checkable
class Pass(Protocol):
    """Something that rewrites trees, by a name that the .pyc will bear.

    ``version`` changes whenever the same source may come out differently. ``assumes`` names
    what must hold for the program to stay the same; empty where nothing need be assumed.
    ``kinds`` are the nodes it looks at; a pass over whole modules looks at ``ast.Module``.
    A pass that changes scopes or moves code keeps locations: a new node without one takes
    that of the node it replaces.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def assumes(self) -> str: ...  # noqa: D102
    @property
    def kinds(self) -> tuple[type[Node], ...]: ...  # noqa: D102
    @property
    def rewrite(self) -> Rewrite: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class NodePass:
    """A pass made of one function."""

    name: str
    kinds: tuple[type[Node], ...]
    rewrite: Rewrite
    version: str = "1"
    assumes: str = ""

    @property
    def about(self) -> str:
        """The first line of what it says of itself."""
        return (inspect.getdoc(self.rewrite) or "").partition("\n")[0]

    def __str__(self) -> str:
        return signature(self)


def rewrites(
    *kinds: type[Node], name: str, version: str = "", assumes: str = ""
) -> Callable[[Rewrite], NodePass]:
    """Make a pass of a function that takes a node and Facts, and returns a node or None.

    Where no version is given, the text of the file that the function stands in is one: code
    made by an older text is then not taken for that of the newer.
    """

    def make(rewrite: Rewrite) -> NodePass:
        return NodePass(name, kinds, rewrite, version or _edition(rewrite), assumes)

    return make


def _edition(rewrite: Rewrite) -> str:
    """Return a word for the text that a function comes from."""
    code = rewrite.__code__
    try:
        data = Path(code.co_filename).read_bytes()
    except OSError:  # an interactive session
        data = repr((code.co_code, code.co_consts, code.co_names)).encode()
    return f"0.{blake2b(data, digest_size=4).hexdigest()}"


def signature(each: Pass) -> str:
    """Return what names a pass and its version: ``square@1``."""
    return f"{each.name}@{each.version}"
