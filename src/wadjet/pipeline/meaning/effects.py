"""What evaluating an expression may do: raise, run code that nobody sees, give something new.

What is not known may do everything, so that a pass may trust every *no*. The types of
constants, displays and their like are known, and what operators do with those; a name is
anything at all, but reading a local that is bound for sure does nothing.

>>> from wadjet.pipeline.meaning.scopes import resolve
>>> tree = ast.parse("a = 1; (1, -2); f'{1}'; 1 // 0; len('a'); a; a.b")
>>> effects = Effects(resolve(tree))
>>> for statement in tree.body[1:]:
...     found = effects.of(statement.value)
...     print(ast.unparse(statement), "|", found)
(1, -2) | constant
f'{1}' | constant
1 // 0 | raises other
len('a') | pure
a | varies, raises name
a.b | acts, varies, fresh, raises name, attribute, other, anything
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import Any, TypeAlias, get_args

from wadjet.pipeline.meaning.chains import Chains
from wadjet.pipeline.meaning.names import Binding, Kind
from wadjet.pipeline.meaning.operators import (
    SEQUENCES,
    SHOWN,
    TESTED,
    Type,
    binary,
    compared,
    contained,
    is_hashed,
    unary,
)
from wadjet.pipeline.meaning.scopes import Scopes
from wadjet.pipeline.meaning.steps import evaluated_by_definition, own
from wadjet.pipeline.tree import F_STRINGS, FIELDS, Node, children
from wadjet.target.behavior import LAZY_IMPORTS


class Raises(Flag):
    """What an expression may raise."""

    NAME = auto()
    """NameError and UnboundLocalError: a name is not bound."""
    ATTRIBUTE = auto()
    """AttributeError."""
    OTHER = auto()
    """What operations on known types raise: ZeroDivisionError, TypeError and so on."""
    ANYTHING = auto()
    """What code raises that is not seen here."""


NOTHING = Raises(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an expression may do. Want of memory and interrupts are left out."""

    raises: Raises = NOTHING
    acts: bool = False
    """Code that is not seen may run, a name be bound, or other code have its turn (``yield``)."""
    varies: bool = False
    """Its value depends on what other code may change: globals, attributes, items."""
    fresh: bool = False
    """Each evaluation makes an object of its own, which can be told from others."""
    names: frozenset[str] = frozenset()
    """The names it reads in this scope, mangled."""
    type: Type = None
    """The exact type of its value, if that is known."""

    @property
    def is_pure(self) -> bool:
        """Whether nobody could tell that it was evaluated, but for the value."""
        return not self.acts and not self.raises

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for ever, and could be evaluated now."""
        return self.is_pure and not self.varies and not self.fresh and not self.names

    def __str__(self) -> str:
        said = [word for word in ("acts", "varies", "fresh") if getattr(self, word)]
        raised = [str(each.name).lower() for each in Raises if each in self.raises]
        if raised:
            said.append(f"raises {', '.join(raised)}")
        return ", ".join(said) or ("constant" if self.is_constant else "pure")


UNKNOWN = Facts(
    Raises.NAME | Raises.ATTRIBUTE | Raises.OTHER | Raises.ANYTHING,
    acts=True,
    varies=True,
    fresh=True,
)
"""Of what may do everything."""

_NO_ARGUMENT_MATTERS: dict[str, Type] = {"callable": bool, "id": int, "type": None}
_COMPREHENSIONS: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Effects:
    """Tells facts of the expressions of a module, or of a function whose ``chains`` are given.

    Without chains every local may be unbound. A tree that is changed needs new effects.
    """

    def __init__(self, scopes: Scopes, chains: Chains | None = None) -> None:
        self._teller = _Teller(scopes, chains)

    def of(self, expression: ast.expr) -> Facts:
        """Return the facts of an expression that is evaluated where it stands."""
        known = self._teller.known
        if expression not in known:
            for node in reversed([*own(expression)]):  # what is within comes first
                known[node] = self._teller.facts(node)
        return known[expression]


class _Teller:
    """Tells the facts of a node, given those of all within it: a method for each sort."""

    def __init__(self, scopes: Scopes, chains: Chains | None) -> None:
        self._scopes = scopes
        self._chains = chains
        self._root = scopes.opened(chains.flow.root) if chains else None
        self.known: dict[Node, Facts] = {}

    def facts(self, node: Node) -> Facts:
        """Return the facts of a node."""
        tell = _TELL.get(type(node))
        found = tell(self, node) if tell else UNKNOWN
        if found is not UNKNOWN:
            return found
        within = evaluated_by_definition(node) if isinstance(node, ast.Lambda) else children(node)
        names = (self.known[each].names for each in within if each in self.known)
        return replace(UNKNOWN, names=frozenset[str]().union(*names))

    def _joined(
        self,
        nodes: Iterable[Node],
        *more: Facts,
        kind: Type = None,
        fresh: bool = False,
    ) -> Facts:
        """Return what holds where all of some nodes are evaluated."""
        parts = [*(self.known[node] for node in nodes), *more]
        raises = NOTHING
        for part in parts:
            raises |= part.raises
        return Facts(
            raises,
            acts=any(part.acts for part in parts),
            varies=any(part.varies for part in parts),
            fresh=fresh,
            names=frozenset[str]().union(*(part.names for part in parts)),
            type=kind,
        )

    def constant(self, node: ast.Constant) -> Facts:
        """A value that is written out."""
        return Facts(type=type(node.value))

    def function(self, node: ast.Lambda) -> Facts:
        """A function, which does not run yet."""
        return self._joined(evaluated_by_definition(node), fresh=True)

    def name(self, node: ast.Name) -> Facts:
        """A name that is read."""
        binding = self._scopes.find(node)
        if binding is None or not isinstance(node.ctx, ast.Load):
            return UNKNOWN
        names = frozenset([binding.name])
        if binding.kind is Kind.BUILTIN:
            return Facts(names=names)
        if not binding.scope.is_function or binding.variable.home is self._scopes.module:
            return self._global(binding, names)
        if binding.scope is self._root and self._chains and self._chains.follows(binding.name):
            missing = self._may_be_unbound(node)
            return Facts(Raises.NAME if missing else NOTHING, names=names)
        return Facts(Raises.NAME, varies=binding.kind is not Kind.LOCAL, names=names)

    def _global(self, binding: Binding, names: frozenset[str]) -> Facts:
        """A name that is looked up by name, perhaps in a mapping that is no dict."""
        bound_at = binding.variable.bound_at
        lazy = not bound_at or any(isinstance(each, ast.alias) for each in bound_at)
        lazy = LAZY_IMPORTS and (lazy or self._scopes.module.is_open)
        around = binding.scope.sees or binding.scope
        if lazy or (not around.is_function and around.is_open and around.parent):
            return replace(UNKNOWN, names=names)
        return Facts(Raises.NAME, varies=True, names=names)

    def _may_be_unbound(self, node: ast.Name) -> bool:
        assert self._chains is not None
        try:
            return self._chains.may_be_unbound(node)
        except KeyError:  # it is never reached
            return True

    def comprehension(self, node: _COMPREHENSIONS) -> Facts:
        """A comprehension, or a generator that does not run yet."""
        first = node.generators[0].iter
        if isinstance(node, ast.GeneratorExp) and self.known[first].type in SEQUENCES:
            return self._joined([first], fresh=True)  # it does not run yet
        return UNKNOWN

    def display(self, node: ast.Tuple | ast.List) -> Facts:
        """A tuple or list with its elements."""
        parts = [self._item(each) for each in node.elts]
        if isinstance(node, ast.List):
            return self._joined([], *parts, kind=list, fresh=True)
        fresh = any(part.fresh or part.names for part in parts)
        return self._joined([], *parts, kind=tuple, fresh=fresh)

    def _item(self, node: ast.expr) -> Facts:
        """Return the facts of an element of a display, which may have a star."""
        if not isinstance(node, ast.Starred):
            return self.known[node]
        inner = self.known[node.value]
        return self._joined([node.value], fresh=True) if inner.type in SEQUENCES else UNKNOWN

    def set_display(self, node: ast.Set) -> Facts:
        """A set with its elements."""
        if not is_hashed(self.known[each].type for each in node.elts):
            return UNKNOWN
        return self._joined(node.elts, kind=set, fresh=True)

    def dict_display(self, node: ast.Dict) -> Facts:
        """A dict with its keys and values."""
        keys = [key for key in node.keys if key is not None]
        unpacked = [value for key, value in zip(node.keys, node.values, strict=True) if not key]
        plain = is_hashed(self.known[key].type for key in keys) and (bool(keys) != bool(unpacked))
        if plain and all(self.known[each].type is dict for each in unpacked):
            return self._joined([*keys, *node.values], kind=dict, fresh=True)
        return UNKNOWN

    def text(self, node: Node) -> Facts:
        """Return the facts of an f-string, a t-string, or a field of one."""
        parts = children(node)
        if isinstance(node, ast.JoinedStr):
            constant = all(self.known[each].is_constant for each in parts)
            return self._joined(parts, kind=str, fresh=not constant)
        if not isinstance(node, ast.FormattedValue):
            return self._joined(parts, fresh=True)
        value = node.value
        shown = self.known[value].type in SHOWN and node.format_spec is None
        if not shown:
            return UNKNOWN
        long = self.known[value].type is int and not _is_small(value)
        return self._joined(parts, Facts(Raises.OTHER if long else NOTHING), kind=str)

    def unary(self, node: ast.UnaryOp) -> Facts:
        """``not``, ``-``, ``+`` or ``~``."""
        operand = self.known[node.operand]
        if isinstance(node.op, ast.Not):
            return self._joined([node.operand], self._tested(operand), kind=bool)
        made = unary(node.op, operand.type)
        return self._joined([node.operand], kind=made) if made else UNKNOWN

    def _tested(self, facts: Facts) -> Facts:
        """Return what it does to see whether a value is true."""
        return Facts() if facts.type in TESTED else UNKNOWN

    def choice(self, node: ast.BoolOp | ast.IfExp) -> Facts:
        """``and``, ``or``, and what is chosen by a condition."""
        values = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        tested = node.values[:-1] if isinstance(node, ast.BoolOp) else [node.test]
        types = {self.known[each].type for each in values}
        parts = [self.known[each] for each in values]
        return self._joined(
            [*values, *tested],
            *(self._tested(self.known[each]) for each in tested),
            kind=types.pop() if len(types) == 1 else None,
            fresh=any(part.fresh for part in parts),
        )

    def compare(self, node: ast.Compare) -> Facts:
        """A comparison, or a chain of them."""
        operands = [node.left, *node.comparators]
        for op, left, right in zip(node.ops, operands, node.comparators, strict=False):
            one, other = self.known[left], self.known[right]
            if isinstance(op, ast.In | ast.NotIn):
                elements = getattr(right, "elts", ())
                plain = contained(one.type, other.type, [self.known[e].type for e in elements])
            else:
                plain = compared(op, one.type, other.type)
            if not plain:
                return UNKNOWN
        return self._joined(operands, kind=bool)

    def binary(self, node: ast.BinOp) -> Facts:
        """An operator between two values."""
        left, right = self.known[node.left], self.known[node.right]
        made = binary(node.op, left.type, right.type)
        if made is None:
            return UNKNOWN
        kind, fails = made
        if {left.type, right.type} == {int, float}:
            fails = fails or not all(
                _is_small(each) for each in (node.left, node.right) if self.known[each].type is int
            )
        raises = Raises.OTHER if fails else NOTHING
        return self._joined([node.left, node.right], Facts(raises), kind=kind)

    def subscript(self, node: ast.Subscript) -> Facts:
        """An item of a value."""
        value, index = self.known[node.value], self.known[node.slice]
        if value.type not in (str, bytes, tuple, list) or index.type is not int:
            return UNKNOWN
        kind = {str: str, bytes: int}.get(value.type)
        fresh = kind is None and value.fresh
        return self._joined([node.value, node.slice], Facts(Raises.OTHER), kind=kind, fresh=fresh)

    def attribute(self, node: ast.Attribute) -> Facts:
        """An attribute of a value."""
        kind = self.known[node.value].type
        if kind is None or not isinstance(node.ctx, ast.Load):
            return UNKNOWN
        there = any(node.attr in vars(each) for each in kind.__mro__)
        raises = NOTHING if there else Raises.ATTRIBUTE
        return self._joined([node.value], Facts(raises), fresh=True)

    def call(self, node: ast.Call) -> Facts:
        """Tell the few calls of builtins that do nothing but return."""
        if not self._scopes.is_builtin(node.func) or node.keywords or len(node.args) != 1:
            return UNKNOWN
        assert isinstance(node.func, ast.Name)
        name, [argument] = node.func.id, node.args
        known = self.known[argument]
        if isinstance(argument, ast.Starred):
            return UNKNOWN
        if name in _NO_ARGUMENT_MATTERS:
            varies = Facts(varies=name == "id" and known.fresh)
            return self._joined([argument, node.func], varies, kind=_NO_ARGUMENT_MATTERS[name])
        if name == "len" and known.type in SEQUENCES:
            return self._joined([argument, node.func], kind=int)
        if name == "bool" and known.type in TESTED:
            return self._joined([argument, node.func], kind=bool)
        return UNKNOWN

    def range(self, node: ast.Slice) -> Facts:
        """A slice, before it is used."""
        return self._joined(children(node), kind=slice, fresh=True)

    def starred(self, node: ast.Starred) -> Facts:
        """What is unpacked."""
        return self._item(node)


def _is_small(node: ast.expr) -> bool:
    """Say whether a number is a float's size for sure, and none of thousands of digits."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and abs(node.value) < 2**1000  # type: ignore[arg-type]


_TELL: dict[type[Node], Callable[[_Teller, Any], Facts]] = {
    ast.Constant: _Teller.constant,
    ast.Name: _Teller.name,
    ast.Lambda: _Teller.function,
    ast.Tuple: _Teller.display,
    ast.List: _Teller.display,
    ast.Set: _Teller.set_display,
    ast.Dict: _Teller.dict_display,
    ast.UnaryOp: _Teller.unary,
    ast.BoolOp: _Teller.choice,
    ast.IfExp: _Teller.choice,
    ast.Compare: _Teller.compare,
    ast.BinOp: _Teller.binary,
    ast.Subscript: _Teller.subscript,
    ast.Attribute: _Teller.attribute,
    ast.Call: _Teller.call,
    ast.Slice: _Teller.range,
    ast.Starred: _Teller.starred,
    **dict.fromkeys(get_args(_COMPREHENSIONS), _Teller.comprehension),
    **dict.fromkeys((*F_STRINGS, *FIELDS), _Teller.text),
}
