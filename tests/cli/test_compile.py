"""``wadjet compile`` and ``wadjet pyc``: files of code by way of passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, PassError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(40):
        (tmp_path / f"m{number:02}.py").write_text(f"x = 'a{number}'.upper()\n")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def compiled(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").iterdir())


def test_a_folder_is_compiled_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "."]) == 0
    assert said(capsys) == "40 compiled\n"
    assert len(compiled(folder)) == 40
    (folder / "m07.py").write_text("x = 2\n")
    assert main(["compile", "."]) == 0
    assert set(said(capsys).strip().split(", ")) == {"39 as it was", "1 compiled"}
    main(["compile", "-f", "."])
    assert said(capsys) == "40 compiled\n"


def test_the_bytes_do_not_depend_on_how_many_work_at_it(folder: Path) -> None:
    main(["compile", "-q", "-j", "2", "."])
    first = [path.read_bytes() for path in compiled(folder)]
    names = sorted((path.name for path in folder.glob("*.py")), reverse=True)
    main(["compile", "-q", "-f", "-j", "1", *names])
    assert [path.read_bytes() for path in compiled(folder)] == first


def test_other_passes_have_other_names(folder: Path) -> None:
    main(["compile", "-q", "m00.py"])
    main(["compile", "-q", "-O", "texts", "m00.py"])
    main(["compile", "-q", "-O", "", "m00.py"])
    main(["compile", "-q", "--level", "2", "m00.py"])
    names = [path.name.partition(".opt-")[2] for path in compiled(folder)]
    assert len(set(names)) == 4
    assert "" in names
    assert any(name.startswith("2x") for name in names)


def test_a_file_that_is_no_python_is_told_and_stops_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m03.py").write_bytes(b"x = '\xff'\n")
    (folder / "m04.py").write_text("x = (\n")
    (folder / "m05.py").unlink()
    (folder / "m05.py").symlink_to("nowhere")
    assert main(["compile", "."]) == 1
    told = capsys.readouterr()
    assert told.out == "37 compiled, 3 failed\n"
    assert [line.split(":")[1].strip().rpartition("/")[2] for line in told.err.splitlines()] == [
        "m03.py",
        "m04.py",
        "m05.py",
    ]


def test_what_cannot_be_is_refused(folder: Path) -> None:
    assert main(["compile", "nowhere"]) == NoInputError.exit_code
    assert main(["compile", "-O", "nothing", "."]) == PassError.exit_code


def test_compiled_files_are_listed_shown_verified_and_cleaned(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["compile", "-q", "-O", "texts,methods", "m00.py", "m01.py"])
    assert main(["pyc", "list"]) == 0
    assert said(capsys).count(": wadjet 1: texts@1 methods@1\n") == 2
    main(["pyc", "show", "m01.py"])
    shown = said(capsys)
    assert "passes   texts@1 methods@1" in shown
    assert "hash of the source" in shown
    assert main(["pyc", "verify", "."]) == 0
    (folder / "m01.py").write_text("x = 3\n")
    assert main(["pyc", "verify", "."]) == 1
    assert "m01.py has changed since" in said(capsys)
    main(["pyc", "clean", "."])
    assert compiled(folder) == []


def test_where_there_is_nothing_it_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pyc", "verify", "."]) == 0
    assert "no compiled files of passes there" in capsys.readouterr().err


def test_a_project_says_which_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text("[tool.wadjet]\npasses = ['methods']\n")
    main(["compile", "-q", "m00.py"])
    main(["pyc", "list", "m00.py"])
    assert said(capsys).endswith(": wadjet 1: methods@1\n")
