"""Impossible stacks are told from possible ones, and wrong shares from right ones."""

from __future__ import annotations

import pytest

from bench.bench_sampling_truth import judge_stacks, possible

BASE = ("<module>", "main", "descend", "descend", "drive")


@pytest.mark.parametrize(
    "stack",
    [
        BASE,
        (*BASE, "hot_a"),
        (*BASE, "hot_a", "leaf_a"),
        (*BASE, "hot_b", "leaf_b"),
        BASE[:3],
        ("<frozen runpy>", *BASE, "hot_b"),
    ],
)
def test_a_stack_of_one_chain_is_possible(stack: tuple[str, ...]) -> None:
    assert possible(stack, depth=1)


@pytest.mark.parametrize(
    "stack",
    [
        (*BASE, "hot_a", "leaf_b"),
        (*BASE, "hot_b", "leaf_a"),
        (*BASE, "leaf_a"),
        (*BASE, "hot_a", "hot_b"),
        ("<module>", "main", "descend", "drive"),
        ("<module>", "main", "descend", "descend", "descend", "drive"),
        ("descend", "descend", "drive", "hot_a"),
        ("hot_a", "leaf_a"),
    ],
)
def test_a_stack_that_mixes_chains_or_misses_frames_is_impossible(stack: tuple[str, ...]) -> None:
    assert not possible(stack, depth=1)


def test_stacks_outside_the_program_are_not_judged() -> None:
    stacks = {
        ("<module>", "import"): 5.0,
        (*BASE, "hot_a"): 3.0,
        (*BASE, "hot_a", "leaf_b"): 1.0,
    }
    assert judge_stacks(stacks, depth=1) == (4.0, {(*BASE, "hot_a", "leaf_b"): 1.0})
