"""The commands for gdb and lldb: a process that is stuck, a core file, and what is no Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wadjet.native.dump.script import script

STACK = 'File "<string>", line 7 in inner\n  File "<string>", line 9 in outer\n'
PROGRAM = """\
import ctypes, gc, sys, threading, time
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # whoever may look at us
class Nodé: pass
nodes = [Nodé() for turn in range(4321)]
gc.disable()
def inner(ä):
    sys.stdin.read(ä)
def outer():
    inner(1)
thread = threading.Thread(target=outer)
thread.start()
while sys._current_frames()[thread.ident].f_code.co_name != "inner":
    time.sleep(0.001)
print("ready", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Debugger:
    """How a debugger is called; ``core`` precedes the name of a core file."""

    name: str
    quietly: tuple[str, ...]
    command: str
    load: str
    python: str
    core: tuple[str, ...]

    def run(self, where: list[str], *commands: str) -> str:
        """Run commands on a process, a core file or a program; return all that it says."""
        words = [word for each in commands for word in (self.command, each)]
        # Debian's lldb looks for its own module where it is not
        places = map(str, Path("/usr/lib").glob("llvm-*/lib/python3*/dist-packages"))
        environment = {**os.environ, "PYTHONPATH": ":".join(places)}
        done = subprocess.run(
            [self.name, *self.quietly, *where, *words],
            capture_output=True,
            timeout=120,
            check=False,
            env=environment,
        )
        return (done.stdout + done.stderr).decode(errors="replace")


GDB = Debugger("gdb", ("--batch", "-nx"), "-ex", "source", "python", ())
LLDB = Debugger(
    "lldb", ("--batch", "--no-lldbinit"), "-o", "command script import", "script", ("--core",)
)


@pytest.fixture(scope="module", params=[GDB, LLDB], ids=["gdb", "lldb"])
def debugger(request: pytest.FixtureRequest) -> Debugger:
    chosen: Debugger = request.param
    if shutil.which(chosen.name) is None:
        pytest.skip(f"there is no {chosen.name}")
    if "does it\n" not in chosen.run([], f"{chosen.python} print('does', 'it')"):
        pytest.skip(f"this {chosen.name} runs no Python")
    return chosen


@pytest.fixture(scope="module")
def commands(debugger: Debugger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(debugger.name) / "wadjet_commands.py"
    path.write_text(script(debugger.name), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def stuck() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        yield child
        child.communicate(b"\n")


@pytest.fixture(scope="module")
def told(debugger: Debugger, commands: Path, stuck: subprocess.Popen[bytes]) -> str:
    names = ["wadjet-stacks", "wadjet-gc", "wadjet-heap"]
    text = debugger.run(["-p", str(stuck.pid)], f"{debugger.load} {commands}", *names)
    if "Operation not permitted" in text:
        pytest.skip(f"{debugger.name} may not look at processes here")
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
    debugger: Debugger, commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    core = tmp_path / "core"
    GDB.run(["-p", str(stuck.pid)], f"generate-core-file {core}")
    where = [sys.executable, *debugger.core, str(core)]
    assert STACK in debugger.run(where, f"{debugger.load} {commands}", "wadjet-stacks")


@pytest.mark.usefixtures("told")
def test_another_version_of_python_is_refused_with_one_line(
    debugger: Debugger, commands: Path, stuck: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text(re.sub(r"'version': \d+", f"'version': {2 << 8}", commands.read_text()))
    text = debugger.run(["-p", str(stuck.pid)], f"{debugger.load} {other}", "wadjet-stacks")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"the program runs Python {version}, and these commands know 2.0\n" in text
    assert "Traceback" not in text


def test_a_program_without_python_is_refused_with_one_line(
    debugger: Debugger, commands: Path
) -> None:
    text = debugger.run(["/bin/true"], f"{debugger.load} {commands}", "wadjet-gc")
    assert "there is no Python in this program\n" in text
    assert "Traceback" not in text
