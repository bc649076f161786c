"""``wadjet signatures``: what C functions take."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.native.signatures.extensions import build
from tests.native.signatures.test_machine import KNOWN

from wadjet.cli.__main__ import main
from wadjet.errors import UsageError

pytest.importorskip("capstone")


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    build("takes", tmp_path, "-O2")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "takes"


def test_each_callable_has_its_line(takes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signatures", takes]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert (
        head == f"takes: 25 C callables, {round(100 * KNOWN / 25)} % known to inspect, 100 % here"
    )
    words = {line.split()[0].partition("(")[0]: " ".join(line.split()) for line in lines}
    assert words["keywords"] == "keywords(path, mode=..., *, strict=...) keywords high"
    assert words["again"] == "again(arg1, arg2=..., /) format, numbered fair"


def test_lines_of_json_are_for_programs(takes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signatures", "--json", takes]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [row] = [each for each in rows if each["name"] == "takes.format"]
    assert row == {
        "module": "takes",
        "name": "takes.format",
        "kind": "function",
        "signature": "(text, times=..., scale=..., /)",
        "evidence": "format",
        "names": "documentation",
        "confidence": "high",
        "known": False,
        "forms": [],
        "text_signature": "format($module, text, times=..., scale=..., /)",
    }


def test_a_recorded_program_can_ask_for_signatures(
    takes: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import inspect, takes; print(inspect.signature(takes.keywords))"
    words = ["run", "--signatures", "-q", "-o", str(tmp_path / "a.wadjet"), "-c", code]
    assert main(words) == 0
    assert capfd.readouterr().out == "(path, mode=Ellipsis, *, strict=Ellipsis)\n"


def test_without_capstone_its_extra_is_named(
    takes: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "capstone", None)
    assert main(["signatures", takes]) == 69
    said = 'wadjet: capstone is needed to read machine code; run: pip install "wadjet[native]"'
    assert capsys.readouterr().err == f"{said} [missing-extra]\n"


def test_a_module_that_crashes_is_left_out_and_the_others_are_shown(
    takes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "crashes.c"
    source.write_text("void *PyInit_crashes(void) { return *(void **)8; }\n")
    build("crashes", tmp_path, source=source)
    assert main(["signatures", "crashes", takes]) == 1
    printed = capsys.readouterr()
    assert printed.err == "wadjet: crashes was left out: it crashed with SIGSEGV\n"
    assert "takes: 25 C callables" in printed.out


def test_a_module_that_raises_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    source = tmp_path / "nothing.c"
    source.write_text("int x;\n")
    build("nothing", tmp_path, source=source)
    assert main(["signatures", "nothing"]) == 1
    assert capsys.readouterr().err.startswith("wadjet: nothing was left out: ImportError: ")


@pytest.mark.parametrize(
    ("word", "said", "code"),
    [
        ("json", "json is of Python: inspect knows its signatures already [image]", 65),
        ("no_such_module", "there is no module no_such_module", 66),
    ],
)
def test_what_cannot_be_looked_at_is_told_in_one_line(
    word: str, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["signatures", word]) == code
    printed = capsys.readouterr().err
    assert printed.startswith(f"wadjet: {said}")
    assert len(printed.splitlines()) == 1


def test_source_in_the_folder_we_are_in_is_not_taken_for_the_module(
    takes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "takes.py").write_text("raise ImportError('not built')\n")
    monkeypatch.chdir(tmp_path / "checkout")
    assert main(["signatures", takes]) == 0
    assert "takes: 25 C callables" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [["--sarif", "-"], ["--json", "--stubs", "out"], ["--json", "--patch", "."], ["--overwrite"]],
    ids=" ".join,
)
def test_an_option_that_would_do_nothing_is_refused(
    takes: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["signatures", takes, *options]) == UsageError.exit_code
    assert capsys.readouterr().err.startswith(f"wadjet: {options[0]} is for ")


def test_libraries_of_a_package_that_are_no_modules_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "packed"
    package.mkdir()
    (package / "__init__.py").touch()
    build("takes", package, "-O2")
    (package / "plugin.so").write_bytes(b"of another program")
    assert main(["signatures", "packed"]) == 0
    printed = capsys.readouterr()
    assert "packed.takes: 25 C callables" in printed.out
    assert not printed.err
