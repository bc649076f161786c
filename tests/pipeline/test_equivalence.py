"""What counts as a difference between two runs of a program."""

from __future__ import annotations

import ast

import pytest

from wadjet.pipeline.equivalence import difference, outcome
from wadjet.pipeline.unit import Facts, NodePass, rewrites


@rewrites(ast.Constant, name="swap", version="1")
def swap(node: ast.Constant, facts: Facts) -> ast.expr | None:
    """Put a two where a one was."""
    return ast.Constant(2) if node.value == 1 else None


@rewrites(ast.Module, name="late", version="1")
def late(node: ast.Module, facts: Facts) -> ast.Module:
    """Do all a line later."""
    return ast.increment_lineno(node)


def wrapped(line: int) -> NodePass:
    """Make a pass that reads an item in a function of its own, which is called in a line."""

    @rewrites(ast.Subscript, name="wrap", version="1")
    def wrap(node: ast.Subscript, facts: Facts) -> ast.expr:
        """Read an item in a function."""
        function = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)
        made = ast.copy_location(ast.Call(function, [], []), node)
        made.lineno = made.end_lineno = line
        return made

    return wrap


@pytest.mark.parametrize(
    ("source", "by", "says"),
    [
        ("x = 1", swap, "x is 2, and 1 without the passes"),
        ("print(1)", swap, r"its output is '2\n', and '1\n' without the passes"),
        ("[][1]", late, "'line 2'), and"),
        ("raise ValueError(1)", swap, "'2', 'line 1'), and ('ValueError', '1', 'line 1')"),
        ("if True:\n    pass", late, None),
        ("x = object()", swap, None),
    ],
)
def test_results_output_and_errors_are_compared(
    source: str, by: NodePass, says: str | None
) -> None:
    found = difference(source, by)
    assert found == says if says is None else says in (found or "")


def test_the_lines_that_are_visited_are_compared_where_asked_for() -> None:
    assert difference("x = 3\ny = 4", late) is None
    assert "lines" in (difference("x = 3\ny = 4", late, trace=True) or "")


def test_without_frames_a_line_may_stand_in_a_traceback_again_but_no_other() -> None:
    assert difference("[][1]", wrapped(1), frames=False) is None
    assert "'line 1', 'line 1'" in (difference("[][1]", wrapped(1)) or "")
    assert "'line 3', 'line 1'" in (difference("[][1]", wrapped(3), frames=False) or "")


def test_a_program_may_do_what_it_wants_to_its_names() -> None:
    source = "class C:\n    def __repr__(self): raise KeyError\nc = C()\n__name__ = 3\n"
    assert outcome(source).names["c"] == "<KeyError>"
