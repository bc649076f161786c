"""Planted mistakes are found where they are, and their mended twins are left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.refs_corpus import Verdict, verdicts


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return verdicts(tmp_path_factory.mktemp("corpus"))


def test_at_least_a_hundred_pairs_are_tried(judged: list[Verdict]) -> None:
    assert len(judged) >= 100


def test_every_planted_mistake_is_found_with_its_file_and_line(judged: list[Verdict]) -> None:
    assert [each.case.name for each in judged if not each.found] == []


def test_no_mended_twin_is_accused(judged: list[Verdict]) -> None:
    assert [each.case.name for each in judged if each.false] == []


def test_findings_name_both_ends(judged: list[Verdict]) -> None:
    (twice,) = [each for each in judged if each.case.name == "over_decref_twice"]
    (finding,) = [each for each in twice.findings if each.rule == "refs-over-decref"]
    assert finding.place is not None
    first = finding.related[0]
    assert Path(first.file).name == "functions.c"
    assert first.line < finding.place.line
