"""``wadjet launcher`` builds, says what it has built, and refuses what it cannot build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "tool.py").write_text("import sys, fractions\nprint(sys.argv[1:], 6 * 7)\n")
    return tmp_path


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = os.environ | environment
    return subprocess.run(words, capture_output=True, text=True, env=given, check=False)


def test_it_says_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launcher", "-O", "safe", "tool.py"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("tool: ")
    assert said[1].startswith("needs glibc 2.")
    assert run("./tool", "x").stdout == "['x'] 42\n"
    assert main(["launcher", "tool.py"]) == 73
    assert "--overwrite" in capsys.readouterr().err


def test_a_module_and_options(folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text(
        "import sys; print(__name__, sys.flags.optimize)"
    )
    assert main(["launcher", "-q", "--python=-O", "-m", "package", "-o", "made"]) == 0
    plain = run(sys.executable, "-O", "-m", "package")
    assert plain.stdout == "__main__ 1\n"
    assert run("./made").stdout == plain.stdout


def test_a_shared_library_does_as_well() -> None:
    import sysconfig

    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        pytest.skip("this Python has no shared library")
    assert main(["launcher", "-q", "--dynamic", "tool.py"]) == 0
    assert run("./tool").stdout == "[] 42\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 64, "nothing to run"),
        (["tool.py", "-m", "tool"], 64, "two things"),
        (["gone.py"], 66, "there is no script gone.py"),
        (["-m", "gone"], 66, "there is no module gone"),
        (["bad.py"], 65, "bad.py:1"),
        (["tool.py", "-o", "tool.py", "--overwrite"], 64, "the script itself"),
        (["tool.py", "--python=-Z"], 69, "does not start"),
    ],
)
def test_what_cannot_be_is_said(
    words: list[str], code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.py").write_text("1 +\n")
    assert main(["launcher", *words]) == code
    assert said in capsys.readouterr().err
