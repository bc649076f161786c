"""A C program that embeds Python tells of itself when it is stuck."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main

SOURCE = Path(__file__).parents[2] / "ext" / "embeds.c"
STUCK = 7
PROGRAM = """\
import gc, sys, threading, time
class Nodé: pass
nodes = [Nodé() for turn in range(4321)]
gc.disable()
gate = threading.Lock()
gate.acquire()
def waits():
    gate.acquire()
thread = threading.Thread(target=waits, daemon=True)
thread.start()
while sys._current_frames()[thread.ident].f_code.co_name != "waits":
    time.sleep(0.001)
def inner():
    stick()
def outer():
    inner()
outer()
"""


def linked() -> list[str]:
    """Return what links the interpreter's library, which some installations leave out."""
    variables = sysconfig.get_config_vars()
    shared = Path(variables["LIBDIR"], variables["LDLIBRARY"])
    static = Path(variables.get("LIBPL") or "", variables["LIBRARY"])
    library = shared if shared.exists() else static
    if not library.exists():
        pytest.skip("this Python has no library to embed")
    words = [str(library), f"-Wl,-rpath,{library.parent}", "-Wl,--export-dynamic"]
    return words + shlex.split(f"{variables['LIBS']} {variables['SYSLIBS']}")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    program = tmp_path_factory.mktemp("embeds") / "embeds"
    paths = sysconfig.get_paths()
    option = subprocess.check_output([sys.executable, "-m", "wadjet", "embed", "--include"])
    command = ["cc", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-o", str(program)]
    command += [option.decode().strip(), f"-I{paths['include']}", f"-I{paths['platinclude']}"]
    subprocess.run([*command, *linked()], check=True)
    environment = dict(os.environ, PYTHONHOME=sys.base_prefix, PYTHONUTF8="1")
    environment["PYTHONPATH"] = os.pathsep.join({paths["purelib"], paths["platlib"]})
    done = subprocess.run(
        [str(program), PROGRAM], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == STUCK, done.stderr.decode()
    return done.stdout.decode()


def test_the_stuck_thread_has_its_python_stack_and_the_gil(told: str) -> None:
    stack = r'File "<string>", line 14 in inner\n  File "<string>", line 16 in outer\n'
    last = r'  File "<string>", line 17 in <module>\n'
    found = re.search(r"Thread \d+, running, has the GIL.*\n  " + stack + last, told)
    assert found, told


def test_another_thread_is_told_with_its_stack(told: str) -> None:
    pattern = r'Thread \d+, \w+ \(most recent call first\):\n  File "<string>", line 8 in waits'
    assert re.search(pattern, told), told


def test_the_collector_is_told(told: str) -> None:
    assert re.search(r"Collector: disabled, not collecting\n  generation 0: \d+ of \d+\n", told)


def test_objects_are_counted_by_type(told: str) -> None:
    assert re.search(r"^ +4321 +\d+  Nodé$", told, re.MULTILINE), told


def test_before_it_is_made_ready_nothing_is_written(told: str) -> None:
    assert told.startswith("Thread "), "the program checks that an early dump fails"


def test_the_header_is_where_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "--include"]) == 0
    folder = Path(capsys.readouterr().out.strip().removeprefix("-I"))
    assert (folder / "wadjet" / "embed.h").is_file()
