"""The exact types of a function's locals, where all that may bind them tells.

>>> from wadjet.pipeline.meaning.chains import chain
>>> from wadjet.pipeline.meaning.scopes import resolve
>>> tree = ast.parse('''
... def f(words):
...     count, kept = 0, []
...     for word in words:
...         if word in kept: continue
...         kept.append(word)
...         count += 1
...     return kept, count, word
... ''')
>>> scopes = resolve(tree)
>>> exact = ExactTypes(tree.body[0], chain(scopes, tree.body[0]), scopes.is_builtin)
>>> [exact.of(each) for each in tree.body[0].body[-1].value.elts]
[<class 'list'>, <class 'int'>, None]

All that binds a local is taken to make the same type until one is seen to make another, and
what follows from that is followed until nothing changes: the greatest fixed point of
Kildall, "A unified approach to global program optimization", 1973. Annotations prove nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from wadjet.pipeline.meaning.chains import Chains
from wadjet.pipeline.meaning.operators import Type, binary, unary
from wadjet.pipeline.tree import Node, walk


class _Unseen:
    """The type of what nothing has been found to bind yet."""


_UNSEEN: Type = _Unseen
_MADE: dict[str, Type] = {
    **dict.fromkeys(("hash", "id", "len", "ord", "int"), int),
    **dict.fromkeys(("bool", "callable", "hasattr", "isinstance", "issubclass"), bool),
    **dict.fromkeys(("list", "sorted", "dir"), list),
    **dict.fromkeys(("bin", "chr", "hex", "oct"), str),
    "dict": dict,
    "float": float,
    "frozenset": frozenset,
    "set": set,
    "tuple": tuple,
}
"""What builtins return: just that type, and no subclass of it."""
_DISPLAYS: dict[type[Node], Type] = {
    ast.List: list,
    ast.ListComp: list,
    ast.Tuple: tuple,
    ast.Set: set,
    ast.SetComp: set,
    ast.Dict: dict,
    ast.DictComp: dict,
    ast.JoinedStr: str,
}
_METHODS: dict[Type, dict[str, Type]] = {
    str: {
        **dict.fromkeys(["split", "rsplit", "splitlines"], list),
        **dict.fromkeys(["partition", "rpartition"], tuple),
        **dict.fromkeys(
            ["strip", "lstrip", "rstrip", "lower", "upper", "title", "replace", "join", "format"],
            str,
        ),
        **dict.fromkeys(["find", "rfind", "index", "rindex", "count"], int),
        **dict.fromkeys(["startswith", "endswith", "isdigit", "isspace", "isalpha"], bool),
    },
    list: {"copy": list, "index": int, "count": int},
    tuple: {"index": int, "count": int},
    dict: {"copy": dict},
    set: {"copy": set},
}
"""What methods of those types return, likewise."""
_SLICED = frozenset([list, tuple, str, bytes])
_Binds = tuple[ast.Name, Callable[[], Type]]


class ExactTypes:
    """Tells the types of expressions in a function; ``is_builtin`` whether a name is one."""

    def __init__(
        self, function: Node, chains: Chains, is_builtin: Callable[[ast.Name], bool]
    ) -> None:
        self._chains = chains
        self._is_builtin = is_builtin
        self._bound: dict[Node, Type] = {}
        found = [each for node in walk(function) for each in self._binds(node)]
        self._bound = {name: _UNSEEN for name, _ in found}
        changed = True
        while changed:  # each type changes twice at most: to one, and to none
            changed = False
            for name, made in found:
                before = self._bound[name]
                self._bound[name] = _joined([before, made()])
                changed = changed or self._bound[name] is not before

    def of(self, node: ast.expr) -> Type:
        """Return the exact type of an expression's value, or None if that is not known."""
        found = self._of(node)
        return None if found is _UNSEEN else found

    def _binds(self, node: Node) -> Iterator[_Binds]:
        """Yield the names that a node binds, each with what tells its type."""
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    yield from self._assigned(target, value)
            case ast.AnnAssign(target=ast.Name() as name, value=ast.expr() as value):
                yield name, lambda: self._of(value)
            case ast.NamedExpr(ast.Name() as name, value):
                yield name, lambda: self._of(value)
            case ast.AugAssign(ast.Name() as name, op, value):
                yield name, lambda: self._grown(name, op, value)
            case ast.For(ast.Name() as name, iterated):
                yield name, lambda: self._item(iterated)
            case ast.For(ast.Tuple([ast.Name() as name, _]), iterated):
                yield name, lambda: int if self._is_call(iterated, "enumerate", 1) else None

    def _assigned(self, target: ast.expr, value: ast.expr) -> Iterator[_Binds]:
        if isinstance(target, ast.Name):
            yield target, lambda: self._of(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
            if not starred and len(target.elts) == len(value.elts):
                for one, other in zip(target.elts, value.elts, strict=True):
                    yield from self._assigned(one, other)

    def _grown(self, name: ast.Name, op: ast.operator, value: ast.expr) -> Type:
        """Return the type of what ``name += value`` and the like bind."""
        before = self._read(name)
        if before is list and isinstance(op, ast.Add):
            return list  # whatever it is extended by
        return self._operated(op, before, self._of(value))

    def _item(self, node: ast.expr) -> Type:
        """Return the type of what a loop binds."""
        if self._is_call(node, "range"):
            return int
        return {str: str, bytes: int, _UNSEEN: _UNSEEN}.get(self._of(node))

    def _is_call(self, node: ast.expr, name: str, most: int = 3) -> bool:
        """Whether a node calls a builtin, with arguments that are no keywords."""
        match node:
            case ast.Call(ast.Name(called) as function, args, []) if called == name:
                return 0 < len(args) <= most and self._is_builtin(function)
        return False

    def _of(self, node: ast.expr) -> Type:
        match node:
            case ast.Constant(value):
                return type(value)
            case ast.Name():
                return self._read(node)
            case ast.NamedExpr(_, value):
                return self._of(value)
            case ast.BinOp(left, ast.Pow(), ast.Constant(int(power))) if power >= 0:
                return {bool: int, int: int, float: float, _UNSEEN: _UNSEEN}.get(self._of(left))
            case ast.BinOp(left, op, right):
                return self._operated(op, self._of(left), self._of(right))
            case ast.UnaryOp(op, operand):
                return bool if isinstance(op, ast.Not) else self._signed(op, self._of(operand))
            case ast.BoolOp(values=values):
                return _joined(map(self._of, values))
            case ast.IfExp(_, body, orelse):
                return _joined([self._of(body), self._of(orelse)])
            case ast.Compare(ops=ops) if all(map(_is_told, ops)):
                return bool
            case ast.Call(ast.Name(called) as name) if called in _MADE:
                return _MADE[called] if self._is_builtin(name) else None
            case ast.Call(ast.Attribute(value, method)):
                of = self._of(value)
                return _UNSEEN if of is _UNSEEN else _METHODS.get(of, {}).get(method)
            case ast.Subscript(value, ast.Slice()):
                of = self._of(value)
                return of if of is _UNSEEN or of in _SLICED else None
        return _DISPLAYS.get(node.__class__)

    def _read(self, node: ast.Name) -> Type:
        """Return the type of what a name may have been bound to."""
        try:
            definitions = self._chains.definitions_of(node)
        except KeyError:  # it is no local, never reached, or new
            return None
        return _joined(self._bound.get(each) for each in definitions)

    @staticmethod
    def _operated(op: ast.operator, left: Type, right: Type) -> Type:
        if left is _UNSEEN or right is _UNSEEN:
            return _UNSEEN
        if left in (list, tuple):
            together = isinstance(op, ast.Add) and right is left
            repeated = isinstance(op, ast.Mult) and right is int
            return left if together or repeated else None
        made = binary(op, left, right)
        return made[0] if made else None

    @staticmethod
    def _signed(op: ast.unaryop, operand: Type) -> Type:
        return _UNSEEN if operand is _UNSEEN else unary(op, operand)


def _is_told(op: ast.cmpop) -> bool:
    """Whether an operator always makes a bool."""
    return isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn)


def _joined(types: Iterable[Type]) -> Type:
    """Return the type that all are, None if they differ; what is unseen may be any."""
    seen = {each for each in types if each is not _UNSEEN}
    return _UNSEEN if not seen else seen.pop() if len(seen) == 1 else None
