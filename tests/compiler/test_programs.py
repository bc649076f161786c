"""Programs made by chance do the same by way of the passes, and visit the same lines."""

from __future__ import annotations

import ast
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler import fuzz
from tests.compiler.programs import program

from wadjet.compiler.catalog import PASSES
from wadjet.pipeline.passes import run
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Facts, NodePass, Unit


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_a_program_does_the_same(seed: int) -> None:
    assert fuzz.compared(program, seed) is None


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_programs_do_the_same(part: int) -> None:
    for seed in range(part * 1_000_000, part * 1_000_000 + 1_500):
        assert fuzz.compared(program, seed) is None


def test_chance_makes_what_the_passes_look_for() -> None:
    done: set[str] = set()
    compiled = 0
    for seed in range(300):
        text = program(seed)
        if fuzz.is_program(text):
            compiled += 1
            source = Source("a.py", text)
            unit = run(Unit(source, parse(source)), PASSES, notes=True)
            done |= {each.by for each in unit.changes if not each.why}
    assert done == {each.name for each in PASSES} - {"inlining"}  # it has programs of its own
    assert compiled > 150


def test_the_search_tells_of_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(node: ast.Constant, facts: Facts) -> ast.Constant | None:
        return ast.Constant(1) if node.value == 0 and node.value is not False else None

    broken = NodePass("wrong", (ast.Constant,), wrong)
    monkeypatch.setattr(fuzz, "TRACED", (broken,))
    found = fuzz.searched(5, time.monotonic() + 60, lambda number: None)
    assert found is not None
    assert "program(" in found.said
