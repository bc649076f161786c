"""Mutants differ from their original in one thing, and are programs."""

from __future__ import annotations

import ast
from pathlib import Path

from bench import mutants
from bench.mutants import mutants as made


def test_each_mutant_is_a_program_unlike_the_original_and_all_others() -> None:
    text = Path(mutants.__file__).read_text(encoding="utf-8")
    original = ast.unparse(ast.parse(text))
    found = [mutant.text for mutant in made(text)]
    assert len(found) > 30
    assert len({original, *found}) == len(found) + 1
    for each in found:
        compile(each, "<mutant>", "exec")


def test_the_place_is_that_of_the_original() -> None:
    [first, *_] = made("x = 1\n\n\nif x: pass\n")
    assert (first.line, first.now) == (1, "2")


def test_annotations_and_what_decorates_are_left_alone() -> None:
    assert [*made("@f(1)\ndef g(a: 1 = None) -> 2: ...\nb: 3\n")] == []
