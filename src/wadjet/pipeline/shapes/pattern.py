"""Patterns: Python with holes.

=================  ========================================================================
``$x``             one node; where it is written twice, both must be the same code
``$_``             one node, whichever
``$...x``          any number of nodes: arguments, statements, elements, parameters
``${x:str}``       a node of a kind: a constant's type (``int``, ``float``, ``str``, ``bytes``,
                   ``bool``, ``none``, ``const``), a node's class (``name``, ``call``, ``binop``,
                   ...), ``expr`` or ``stmt``; ``${x:int|name}`` either
``${x?}``          a node that may be missing
=================  ========================================================================

A hole stands wherever Python has an expression, a statement or a name. Strings are what
they say: no hole is looked for in them, but for what an f-string has in braces (there
without braces of its own: ``f"{$x}"``).

>>> made = pattern("for $i in range(len($seq)): $...body")
>>> sorted(hole.name for hole in made.holes.values())
['body', 'i', 'seq']
>>> sorted(made.words)
['for', 'len', 'range']
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wadjet.pipeline.shapes.layout import STRING
from wadjet.pipeline.tree import Node, walk

ANYTHING = "_"
"""The name of holes that are not compared with each other."""

CONSTANTS: Mapping[str, type] = {
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": bytes,
    "bool": bool,
    "none": type(None),
    "ellipsis": type(...),
    "const": object,
}
"""Kinds of constants."""

CLASSES: Mapping[str, type[Node]] = {
    name.lower(): made
    for name, made in vars(ast).items()
    if isinstance(made, type) and issubclass(made, (ast.expr, ast.stmt))
}
"""Kinds of nodes, by the names of their classes in lower case."""

_HOLE = r"\$(?:(\.\.\.)?([^\W\d]\w*)|\{(\.\.\.)?([^\W\d]\w*)(\?)?(?::([\w|]+))?\})"
_TOKENS = re.compile(rf"(?P<skip>{STRING}|\#[^\n]*)|{_HOLE}|(?P<stray>\$)", re.DOTALL)
_HOLES = re.compile(rf"(?P<skip>(?!))|{_HOLE}|(?P<stray>\$)")
_F_STRING = re.compile(r"\w?[fFtT]\w?['\"]")
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_BETWEEN = r"(?:[\s().\\]|#[^\n\r]*[\n\r])*+"  # marks, line ends and comments
_STAND_IN = "_wadjet_hole_"
_KEYWORDS: Mapping[type[Node], str] = {
    ast.For: "for",
    ast.AsyncFor: "async",
    ast.While: "while",
    ast.If: "if",
    ast.With: "with",
    ast.AsyncWith: "async",
    ast.Try: "try",
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "async",
    ast.ClassDef: "class",
    ast.Return: "return",
    ast.Raise: "raise",
    ast.Assert: "assert",
    ast.Import: "import",
    ast.ImportFrom: "import",
    ast.Delete: "del",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Lambda: "lambda",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Await: "await",
}


class PatternError(ValueError):
    """A pattern that is none; the message says where."""


@dataclass(frozen=True, slots=True)
class Hole:
    """What may stand at a place: one node, one or none, or any number (``many``)."""

    name: str
    kinds: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False

    def takes(self, node: Node) -> bool:
        """Say whether a node is of the kind that is wanted."""
        return not self.kinds or any(_is_a(node, kind) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What code is compared with.

    ``root`` is one expression, or statements that follow each other. ``holes`` are by the
    identifiers that stand for them in ``root`` and in ``code``, its text. A text without one
    of ``words`` has no match, nor has one in which the words of a chain do not follow each
    other.
    """

    text: str
    code: str
    root: ast.expr | tuple[ast.stmt, ...]
    holes: Mapping[str, Hole]
    words: frozenset[str]
    chains: tuple[re.Pattern[str], ...] = ()


def pattern(text: str) -> Pattern:
    """Read a pattern; raises PatternError."""
    holes: dict[str, Hole] = {}
    code = _with_stand_ins(textwrap.dedent(text).strip(), holes)
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise PatternError(f"the pattern is no Python ({message}): {text.strip()}") from None
    if not body:
        raise PatternError("the pattern is empty")
    first = body[0]
    root: ast.expr | tuple[ast.stmt, ...] = tuple(body)
    if len(body) == 1 and isinstance(first, ast.Expr) and not _is_statement(first, holes):
        root = first.value
    return Pattern(text, code, root, holes, _words(body, holes), _chains(body, holes))


def hole_of(node: Node, holes: Mapping[str, Hole]) -> Hole | None:
    """Return the hole that a node of a pattern is nothing but.

    Python writes the same name as an expression, an argument, a statement and so on.
    """
    while True:
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                return holes.get(name)
            case ast.alias(name=name, asname=None):
                return holes.get(name)
            case ast.MatchAs(pattern=None, name=str(name)):
                return holes.get(name)
            case ast.Expr(value=inner) | ast.withitem(context_expr=inner, optional_vars=None):
                node = inner
            case ast.keyword(arg=None, value=inner) | ast.Starred(value=inner):
                hole = hole_of(inner, holes)
                return hole if hole is not None and hole.many else None
            case _:
                return None


def _is_a(node: Node, kind: str) -> bool:
    if kind in CONSTANTS:
        wanted = CONSTANTS[kind]
        return isinstance(node, ast.Constant) and (wanted is object or type(node.value) is wanted)
    return isinstance(node, CLASSES[kind])


def _with_stand_ins(text: str, holes: dict[str, Hole]) -> str:
    """Put an identifier in the place of each hole."""

    def stand_in(found: re.Match[str]) -> str:
        if found["skip"] is not None:
            is_f = _F_STRING.match(found[0])
            return (
                _FIELD.sub(lambda field: _HOLES.sub(stand_in, field[0]), found[0])
                if is_f
                else found[0]
            )
        if found["stray"] is not None:
            raise PatternError(f"what is $ at column {found.start() + 1} of the pattern: {text}")
        hole = _hole(found)
        name = f"{_STAND_IN}{len(holes)}"
        holes[name] = hole
        return name

    return _TOKENS.sub(stand_in, text)


def _hole(found: re.Match[str]) -> Hole:
    many, name, braced_many, braced, optional, kinds = found.groups()[1:7]
    chosen = tuple((kinds or "").split("|")) if kinds else ()
    for kind in chosen:
        if kind not in CONSTANTS and kind not in CLASSES:
            raise PatternError(f"there is no kind {kind!r}; kinds are {', '.join(_all_kinds())}")
    return Hole(name or braced, chosen, bool(many or braced_many), bool(optional))


def _all_kinds() -> list[str]:
    return [*CONSTANTS, *sorted(CLASSES)]


def _is_statement(node: ast.Expr, holes: Mapping[str, Hole]) -> bool:
    """Say whether a lone expression asks for statements: ``$...body``, ``${x:stmt}``."""
    hole = hole_of(node, holes)
    return hole is not None and (
        hole.many or any(issubclass(CLASSES.get(kind, Node), ast.stmt) for kind in hole.kinds)
    )


def _words(body: list[ast.stmt], holes: Mapping[str, Hole]) -> frozenset[str]:
    """Return words that are in every text that has a match."""
    words: set[str] = set()
    for node in (each for statement in body for each in walk(statement)):
        words.update(_KEYWORDS.get(type(node), "").split())
        for name, value in node.__dict__.items():
            if isinstance(value, str) and name in ("id", "attr", "arg", "name", "asname", "module"):
                words.update(part for part in value.split(".") if part not in holes)
            elif name == "names" and value and isinstance(value[0], str):
                words.update(each for each in value if each not in holes)
    return frozenset(words)


def _chains(body: list[ast.stmt], holes: Mapping[str, Hole]) -> tuple[re.Pattern[str], ...]:
    """Return what is in every text that has a match: ``range(len(``, ``== None`` and the like."""
    found: dict[tuple[str, ...], None] = {}
    for node in (each for statement in body for each in walk(statement)):
        match node:
            case ast.Call() | ast.Attribute():
                found[tuple(_leading(node, holes))] = None
            case ast.Compare(ops=ops, comparators=comparators):
                for mark, operand in zip(ops, comparators, strict=True):
                    words = _COMPARISONS[type(mark)].split()
                    found[(*words, *_leading(operand, holes))] = None
    return tuple(_chain(words) for words in found if len(words) > 1)


def _chain(words: Sequence[str]) -> re.Pattern[str]:
    escaped = (rf"\b{each}\b" if each.isidentifier() else re.escape(each) for each in words)
    return re.compile(_BETWEEN.join(escaped))


def _leading(node: ast.AST, holes: Mapping[str, Hole]) -> list[str]:
    """Return the names that code starts with, with nothing but marks between them."""
    match node:
        case ast.Name(id=name) if name not in holes:
            return [name]
        case ast.Constant(value=None | True | False as value):
            return [str(value)]
        case ast.Attribute(value=value, attr=name) if name not in holes:
            before = _leading(value, holes)
            return [*before, name] if before and _is_dotted(value) else before
        case ast.Call(func=func, args=args):
            before = _leading(func, holes)
            first = _leading(args[0], holes) if args else []
            return before + first if before and _is_dotted(func) else before
    return []


def _is_dotted(node: ast.AST) -> bool:
    """Say whether a node is names with dots between, and nothing after them."""
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Attribute) and _is_dotted(node.value)
    )
