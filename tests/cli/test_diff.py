"""``wadjet diff`` tells changes from chance, and can fail a build that got slower."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.profiles import realistic

from wadjet.cli.__main__ import main
from wadjet.cli.diff import SLOWER
from wadjet.errors import NoInputError, UsageError
from wadjet.model import store
from wadjet.model.profile import Builder, Metric, Profile

MS = 1_000_000


def recording(command: str = "app.py", **costs: int) -> Profile:
    made = Builder([Metric("cpu", "ns", "CPU time")])
    for name, cost in costs.items():
        for _ in range(cost):
            made.sample(["main app.py:9", f"{name} app.py:41"], cpu=MS)
    profile = made.build(command=["python", command])
    process = replace(profile.processes[0], ended=sum(costs.values()) * MS)
    return replace(profile, processes=(process,))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    store.save(recording(parse=300, draw=700), tmp_path / "old.wadjet")
    return tmp_path / "old.wadjet"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    store.save(recording(parse=600, draw=690), tmp_path / "new.wadjet")
    return tmp_path / "new.wadjet"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def diff(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main(["diff", *map(str, words)]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if f" {name} " in line)


def test_the_largest_change_comes_first_with_how_sure_it_is(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = diff(capsys, old, new)
    assert "CPU time: 1.00 s before, 1.29 s after, +290 ms (+29 %)." in text
    assert row(text, "parse").split() == (
        ["parse", "app.py", "300", "ms", "600", "ms", "+300", "ms", "+100", "%"]
    )
    assert row(text, "draw").startswith("~ draw")
    assert text.index("parse") < text.index("draw")
    assert "Changes marked ~ may be due to the chance of sampling (95 %)." in text


def test_a_recording_does_not_differ_from_itself(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "No function's cost differs." in diff(capsys, old, old)


def test_changes_that_chance_explains_are_all_marked(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.save(recording(parse=310, draw=690), tmp_path / "same.wadjet")
    text = diff(capsys, old, tmp_path / "same.wadjet")
    assert "No function changed by more than the sampling could bring about" in text
    assert row(text, "parse").startswith("~")


@pytest.mark.parametrize(("limit", "code"), [("5", SLOWER), ("29", SLOWER), ("31", 0), ("100%", 0)])
def test_a_build_that_got_slower_by_more_fails(
    limit: str, code: int, old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = diff(capsys, "--fail-above", limit, old, new, code=code)
    assert ("slower by more than" in text) == bool(code)


def test_what_failed_is_named(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = diff(capsys, "--fail-above", "5", old, new, code=SLOWER)
    assert text.endswith("slower by more than 5 %: the whole program, parse\n")


def test_a_build_that_got_faster_passes(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    diff(capsys, "--fail-above", "0", new, old)


def test_chance_does_not_fail_a_build(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.save(recording(parse=315, draw=685), tmp_path / "same.wadjet")
    diff(capsys, "--fail-above", "0", old, tmp_path / "same.wadjet")


def test_recordings_of_different_commands_are_told(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.save(recording("other.py", parse=300), tmp_path / "other.wadjet")
    assert "different commands" in diff(capsys, old, tmp_path / "other.wadjet")
    assert "different commands" not in diff(capsys, old, old)


def test_shares_and_seconds(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = diff(capsys, "--per", "share", old, new)
    assert "the wholes are taken to be equal" in text
    assert row(text, "parse").split()[2:7] == ["30.0", "%", "46.5", "%", "+16.5"]
    assert "CPU time per second: 1.00 s before, 1.00 s after" in diff(
        capsys, "--per", "second", old, new
    )


def test_a_part_of_both_can_be_compared(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = diff(capsys, "--focus", "draw", old, new)
    assert "Compared: below `draw`." in text
    assert "parse" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    width: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.chdir(tmp_path)
    store.save(realistic(), Path("a.wadjet"))
    store.save(realistic(seed=2), Path("b.wadjet"))
    text = diff(capsys, "a.wadjet", "b.wadjet")
    assert max(map(len, text.splitlines())) <= max(width, 60)


def test_wrong_words_are_refused_in_one_line(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code, words in (
        (UsageError.exit_code, ["--metric", "memory", old, old]),
        (UsageError.exit_code, ["--fail-above", "-3", old, old]),
        (UsageError.exit_code, [old]),
        (NoInputError.exit_code, [old, old.with_name("none.wadjet")]),
    ):
        assert main(["diff", *map(str, words)]) == code
        assert capsys.readouterr().err.count("\n") == 1
