"""What ``wadjet`` promises whatever the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wadjet.cli import __main__ as entry
from wadjet.cli.table import COMMANDS, Command
from wadjet.errors import RecordingError

WADJET = [sys.executable, "-m", "wadjet"]


class Module:
    """Stands in for a command's module."""

    def __init__(self, result: int | BaseException) -> None:
        self.result = result

    def arguments(self, parser: object) -> None:
        pass

    def run(self, args: object) -> int:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


Install = Callable[[int | BaseException], None]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a command called ``test`` that returns or raises what it is given."""

    def install(result: int | BaseException) -> None:
        row = Command("test", "do what the test wants")
        monkeypatch.setattr(entry, "find", lambda name: row if name == "test" else None)
        monkeypatch.setitem(sys.modules, row.module, Module(result))

    return install


def test_help_names_every_command_and_its_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f"  {command.name} " in text
        assert command.summary in text


def test_help_fits_a_terminal_of_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    entry.main(["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_no_command_at_all_is_a_usage_error_that_shows_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert entry.main([]) == 64
    assert "commands:" in capsys.readouterr().out


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--version"]) == 0
    from importlib.metadata import version

    assert capsys.readouterr().out == f"wadjet {version('wadjet')}\n"


def test_help_of_a_command_can_be_asked_for_by_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        entry.main(["help", "completion"])
    assert caught.value.code == 0
    assert "usage: wadjet completion" in capsys.readouterr().out


def test_a_mistyped_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert entry.main(["exprot"]) == 64
    assert capsys.readouterr().err == (
        "wadjet: there is no command 'exprot'; did you mean `wadjet export`? [usage]\n"
    )


def test_a_command_like_no_other_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["zzz"]) == 64
    assert "see `wadjet --help`" in capsys.readouterr().err


def test_a_wrong_option_is_one_line_and_code_64(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["completion", "--fast", "bash"]) == 64
    said = capsys.readouterr().err
    assert said.startswith("wadjet: unrecognized arguments: --fast; see `wadjet completion --help`")
    assert said.count("\n") == 1


def test_the_command_s_result_is_the_exit_code(command: Install) -> None:
    command(3)
    assert entry.main(["test"]) == 3


def test_an_error_is_one_line_with_cause_cure_and_slug(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(RecordingError("x.wadjet is damaged", "record again"))
    assert entry.main(["test"]) == 65
    assert capsys.readouterr().err == "wadjet: x.wadjet is damaged; record again [recording]\n"


def test_want_of_memory_is_one_line(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(MemoryError())
    assert entry.main(["test"]) == 70
    assert capsys.readouterr().err == (
        "wadjet: there is not enough memory; close other programs [error]\n"
    )


def test_an_interrupt_ends_without_a_traceback(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(KeyboardInterrupt())
    assert entry.main(["test"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*WADJET, "--help"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_standard_output_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*WADJET, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 73
    assert done.stderr.startswith("wadjet: cannot write to standard output (No space left")
    assert done.stderr.count("\n") == 1


def test_help_imports_no_subsystem_and_no_slow_module() -> None:
    code = (
        "import sys; before = set(sys.modules); from wadjet.cli.__main__ import main;"
        "main(['--help']); print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) <= {
        "errno",
        "__future__",
        "wadjet",
        "wadjet.cli",
        "wadjet.cli.__main__",
        "wadjet.cli.overview",
        "wadjet.cli.table",
        "wadjet.errors",
    }
