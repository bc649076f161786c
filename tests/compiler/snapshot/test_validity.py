"""A snapshot is never used for what it was not made of: then the start is cold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.compiler.snapshot.images import call, environment, frozen

ASK = ["-c", "import part; print(part.value)"]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "part.py").write_text("value = 1")
    return frozen(tmp_path / "py", "python", "--preload", "part")


def test_a_start_is_warm_while_nothing_differs(made: Path) -> None:
    ended = call([made, *ASK], cwd=made.parent)
    assert (ended.status, ended.out, ended.err) == (0, "1\n", "")


def touch(part: Path) -> None:
    os.utime(part, ns=(1, 1))


def write_secretly(part: Path) -> None:
    before = part.stat()
    part.write_text("value = 22")
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "written in place": lambda part: part.write_text("value = 33"),
    "replaced": lambda part: Path(shutil.copy(part, f"{part}.new")).replace(part),
    "touched": touch,
    "written and its time set back": write_secretly,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_source_that_changed_is_read_again(made: Path, change: Callable[[Path], object]) -> None:
    part = made.with_name("part.py")
    change(part)
    ended = call([made, *ASK], cwd=made.parent)
    assert ended.out == part.read_text().split()[-1] + "\n"
    assert ended.err == (
        f"wadjet: cold start of {made}: there is a change in {part}; "
        "make it anew with `wadjet snapshot`\n"
    )


def test_what_each_start_looks_at_is_enough_to_notice_every_change(made: Path) -> None:
    from wadjet.compiler.snapshot import manifest

    looked_at = [each.path for each in manifest.read(made).looked_at]
    folders = [path for path in looked_at if Path(path).is_dir()]
    assert any(path.endswith("site-packages") for path in folders)
    assert str(made.with_name("part.py")) in looked_at
    assert any("libpython" in path or "bin/python" in path for path in looked_at)


@pytest.mark.parametrize(
    "variable", ["PYTHONPATH", "LD_LIBRARY_PATH", "LC_TIME", "PYTHONHASHSEED", "MALLOC_ARENA_MAX"]
)
def test_a_variable_that_the_interpreter_reads_makes_a_start_cold(
    interpreter: Path, variable: str, tmp_path: Path
) -> None:
    ended = call([interpreter, "-c", "print(1)"], cwd=tmp_path, **{variable: "1"})
    assert ended.out == "1\n"
    assert f"the environment differs in {variable}; " in ended.err


def test_a_module_that_comes_before_a_frozen_one_is_the_one_imported(
    made: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "part.py").write_text("value = 3")
    ended = call([made, *ASK], cwd=folder)
    assert ended.out == "3\n"
    assert "part.py comes before what was frozen" in ended.err


def test_another_user_starts_cold(interpreter: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        copy = Path(shutil.copy(interpreter, folder))
        copy.chmod(0o755)
        ended = subprocess.run(
            [copy, "-c", "print(1)"],
            capture_output=True,
            text=True,
            env=environment(),
            user=65534,
            check=False,
        )
    assert "it was made by another user" in ended.stderr


def test_verify_names_each_file_whose_content_changed(made: Path) -> None:
    command = [sys.executable, "-m", "wadjet", "snapshot", "verify", made]
    assert call(command, cwd=made.parent).status == 0
    part = made.with_name("part.py")
    part.write_text("value = 2")
    found = call(command, cwd=made.parent)
    assert (found.status, found.out) == (1, f"{part}: its content has changed\n")


@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_verify_refuses_what_is_no_snapshot(interpreter: Path, damage: str, tmp_path: Path) -> None:
    content = {"empty": b"", "cut": interpreter.read_bytes()[:-100], "other": b"#!/bin/sh\n" * 99}
    (tmp_path / "bad").write_bytes(content[damage])
    command = [sys.executable, "-m", "wadjet", "snapshot", "verify", "bad"]
    ended = call(command, cwd=tmp_path)
    assert ended.status == 65
    assert ended.err == "wadjet: bad is no snapshot; make one with `wadjet snapshot` [freeze]\n"
