"""``wadjet rewrite``: what is shown, what is written, and what is left alone."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import UsageError

CODE = "import os\n\nif len( os.environ ) == 0:  # none?\n    print('none')\n"
RULE = ("len($x) == 0", "not $x")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "app.py"
    path.write_text(CODE)
    return path


def test_a_difference_is_shown_and_nothing_written(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewrite", *RULE]) == 0
    out = capsys.readouterr().out
    assert "-if len( os.environ ) == 0:  # none?\n+if not os.environ:  # none?\n" in out
    assert file.read_text() == CODE


@pytest.mark.parametrize(
    "code", [CODE, CODE.rstrip("\n"), CODE.replace("\n", "\r\n"), CODE + "\f\n# \x1c\n"]
)
def test_a_difference_is_a_patch(
    code: str, file: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file.write_bytes(code.encode())
    main(["rewrite", *RULE, "app.py"])
    patch = capsysbinary.readouterr().out
    done = subprocess.run(
        ["git", "apply", "-"], input=patch, cwd=file.parent, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    expected = code.replace("len( os.environ ) == 0", "not os.environ")
    assert file.read_bytes() == expected.encode()


def test_files_are_written_whole_with_their_mode_and_encoding(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "# coding: latin-1\r\nx = 'é' if len(y) == 0 else 'ü'\r\n".encode("latin-1")
    file.write_bytes(data)
    file.chmod(0o751)
    link = file.with_name("link.py")
    link.symlink_to(file.name)
    assert main(["rewrite", *RULE, "link.py", "--apply"]) == 0
    assert capsys.readouterr().out == "1 rewritten in 1 files\n"
    assert file.read_bytes() == data.replace(b"len(y) == 0", b"not y")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o751
    assert sorted(each.name for each in file.parent.iterdir()) == ["app.py", "link.py"]
    assert main(["rewrite", *RULE, "--apply"]) == 1


def test_what_is_left_is_told_and_the_rest_is_done(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "bad.py").write_text("len(a) == 0 (\n")
    (file.parent / "odd.py").write_text("x = len(  # why\n  a) == 0\n")
    assert main(["rewrite", *RULE, "--apply"]) == 0
    assert "not os.environ" in file.read_text()
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    assert err[0].startswith("wadjet: bad.py:1: ")
    assert err[1] == "wadjet: left as it is: odd.py:1: a comment would be lost (# why)"


def test_where_it_stands_counts_here_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("a = len(x) == 0\ndef f(): return len(x) == 0\n")
    assert main(["rewrite", *RULE, "--inside", "def $f($...p): $...b", "--apply"]) == 0
    assert file.read_text() == "a = len(x) == 0\ndef f(): return not x\n"
    capsys.readouterr()


@pytest.mark.usefixtures("file")
def test_a_replacement_that_does_not_fit_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rewrite", "f($x)", "g($y)"]) == UsageError.exit_code
    assert capsys.readouterr().err.startswith("wadjet: the replacement has $y, which")
