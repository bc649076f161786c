"""Functions that may stand where they are called: what must be known of one."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from wadjet.compiler.inlining.tails import NotPlainError, as_expression, size, tailed
from wadjet.pipeline.meaning.chains import Chains, chain
from wadjet.pipeline.meaning.names import Kind
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.tree import select, walk

_LARGEST = 100  # nodes of a body
_LARGEST_LOOP = 60  # of one that has a loop

_STATEMENTS = (
    ast.Expr,
    ast.Assign,
    ast.AugAssign,
    ast.Return,
    ast.If,
    ast.For,
    ast.While,
    ast.Break,
    ast.Continue,
    ast.Pass,
    ast.Raise,
    ast.Assert,
)
_EXPRESSIONS = (
    ast.Name,
    ast.Constant,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.keyword,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Starred,
)
_PLAIN = frozenset({*_STATEMENTS, *_EXPRESSIONS})
_LOOPS = frozenset({ast.For, ast.While})
_LOOKERS = frozenset({"super", "locals", "vars", "dir", "eval", "exec", "globals", "__class__"})
_GLOBAL = (Kind.IMPLICIT, Kind.BUILTIN, Kind.SHADOWED, Kind.UNCERTAIN)


Definition = ast.FunctionDef | ast.Lambda


def named(statement: ast.stmt) -> tuple[str, ast.FunctionDef | ast.Name, Definition] | None:
    """Return what a statement names a function, if it does no more: with the node that does.

    >>> named(ast.parse("square = lambda n: n * n").body[0])[0]
    'square'
    """
    match statement:
        case ast.FunctionDef(name=name, decorator_list=[]):
            return name, statement, statement
        case ast.Assign([ast.Name(name) as place], ast.Lambda() as value):
            return name, place, value
    return None


@dataclass(frozen=True, slots=True)
class Callee:
    """A function: its body, whose returns are at its ends, and the names in it by sort.

    ``value`` is what it comes to, where it does nothing but return that; ``stored`` are the
    locals that its body binds; ``is_private`` says that a class may change its words.
    """

    node: Definition
    body: tuple[ast.stmt, ...]
    value: ast.expr | None
    stored: frozenset[str]
    locals: frozenset[str]
    globals: frozenset[str]
    is_private: bool
    size: int

    def takes_constant(self, name: str, value: object) -> bool:
        """Say whether a constant may stand for a local: where it may not, the compiler warns."""
        if value is not None and not isinstance(value, bool | int | float | str):
            return False
        used = [each for statement in self.body for each in walk(statement)]
        return not any(_is_delicate(each, name, value) for each in used)


@dataclass(frozen=True, slots=True)
class Plain:
    """The statements of a function, the same with returns only at its ends, and their nodes."""

    statements: list[ast.stmt]
    body: list[ast.stmt]
    size: int


def plain(node: Definition) -> Plain:
    """Return what a function does; raises NotPlainError where its text alone says that it stays."""
    statements = _statements(node)
    how_large = size(statements)
    if how_large > _LARGEST:
        raise NotPlainError(f"its body is large ({how_large} nodes, {_LARGEST} at most)")
    if node.args.vararg or node.args.kwarg or getattr(node, "type_params", None):
        raise NotPlainError("it takes any number of arguments, or types")
    if sum(len(select(each, _PLAIN)) for each in statements) < how_large:
        raise NotPlainError(_not_plain(node, statements))
    if how_large > _LARGEST_LOOP and any(select(each, _LOOPS) for each in statements):
        raise NotPlainError("what takes time in it is a loop, not the call")
    body = tailed(statements)
    if isinstance(body[0], ast.Raise):
        raise NotPlainError("it only raises")
    return Plain(statements, body, how_large)


def _not_plain(node: Definition, statements: list[ast.stmt]) -> str:
    each = next(each for one in statements for each in walk(one) if each.__class__ not in _PLAIN)
    return f"it has a {type(each).__name__} in line {getattr(each, 'lineno', node.lineno)}"


def callee(node: Definition, scopes: Scopes) -> Callee:
    """Return what there is to know of a function; raises NotPlainError."""
    found = plain(node)
    scope = scopes.opened(node)
    if scope.is_watched or _LOOKERS & scope.names.keys():
        raise NotPlainError("it looks at its own frame or class")
    kinds = {name: binding.kind for name, binding in scope.names.items()}
    if not all(kind is Kind.LOCAL or kind in _GLOBAL for kind in kinds.values()):
        raise NotPlainError("it shares names with functions around or within it")
    statements, body = found.statements, found.body
    _check_bound(node, statements, scopes, chain(scopes, node))
    locals_ = frozenset(name for name, kind in kinds.items() if kind is Kind.LOCAL)
    return Callee(
        node,
        tuple(body),
        as_expression(body),
        frozenset(each for each in locals_ if _is_stored(statements, each)),
        locals_,
        frozenset(kinds) - locals_,
        any(_is_private(word) for each in [node.args, *statements] for word in _words(each)),
        found.size,
    )


def _statements(node: Definition) -> list[ast.stmt]:
    """Return what a function does, without its docstring."""
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(node.body), node.body)]
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _check_bound(node: Definition, body: list[ast.stmt], scopes: Scopes, chains: Chains) -> None:
    """See that no local is read before it is bound: the error would have another name in it."""
    own = scopes.opened(node)
    for statement in body:
        for each in walk(statement):
            if isinstance(each, ast.Name):
                binding = scopes.binding(each)
                if binding.scope is own and binding.kind is Kind.LOCAL and _unbound(each, chains):
                    raise NotPlainError(f"{each.id} may be unbound in line {each.lineno}")


def _unbound(name: ast.Name, chains: Chains) -> bool:
    try:
        return not isinstance(name.ctx, ast.Store) and chains.may_be_unbound(name)
    except KeyError:  # it is never reached
        return True


def _is_stored(body: list[ast.stmt], name: str) -> bool:
    return any(
        isinstance(each, ast.Name) and each.id == name and not isinstance(each.ctx, ast.Load)
        for statement in body
        for each in walk(statement)
    )


def _words(node: ast.AST) -> list[str]:
    found = []
    for each in walk(node):
        for field in ("id", "attr", "arg"):
            word = getattr(each, field, None)
            if isinstance(word, str):
                found.append(word)
    return found


def _is_private(word: str) -> bool:
    return word.startswith("__") and not word.endswith("__")


def _is_delicate(node: ast.AST, name: str, value: object) -> bool:
    """Say whether a node has a name where a constant would look like a mistake."""
    match node:
        case ast.Call(func=each) | ast.Subscript(value=each) | ast.Attribute(value=each):
            found = [each]
        case ast.Compare(left, ops, comparators) if value is not None:
            is_is = any(isinstance(each, ast.Is | ast.IsNot) for each in ops)
            found = [left, *comparators] if is_is else []
        case ast.FormattedValue(value=each) | ast.Starred(value=each) | ast.Assert(test=each):
            found = [each]
        case _:
            found = []
    if isinstance(node, ast.Subscript):
        found += [each for each in walk(node.slice) if isinstance(each, ast.expr)]
    return any(isinstance(each, ast.Name) and each.id == name for each in found)
