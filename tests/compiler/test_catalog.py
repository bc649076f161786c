"""Which passes some words name."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadjet.compiler.catalog import ASSUMPTIONS, PASSES, SAFE, chosen, configured, of_record
from wadjet.errors import PassError
from wadjet.pipeline.code import written

MINE = """
import ast
from wadjet.passes import rewrites
@rewrites(ast.Add, name="{name}")
def mine(node, facts):
    "Do nothing."
other = 3
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_passes.py").write_text(MINE.format(name="mine"))
    (tmp_path / "bad_passes.py").write_text(MINE.format(name="texts"))
    (tmp_path / "broken_passes.py").write_text("import nothing_of_this_name\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*words: str) -> list[str]:
    return [each.name for each in chosen(words)]


def test_safe_are_those_that_assume_nothing() -> None:
    assert chosen(["safe"]) == SAFE
    assert SAFE
    assert {each.assumes for each in PASSES} - {""} == set(ASSUMPTIONS)


def test_words_add_up_and_a_minus_takes_away(mine: Path) -> None:
    assert names("texts", "methods", "texts") == ["texts", "methods"]
    assert names("safe", "-texts") == [each.name for each in SAFE if each.name != "texts"]
    assert names("names", "my_passes:mine") == ["kept-classes", "slots", "mine"]
    assert names() == []


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("nonsense", "no pass is called 'nonsense'; there are safe, all, "),
        ("bad_passes:mine", "two passes are called texts"),
        ("broken_passes:mine", "cannot be loaded .*nothing_of_this_name"),
        ("my_passes:missing", "cannot be loaded"),
        ("my_passes:other", "is no pass"),
    ],
)
def test_what_is_no_pass_is_refused_with_one_line(mine: Path, word: str, says: str) -> None:
    with pytest.raises(PassError, match=says):
        chosen(["texts", word])


def test_a_project_names_its_passes(mine: Path) -> None:
    assert configured(mine) == []
    (mine / "pyproject.toml").write_text("[tool.wadjet]\npasses = ['safe', 'my_passes:mine']\n")
    assert configured(mine / "below" / "there") == ["safe", "my_passes:mine"]
    (mine / "pyproject.toml").write_text("[tool.wadjet]\npasses = 'safe'\n")
    with pytest.raises(PassError, match="list of words"):
        configured(mine)
    (mine / "pyproject.toml").write_text("[tool.wadjet\n")
    with pytest.raises(PassError, match="no TOML"):
        configured(mine)


def test_passes_are_found_by_their_record() -> None:
    assert of_record(written(SAFE)) == SAFE
    assert of_record(written(PASSES)) == PASSES
    with pytest.raises(LookupError, match="theirs@1"):
        of_record("wadjet 1: texts@1 theirs@1")
