"""Real programs whose imports wait say what they say without, and load less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main


@pytest.mark.slow
@pytest.mark.parametrize("words", [["-m", "pip", "--version"], ["-m", "json.tool", "--help"]])
def test_a_program_is_the_same_with_its_imports_waiting(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["startup", "-q", "--no-syscalls", "-o", "x.wadjet", *words]) == 0
    assert main(["lazy", "x.wadjet", "--hook", "x.toml"]) == 0
    said = capsys.readouterr().out.split()
    loaded, before = (int(said[said.index(word) + 1]) for word in ("loads", "not"))
    assert loaded < before
    plain, waiting = (
        subprocess.run([sys.executable, *way, *words], capture_output=True)
        for way in ([], ["-m", "wadjet.deferred", "x.toml"])
    )
    assert (waiting.returncode, waiting.stdout) == (plain.returncode, plain.stdout)
    assert not waiting.stderr
