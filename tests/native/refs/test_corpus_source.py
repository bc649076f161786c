"""Planted mistakes that can be read off the source are, and no mended twin is accused."""

from __future__ import annotations

import pytest

from bench.refs_corpus import Verdict
from bench.refs_source import verdicts

READ_OFF = {"format", "keywords", "allocator", "stolen"}
"""Rules of which every planted mistake stands in the text of one function."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return verdicts(tmp_path_factory.mktemp("source"))


def test_formats_keywords_allocators_and_what_is_given_away_are_all_found(
    judged: list[Verdict],
) -> None:
    ours = [each for each in judged if each.case.wanted[0][1] in READ_OFF]
    assert len(ours) >= 20
    assert [each.case.name for each in ours if not each.found] == []


def test_a_third_of_all_planted_mistakes_is_found_without_a_build(judged: list[Verdict]) -> None:
    assert sum(each.found for each in judged) * 3 >= len(judged)


def test_no_mended_twin_is_accused(judged: list[Verdict]) -> None:
    assert [(each.case.name, each.false) for each in judged if each.false] == []
