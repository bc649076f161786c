"""``wadjet explain``: what the passes did, what stopped them, and where it matters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.profiles import CPU

from wadjet.cli.__main__ import main
from wadjet.errors import PassError
from wadjet.model import store
from wadjet.model.profile import Builder

CODE = """\
def f(x):
    return 'a'.upper(), 2 ** 9999

def g():
    return f'{1}'
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "app.py"
    path.write_text(CODE)
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_each_change_has_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "app.py"]) == 0
    assert lines(capsys) == [
        ["app.py:", "2", "done"],
        ["2:12", "methods", "'a'.upper()", "→", "'A'"],
        ["5:12", "texts", "f'{1}'", "→", "'1'"],
    ]


def test_what_stopped_a_pass_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "--stopped", "-O", "arithmetic", "app.py"])
    said = "2:25 arithmetic 2 ** 9999 left: the result would be too large for a constant"
    assert lines(capsys)[1] == said.split()


def test_lines_of_json_are_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "--json", "-O", "texts", "app.py"])
    expected = {"path": "app.py", "by": "texts", "line": 5, "column": 12}
    expected |= {"before": "f'{1}'", "after": "'1'", "why": ""}
    assert json.loads(capsys.readouterr().out) == expected


def test_the_program_after_the_passes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "--source", "app.py"])
    assert "return ('A', 2 ** 9999)" in capsys.readouterr().out


def test_all_passes_are_listed_with_what_they_assume(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--list"]) == 0
    told = lines(capsys)
    assert ["methods", "safe", "Call", "methods", "of", "constants", "beforehand."] in told
    assert any(line[:2] == ["flags", "constants"] for line in told)
    assert any(line[:2] == ["constants", "a"] for line in told)


def test_hot_lines_come_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = Builder([CPU])
    builder.sample([f"f {file}:2"], cpu=10).sample([f"g {file}:5"], cpu=90)
    store.save(builder.build(), file.with_name("app.wadjet"))
    main(["explain", "--hot", "app.wadjet", "app.py"])
    told = lines(capsys)
    assert [line[:3] for line in told[1:]] == [["90", "%", "5:12"], ["10", "%", "2:12"]]


def test_bad_files_are_told_and_stop_no_other(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "bad.py").write_text("def f(:\n")
    assert main(["explain", "."]) == 1
    told = capsys.readouterr()
    assert "bad.py:1: invalid syntax" in told.err
    assert "app.py: 2 done" in told.out


def test_there_is_no_such_pass(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "-O", "nothing", "app.py"]) == PassError.exit_code
    assert "wadjet: no pass is called 'nothing'; there are safe, all," in capsys.readouterr().err
