"""What a mode leaves on the disk, and what an application is given, are told as they are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.instructions import instructions, system_calls, total
from bench.modes import MODES, Built


def test_holes_in_a_file_take_nothing_of_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "sparse"
    with file.open("wb") as stream:
        stream.write(b"x" * 4096)
        stream.truncate(100_000_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "whole").write_bytes(b"x" * 50_000)
    assert 4096 <= Built((), (file,)).bytes() < 100_000
    assert 54_000 <= Built((), (file, folder)).bytes() < 200_000


def test_an_application_inherits_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_OURS", "1")
    built = Built(("env",), variables={"OF_THE_MODE": "2"})
    assert set(built.environment) == {"HOME", "LANG", "OF_THE_MODE", "PATH"}


def test_each_mode_has_a_name_of_its_own_and_plain_python_is_one() -> None:
    names = [mode.name for mode in MODES]
    assert len(set(names)) == len(names)
    assert "plain" in names


TOTALS = """
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
100.00    0.000937           4       234        {} total
"""


def test_calls_are_counted_where_none_fails_too() -> None:
    without, with_errors = (TOTALS.format(errors) for errors in ("  ", "26"))
    assert total(without) == total(with_errors) == 234


def test_counts_are_exact() -> None:
    once, twice = (
        [sys.executable, "-S", "-c", f"import os\nfor _ in range({count}): os.getppid()"]
        for count in (1, 1001)
    )
    assert system_calls(twice, os.environ) - system_calls(once, os.environ) == 1000


@pytest.mark.slow
def test_instructions_are_counted_with_those_of_children() -> None:
    alone = instructions(["/bin/sh", "-c", "exit 0"], os.environ)
    with_one = instructions(["/bin/sh", "-c", "/bin/true; exit 0"], os.environ)
    assert with_one > alone + 50_000


def test_what_fails_is_not_counted() -> None:
    fails = ["/bin/sh", "-c", "exit 3"]
    with pytest.raises(RuntimeError, match="exit code 3"):
        system_calls(fails, os.environ)
    with pytest.raises(RuntimeError, match="exit code 3"):
        instructions(fails, os.environ)
    assert system_calls(fails, os.environ, 3) > 10
