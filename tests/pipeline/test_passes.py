"""The walk of the passes: what they see, in which order, and what becomes of bad ones."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

import pytest

from wadjet.errors import PassError
from wadjet.pipeline.code import compiled
from wadjet.pipeline.passes import applied, run
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Facts, NodePass, Rewrite, Unit, rewrites

RAISED = ast.parse("raise ValueError").body[0]


def one(
    kind: type[ast.AST], rewrite: Callable[[Any, Facts], object], name: str = "one"
) -> NodePass:
    return NodePass(name, (kind,), cast(Rewrite, rewrite))


@rewrites(ast.Constant, name="double", version="1")
def double(node: ast.Constant, facts: Facts) -> ast.expr | None:
    return ast.Constant(node.value * 2) if node.value in (1, 2, 4) else None


def test_a_pass_does_something_about_a_place_once() -> None:
    assert applied("x = 1 + 3", double) == "x = 2 + 3"


def test_what_a_pass_makes_the_others_look_at_whatever_their_order() -> None:
    spelt = one(ast.Constant, lambda node, facts: named if node.value == 2 else None, "spelt")
    named = ast.Name("two", ast.Load())
    assert applied("x = 1", double, spelt) == applied("x = 1", spelt, double) == "x = two"


def test_a_node_comes_after_all_below_it() -> None:
    seen: list[str] = []
    note = one(ast.BinOp, lambda node, facts: seen.append(ast.unparse(node)))
    applied("a = (1 + 2) * (3 - (4 - 5))", note)
    assert seen.index("4 - 5") < seen.index("3 - (4 - 5)") < seen.index("(1 + 2) * (3 - (4 - 5))")
    assert seen.index("1 + 2") < seen.index("(1 + 2) * (3 - (4 - 5))")


def test_passes_look_in_the_order_in_which_they_are_named() -> None:
    first = one(ast.Name, lambda node, facts: ast.Constant(1) if node.id == "x" else None, "first")
    second = one(ast.Name, lambda node, facts: ast.Constant(2) if node.id == "x" else None, "two")
    assert applied("y = x", first, second) == "y = 1"
    assert applied("y = x", second, first) == "y = 2"


def test_a_pass_over_the_whole_module_comes_last() -> None:
    grow = one(ast.Module, lambda node, facts: ast.Module([*node.body[:1]], []), "first-only")
    assert applied("x = 1\ny = 2", double, grow) == "x = 2"


def test_text_that_is_computed_does_not_become_a_docstring() -> None:
    folded = one(ast.JoinedStr, lambda node, facts: ast.Constant("text"))
    assert applied("def f():\n    f'text'", folded) == "def f():\n    f'text'"
    assert applied("def f():\n    return f'text'", folded) == "def f():\n    return 'text'"


def test_annotations_are_left_as_somebody_may_ask_for_their_text() -> None:
    code = "x: 1 = 1\n\ndef f(a: 1=1, *b: 1) -> 1:\n    y: 1"
    changed = "x: 1 = 2\n\ndef f(a: 1=2, *b: 1) -> 1:\n    y: 1"
    assert applied(code, double) == changed


def test_new_nodes_stand_where_the_old_ones_stood() -> None:
    made = ast.parse("x = (\n    f)\ny = g()")
    unit = run(
        Unit(Source("a.py", ""), made),
        [one(ast.Name, lambda node, facts: ast.Constant(1) if node.id == "f" else None)],
    )
    constant = next(node for node in ast.walk(unit.tree) if isinstance(node, ast.Constant))
    assert (constant.lineno, constant.col_offset) == (2, 4)


def test_new_nodes_below_placed_ones_have_places_too() -> None:
    def wrap(node: ast.Return, facts: Facts) -> ast.AST:
        negated = ast.UnaryOp(ast.Not(), ast.Name("x", ast.Load()))
        return ast.Return(ast.copy_location(negated, node))

    code = compiled("a.py", "def f(x):\n    return 1\n", (one(ast.Return, wrap),))
    space: dict[str, Any] = {}
    exec(code, space)
    assert space["f"](0) is True


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (one(ast.Constant, lambda node, facts: 1 / 0), "one failed at <example>:2.*ZeroDivision"),
        (one(ast.Constant, lambda node, facts: "text"), "one made a str"),
        (one(ast.Module, lambda node, facts: ast.Pass()), "made a Pass of a module"),
    ],
)
def test_a_bad_pass_is_named_with_the_line_that_it_looked_at(bad: NodePass, says: str) -> None:
    with pytest.raises(PassError, match=says):
        applied("x = y\nz = 1", bad)


def test_a_pass_that_never_returns_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(node: ast.Constant, facts: Facts) -> None:
        while True:
            try:
                node.value += 1  # type: ignore[operator]
            except Exception:
                continue

    monkeypatch.setattr("wadjet.pipeline.passes._LONGEST", 0.2)
    with pytest.raises(PassError, match=r"the pass one took longer than 0 s for <example>"):
        applied("x = 1", one(ast.Constant, endless))


def test_notes_tell_what_was_done_and_what_was_left() -> None:
    def careful(node: ast.Constant, facts: Facts) -> ast.expr | None:
        if node.value == 1:
            return ast.Constant("one")
        facts.stop(node, "not one")
        return None

    source = Source("a.py", "x = 1\ny = 2\n")
    unit = run(Unit(source, parse(source)), [one(ast.Constant, careful)], notes=True)
    told = [(each.line, each.before, each.after, each.why) for each in unit.changes if each.line]
    assert (1, "1", "'one'", "") in told
    assert (2, "2", "", "not one") in told
