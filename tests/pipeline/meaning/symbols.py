"""The compiler's own symbol table, laid out so that ours can be held against it."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from importlib import import_module

from wadjet.pipeline.meaning.names import Binding, Kind, Scope, ScopeKind
from wadjet.pipeline.meaning.scopes import resolve
from wadjet.target.behavior import INLINED_COMPREHENSIONS

OFFSET: int = import_module("_symtable").SCOPE_OFF
MASK: int = import_module("_symtable").SCOPE_MASK
KINDS = {1: "local", 2: "global", 3: "implicit", 4: "free", 5: "cell"}
OURS = {
    Kind.BUILTIN: "implicit",
    Kind.SHADOWED: "implicit",
    Kind.UNCERTAIN: "implicit",
    Kind.CLASS: "implicit",
}
TYPES = {
    "type alias": "type",
    "type parameter": "type",
    "type parameters": "type",
    "type variable": "type",
    "TypeVar bound": "type",
}
IMPLIED = {"__classdict__", "__conditional_annotations__", "__type_params__"}

Names = dict[str, str]
Table = tuple[str, int, Names]
"""Sort, line and names of a scope."""


def of_compiler(text: str) -> list[Table]:
    """What ``symtable`` says."""
    found = []
    stack = [symtable.symtable(text, "a.py", "exec")]
    while stack:
        table = stack.pop()
        stack += table.get_children()
        raw = table._table.symbols  # type: ignore[attr-defined]
        names = {
            name: KINDS[_scope(flags)]
            for name, flags in raw.items()
            if not name.startswith(".") and name not in IMPLIED and _scope(flags)
        }
        sort = str(getattr(table.get_type(), "value", table.get_type()))
        found.append((TYPES.get(sort, sort), table.get_lineno(), names))
    return found


def _scope(flags: int) -> int:
    return flags >> OFFSET & MASK


def ours(text: str) -> list[Table]:
    """What we say, as it is after comprehensions have become part of what is around them."""
    scopes = resolve(ast.parse(text))
    return [
        (_sort(each), getattr(each.node, "lineno", 0), _names(each))
        for each in scopes.all
        if not _is_inlined(each)
    ]


def _sort(scope: Scope) -> str:
    functions = (ScopeKind.LAMBDA, ScopeKind.COMPREHENSION)
    return "function" if scope.kind in functions else scope.kind.value


def _is_inlined(scope: Scope) -> bool:
    return (
        INLINED_COMPREHENSIONS
        and scope.kind is ScopeKind.COMPREHENSION
        and not isinstance(scope.node, ast.GeneratorExp)
        and (scope.parent is None or scope.parent.sees is None)
    )


def _frame(scope: Scope) -> Scope:
    while _is_inlined(scope):
        assert scope.parent is not None
        scope = scope.parent
    return scope


def _names(scope: Scope) -> Names:
    names = {name: _kind(binding) for name, binding in scope.names.items()}
    for child in scope.children:
        for name, kind in _names(child).items() if _is_inlined(child) else ():
            if name not in names:
                lost = name == "__class__" and scope.kind is ScopeKind.CLASS
                names[name] = "implicit" if lost else kind
            elif kind == "cell" and names[name] == "local" and scope.is_function:
                names[name] = "cell"
    return names


def _kind(binding: Binding) -> str:
    if binding.kind is Kind.CELL:
        home = _frame(binding.scope)
        users = {_frame(each.scope) for each in binding.variable.bindings}
        return "local" if users == {home} else "cell"
    return OURS.get(binding.kind, binding.kind.value)


def differences(text: str) -> Iterator[str]:
    """Tell where the two disagree."""
    theirs, mine = _sorted(of_compiler(text)), _sorted(ours(text))
    declared = {name for name, kind in theirs[0][2].items() if kind == "global"}
    for name in declared:  # by a function, too, in the compiler's table of the module
        theirs[0][2].pop(name)
        mine[0][2].pop(name, None)
    for one, other in zip(theirs, mine, strict=False):
        if one != other:
            yield f"{one[:2]} {set(one[2].items()) ^ set(other[2].items())} {other[:2]}"
            return
    if len(theirs) != len(mine):
        yield f"{len(theirs)} scopes are {len(mine)}"


def _sorted(tables: list[Table]) -> list[Table]:
    """Put scopes in an order that both sides have; annotations are placed by neither."""
    tables = [
        ("annotation", 1 << 30, names) if sort == "annotation" else (sort, line, names)
        for sort, line, names in tables
        if names or sort != "annotation"
    ]
    return sorted(tables, key=lambda each: (each[1], each[0], sorted(each[2].items())))
