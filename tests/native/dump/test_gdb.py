"""The commands for gdb: a process that is stuck, a core file, and what is no Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.native.dump.script import script


def gdb(*words: str) -> str:
    command = ["gdb", "--batch", "-nx", *words]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gdb") is None:
        pytest.skip("there is no gdb")
    if "does it" not in gdb("-ex", "python print('does it')"):
        pytest.skip("this gdb runs no Python")
    path = tmp_path_factory.mktemp("gdb") / "wadjet-gdb.py"
    path.write_text(script("gdb"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told(commands: Path, stuck: subprocess.Popen[bytes]) -> str:
    words = ["-ex", "wadjet-stacks", "-ex", "wadjet-gc", "-ex", "wadjet-heap"]
    text = gdb("-x", str(commands), *words, "-p", str(stuck.pid))
    if "ptrace: Operation not permitted" in text:
        pytest.skip("gdb may not look at processes here")
    return text


STACK = 'File "<string>", line 7 in inner\n  File "<string>", line 9 in outer\n'


def test_stacks_name_files_lines_and_functions(told: str) -> None:
    assert STACK in told
    assert len(re.findall(r"^Thread \d+ \(most recent call first\):$", told, re.MULTILINE)) == 2


def test_the_collectors_state_is_told(told: str) -> None:
    assert re.search(
        r"^Collector: disabled, not collecting\n  generation 0: \d+ of \d+$", told, re.MULTILINE
    )


def test_objects_are_counted_by_type(told: str) -> None:
    assert re.search(r"^ +4321 +\d+  Nodé$", told, re.MULTILINE), told


@pytest.mark.usefixtures("told")
def test_a_core_file_tells_the_same_stacks(
    commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    core = tmp_path / "core"
    gdb("-ex", f"generate-core-file {core}", "-p", str(stuck.pid))
    text = gdb("-x", str(commands), "-ex", "wadjet-stacks", sys.executable, str(core))
    assert STACK in text


@pytest.mark.usefixtures("told")
def test_another_version_of_python_is_refused_with_one_line(
    commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text(re.sub(r"'version': \d+", f"'version': {2 << 8}", commands.read_text()))
    text = gdb("-x", str(other), "-ex", "wadjet-stacks", "-p", str(stuck.pid))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"the program runs Python {version}, and these commands know 2.0" in text


def test_a_program_without_python_is_refused_with_one_line(commands: Path) -> None:
    assert "there is no Python in this program" in gdb("-x", str(commands), "-ex", "wadjet-gc")
