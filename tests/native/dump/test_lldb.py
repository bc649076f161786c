"""The commands for lldb: what those for gdb tell, in the same words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.native.dump.script import script

STACK = 'File "<string>", line 7 in inner\n  File "<string>", line 9 in outer\n'


def lldb(*words: str) -> str:
    # Debian's looks for its own module where it is not
    places = map(str, Path("/usr/lib").glob("llvm-*/lib/python3*/dist-packages"))
    done = subprocess.run(
        ["lldb", "--batch", "--no-lldbinit", *words],
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": ":".join(places)},
    )
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("lldb") is None:
        pytest.skip("there is no lldb")
    if "does it\n" not in lldb("-o", "script print('does', 'it')"):
        pytest.skip("this lldb runs no Python")
    path = tmp_path_factory.mktemp("lldb") / "wadjet_lldb.py"
    path.write_text(script("lldb"), encoding="utf-8")
    return path


def shown(commands: Path, *words: str, name: str = "wadjet-stacks") -> str:
    return lldb(*words, "-o", f"command script import {commands}", "-o", name)


@pytest.fixture(scope="module")
def told(commands: Path, stuck: subprocess.Popen[bytes]) -> str:
    others = ["-o", "wadjet-gc", "-o", "wadjet-heap"]
    words = ["-p", str(stuck.pid), "-o", f"command script import {commands}"]
    text = lldb(*words, "-o", "wadjet-stacks", *others)
    if "Operation not permitted" in text:
        pytest.skip("lldb may not look at processes here")
    return text


def test_stacks_name_files_lines_and_functions(told: str) -> None:
    assert STACK in told
    assert len(re.findall(r"^Thread \d+ \(most recent call first\):$", told, re.MULTILINE)) == 2


def test_the_collectors_state_is_told(told: str) -> None:
    assert re.search(
        r"^Collector: disabled, not collecting\n  generation 0: \d+ of \d+$", told, re.MULTILINE
    )


def test_objects_are_counted_by_type(told: str) -> None:
    assert re.search(r"^ +4321 +\d+  Nodé$", told, re.MULTILINE), told


@pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb writes the core file")
@pytest.mark.usefixtures("told")
def test_a_core_file_tells_the_same_stacks(
    commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    core = tmp_path / "core"
    write = ["gdb", "--batch", "-nx", "-ex", f"generate-core-file {core}", "-p", str(stuck.pid)]
    subprocess.run(write, capture_output=True, check=True)
    assert STACK in shown(commands, "--core", str(core), sys.executable)


@pytest.mark.usefixtures("told")
def test_another_version_of_python_is_refused_with_one_line(
    commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text(re.sub(r"'version': \d+", f"'version': {2 << 8}", commands.read_text()))
    text = shown(other, "-p", str(stuck.pid))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"error: the program runs Python {version}, and these commands know 2.0\n" in text
    assert "Traceback" not in text


def test_a_program_without_python_is_refused_with_one_line(commands: Path) -> None:
    text = shown(commands, "/bin/true", name="wadjet-gc")
    assert "error: there is no Python in this program\n" in text
    assert "Traceback" not in text
