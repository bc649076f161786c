r"""The passes of a unit, in one walk.

>>> from wadjet.pipeline.unit import rewrites
>>> @rewrites(ast.BinOp, name="add")
... def add(node: ast.BinOp, facts: Facts) -> ast.expr | None:
...     match node:
...         case ast.BinOp(ast.Constant(int(a)), ast.Add(), ast.Constant(int(b))):
...             return ast.Constant(a + b)
...     return None
>>> applied("x = 1 + 2 + 3 + y", add)
'x = 6 + y'

Nodes come after all below them, as a pass wants to see what has become of those. Where a
pass made a new node, the other passes look at that in turn; not at what is new below it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from wadjet.errors import PassError
from wadjet.pipeline.head import put_first
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import MARKS, Node, Slot, fill_places, parse, slots
from wadjet.pipeline.unit import Change, Facts, Pass, Unit, spelt
from wadjet.pipeline.watch import OverrunError, limited

_LONGEST = 10.0  # seconds

_MARKED = frozenset({"ctx", "op", "ops"})
_UNEVALUATED = frozenset({"annotation", "returns", "type_params"})
"""What may be asked for as the text that it was: PEP 563, 649 and 695."""

_WORDS = "arg asname attr conversion id is_async kind level module name simple type_comment"
_NO_NODES = frozenset({*_WORDS.split(), "type_ignores"})

_INNER = frozenset(
    made
    for made in vars(ast).values()
    if isinstance(made, type)
    and issubclass(made, Node)
    and made._fields
    and made.__name__ != "TypeAlias"  # as above
    and not issubclass(made, (*MARKS, ast.Constant, ast.Name))
)

Table = dict[type[Node], tuple[Pass, ...]]


def run(unit: Unit, passes: Sequence[Pass], *, optimize: int = 0, notes: bool = False) -> Unit:
    """Return a unit after the passes; the tree it had is used up.

    Raises PassError where a pass raises, or returns what is no node.
    """
    facts = Facts(unit.source.path, unit.tree, optimize, [] if notes else None)
    tree = rewrite(unit.tree, passes, facts)
    changes: tuple[Change, ...] = tuple(facts.notes or ())
    return replace(unit, tree=tree, changes=unit.changes + changes)


def rewrite(tree: ast.Module, passes: Sequence[Pass], facts: Facts) -> ast.Module:
    """Rewrite a tree in place, and return it; raises PassError as ``run`` does.

    Passes of others have ten seconds for a module: whatever is slower does not return.
    """
    if all(map(_is_ours, passes)):
        return _rewritten(tree, passes, facts)
    try:
        with limited(_LONGEST):
            return _rewritten(tree, passes, facts)
    except OverrunError:
        raise PassError(
            f"the pass {facts.by} took longer than {_LONGEST:.0f} s for {facts.path}"
        ) from None


def _is_ours(each: Pass) -> bool:
    return each.rewrite.__module__.startswith("wadjet.")


def _rewritten(tree: ast.Module, passes: Sequence[Pass], facts: Facts) -> ast.Module:
    table = _table(passes)
    node: Node = tree
    try:
        for node, holder, field, index in reversed(_slots(tree, table)):
            for each in table[node.__class__]:
                facts.by = each.name
                made = each.rewrite(node, facts)
                if made is None:
                    continue
                made = _settled(node, holder, table, facts, each, made)
                if index >= 0:
                    getattr(holder, field)[index] = made
                elif holder is None:
                    tree = _module(made)
                else:
                    setattr(holder, field, made)
                break
    except PassError:
        raise
    except Exception as error:  # whatever a pass of somebody's does
        what = f"{type(error).__name__}: {error}"
        raise PassError(f"the pass {facts.by} failed at {_where(node, facts)} ({what})") from error
    put_first(tree, facts.first)
    return tree


def _would_document(made: Node, holder: object) -> bool:
    """Whether a statement that computed a text would become a docstring."""
    if holder.__class__ is not ast.Expr or made.__class__ is not ast.Constant:
        return False
    return isinstance(made.value, str)


def _module(made: Node) -> ast.Module:
    if not isinstance(made, ast.Module):
        raise PassError(f"a pass made a {type(made).__name__} of a module")
    return made


def _table(passes: Sequence[Pass]) -> Table:
    """Return for each kind of node the passes that look at it, in their order."""
    table: Table = {}
    for each in passes:
        for kind in each.kinds:
            table[kind] = (*table.get(kind, ()), each)
    return table


class _Fields(dict[type[Node], tuple[str, ...]]):
    """The fields of each kind of node in which there may be nodes to look at."""

    def __init__(self, *, marks: bool) -> None:
        super().__init__()
        self._left_out = _UNEVALUATED | _NO_NODES | (frozenset() if marks else _MARKED)

    def __missing__(self, kind: type[Node]) -> tuple[str, ...]:
        names = kind._fields if kind in _INNER else ()
        found = self[kind] = tuple(name for name in names if name not in self._left_out)
        return found


def _slots(tree: Node, wanted: Table) -> list[Slot]:
    """Return what is looked at, each node before those below it, and where it sits.

    Every node of every module comes by here: this is half of what passes cost.
    """
    found: list[Slot] = []
    if tree.__class__ in wanted:
        found.append((tree, None, "", -1))
    fields = _Fields(marks=any(issubclass(kind, MARKS) for kind in wanted))
    return found + slots(tree, wanted, fields, _INNER)


def _settled(
    node: Node, holder: object, table: Table, facts: Facts, each: Pass, made: object
) -> Node:
    """Return what becomes of a node of which a pass made another, after all other passes.

    Each does something about a place once: none can go in circles.
    """
    acted = [each]
    while True:
        if not isinstance(made, Node):
            raise PassError(
                f"the pass {each.name} made a {type(made).__name__} of {_where(node, facts)}",
                "a pass returns a node, or None to leave it as it is",
            )
        if made is not node and not _would_document(made, holder):
            if facts.notes is not None and not isinstance(node, ast.Module):
                facts.did(each.name, node, spelt(made))  # of a module, the pass says what
            node = _placed(made, node)
        facts.changed(node)
        for each in table.get(node.__class__, ()):
            if each not in acted:
                facts.by = each.name
                made = each.rewrite(node, facts)
                if made is not None:
                    acted.append(each)
                    break
        else:
            return node


def _where(node: Node, facts: Facts) -> str:
    return f"{facts.path}:{getattr(node, 'lineno', 1)}"


def _placed(made: Node, old: Node) -> Node:
    """Give new nodes the place of what is around them, so that tracebacks name the line."""
    if hasattr(old, "lineno"):
        fill_places(made, old)
    else:
        fill_places(made)
    return made


def applied(text: str, *passes: Pass) -> str:
    """Return a text after the passes, for the examples that each pass begins with."""
    tree = parse(Source("<example>", text))
    return ast.unparse(rewrite(tree, passes, Facts("<example>", tree)))
