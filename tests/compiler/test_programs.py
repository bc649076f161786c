"""Programs made by chance do the same by way of the passes, and visit the same lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.programs import program

from wadjet.compiler.catalog import PASSES, SAFE
from wadjet.compiler.folding.unrolling import unrolling
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import run
from wadjet.pipeline.source import Source
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Unit

TRACED = (*SAFE, unrolling)
"""Passes after which the same lines are visited: others leave out branches."""


def is_program(text: str) -> bool:
    """Whether the compiler takes it: chance makes assignments to what is not declared."""
    try:
        compile(text, "program", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_a_program_does_the_same(seed: int) -> None:
    text = program(seed)
    if is_program(text):
        assert difference(text, *TRACED, trace=True) is None
        assert difference(text, *PASSES, frames=False) is None


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_many_programs_do_the_same(part: int) -> None:
    for seed in range(part * 1_000_000, part * 1_000_000 + 1_500):
        text = program(seed)
        if is_program(text):
            found = difference(text, *TRACED, trace=True)
            found = found or difference(text, *PASSES, frames=False)
            assert found is None, f"program({seed}): {found}"


def test_chance_makes_what_the_passes_look_for() -> None:
    done: set[str] = set()
    compiled = 0
    for seed in range(300):
        text = program(seed)
        if is_program(text):
            compiled += 1
            source = Source("a.py", text)
            unit = run(Unit(source, parse(source)), PASSES, notes=True)
            done |= {each.by for each in unit.changes if not each.why}
    assert done == {each.name for each in PASSES} - {"inlining"}  # it has programs of its own
    assert compiled > 150
