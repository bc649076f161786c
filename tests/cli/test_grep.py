"""``wadjet grep``: what is printed, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, UsageError

CODE = """\
import os

for i in range(len(os.environ)):
    print(i)
    # nothing

print(None == i, i == None)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(CODE)
    (tmp_path / "bad.py").write_text("print(None == (\n")
    return tmp_path


LOOP = ["app.py:3:for i in range(len(os.environ)):", "app.py:4:    print(i)"]
LAST = "app.py:7:print(None == i, i == None)"
FOR = "for $i in $s: $...b"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["print($x)"], LOOP[1:]),
        (["$x == None"], [LAST]),
        ([FOR], LOOP),
        ([FOR, "--lines", "1"], LOOP[:1]),
        (["print($x)", "-C", "1"], ["app.py-3-" + LOOP[0][9:], LOOP[1], "app.py-5-    # nothing"]),
        (["print($...x)", "-c"], ["app.py:2"]),
        (["print($...x)", "-l"], ["app.py"]),
        (["print($x)", "--captures"], [LOOP[1], "app.py:4: $x = i"]),
        (["print($...x)", "--inside", FOR], LOOP[1:]),
        (["print($...x)", "--not-inside", FOR], [LAST]),
        (["print($...x)", "--where", "len(x) == 2"], [LAST]),
    ],
)
def test_what_is_found_is_printed_as_grep_would(
    words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grep", *words]) == 0
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.usefixtures("folder")
def test_options_may_stand_between_pattern_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grep", "print($x)", "--lines", "1", "app.py", "-c"]) == 0
    assert capsys.readouterr().out == "app.py:1\n"


@pytest.mark.usefixtures("folder")
def test_json_says_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grep", "print($x)", "app.py", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": "app.py",
        "line": 4,
        "column": 5,
        "end_line": 4,
        "end_column": 13,
        "text": "print(i)",
        "captures": {"x": ["i"]},
    }


@pytest.mark.usefixtures("folder")
def test_nothing_found_is_an_exit_code_and_a_damaged_file_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["grep", "print(${x:int})"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "wadjet: bad.py:1: '(' was never closed\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["f("], UsageError.exit_code, "the pattern is no Python"),
        (["f()", "--inside", "$"], UsageError.exit_code, "what is $"),
        (["print($x)", "--where", "x.nonsense"], UsageError.exit_code, "guard fails at app.py:4"),
        (["f()", "gone.py"], NoInputError.exit_code, "there is no gone.py"),
        (["f()", "--lines", "-1"], UsageError.exit_code, "below 0"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grep", *words]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
