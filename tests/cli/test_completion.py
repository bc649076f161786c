"""``wadjet completion``: the scripts are tried in the shells that are here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.cli.completion import everything
from wadjet.cli.table import COMMANDS


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def complete(completion: str, line: str) -> list[str]:
    """Press Tab in bash after ``line``, as bash-completion would."""
    words = line.split(" ")
    asked = (
        f"{completion}\n"
        f"COMP_WORDS=({' '.join(word or repr('') for word in words)}) COMP_CWORD={len(words) - 1}\n"
        "called=$(complete -p wadjet | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        f'$called wadjet "{words[-1]}" "{words[-2]}"\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_commands_and_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    text = script("bash", capsys)
    assert sorted(complete(text, "wadjet ex")) == ["explain", "export"]
    assert "--to" in complete(text, "wadjet export --t")
    assert complete(text, "wadjet completion f") == ["fish"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_the_names_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "yesterday.wadjet").touch()
    monkeypatch.chdir(tmp_path)
    assert complete(script("bash", capsys), "wadjet export yes") == ["yesterday.wadjet"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_can_read(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = script(shell, capsys)
    assert all(command.name in text for command in COMMANDS)
    if shutil.which(shell):
        path = tmp_path / "script"
        path.write_text(text)
        subprocess.run([shell, "-n", path], check=True)


def test_without_shtab_one_line_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 69
    assert capsys.readouterr().err == (
        "wadjet: completion needs the package shtab; "
        "run `pip install 'wadjet[completion]'` [missing-extra]\n"
    )


def test_a_shell_that_is_not_supported_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == 64
    assert "choose from" in capsys.readouterr().err


def test_the_whole_parser_knows_every_command() -> None:
    assert everything(None).parse_args(["export", "x.wadjet", "--to", "json"]).to == "json"
