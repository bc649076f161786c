"""Stub files: those that are written, and those that are checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.native.signatures.extensions import build

from wadjet.cli.__main__ import main

pytest.importorskip("capstone")

LYING = """\
def format(text: str, times: int = 1, scale: float = 1.0) -> int: ...
def keywords(path: str, mode: object = None, *, strict: bool = False) -> object: ...
def one(value: object) -> str: ...
class Static:
    def __init__(self, value: int) -> None: ...
    def add(self, number: int, /) -> None: ...
class Heap:
    def __init__(self, number: int) -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build("takes", tmp_path, "-O2")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_stubtest_has_nothing_to_say_of_a_stub_that_was_written(folder: Path) -> None:
    pytest.importorskip("mypy")
    assert main(["signatures", "takes", "--stubs", "."]) == 0
    env = {**os.environ, "MYPYPATH": str(folder), "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "mypy.stubtest", "takes"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_stub_says_what_was_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signatures", "takes", "--stubs", "stubs"]) == 0
    assert capsys.readouterr().out == "Wrote stubs/takes.pyi\n"
    lines = (folder / "stubs" / "takes.pyi").read_text().splitlines()
    assert "def keywords(path, mode=..., *, strict=...): ..." in lines
    assert lines[lines.index("    @classmethod") + 1] == "    def make(cls, arg1, /): ..."


def test_keywords_that_a_stub_invents_are_found_and_no_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "takes.pyi").write_text(LYING)
    assert main(["signatures", "takes", "--check-stubs"]) == 1
    found = [line.split(": it takes")[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(found) == [
        f"{folder}/takes.pyi:1: takes.format takes no argument called 'scale'",
        f"{folder}/takes.pyi:1: takes.format takes no argument called 'text'",
        f"{folder}/takes.pyi:1: takes.format takes no argument called 'times'",
        f"{folder}/takes.pyi:3: takes.one takes no argument called 'value'",
    ]


def test_findings_are_written_as_sarif(folder: Path) -> None:
    (folder / "takes.pyi").write_text(LYING)
    assert main(["signatures", "takes", "--check-stubs", "--sarif", "out.sarif"]) == 1
    [run] = json.loads((folder / "out.sarif").read_text())["runs"]
    assert {each["ruleId"] for each in run["results"]} == {"stub-keyword"}
    [place] = run["results"][-1]["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "takes.pyi"},
        "region": {"startLine": 3},
    }


def test_sarif_without_a_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signatures", "takes", "--sarif", "x"]) == 64
    assert capsys.readouterr().err == ("wadjet: --sarif is for --check-stubs; add that [usage]\n")
