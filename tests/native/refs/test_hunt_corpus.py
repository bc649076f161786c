"""Planted leaks are found in extensions that are built as usual; their mended twins are not."""

from __future__ import annotations

import pytest

from bench.refs_hunt import Hunt, hunts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> list[Hunt]:
    return hunts(tmp_path_factory.mktemp("corpus"))


def test_planted_leaks_are_found(hunted: list[Hunt]) -> None:
    planted = [each for each in hunted if each.leaks]
    assert len(planted) >= 40
    missed = {each.case.name for each in planted if not each.found}
    assert missed <= {"leak_true"}  # whose references come and go with everybody else's


def test_no_mended_twin_is_accused(hunted: list[Hunt]) -> None:
    assert len(hunted) >= 100
    assert [each.false for each in hunted if each.false] == []
