"""A frozen interpreter does with its words what the plain one does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.compiler.snapshot.images import Ended, call

SCRIPT = """\
'''A script.'''
import sys
print(__name__, __file__, __doc__, sys.argv, sys.path[0], sys.orig_argv[1:])
def fail():
    raise LookupError(len(sys.argv))
if __name__ == "__main__":
    fail()
"""

LAST = "import atexit, os\natexit.register(os.write, 1, b'at exit')\nprint('before')\n"
FULL = "import os\nos.dup2(os.open('/dev/full', os.O_WRONLY), 1)\nprint('x', flush=True)\n"

CALLS: dict[str, list[str]] = {
    "code": ["-c", "import sys; print(sys.argv, sys.path[0], __name__)", "a", "-b", "é"],
    "code in one word": ["-cprint(1)"],
    "script": ["script.py", "a", "-b"],
    "module": ["-m", "timeit", "-n1", "-r1", "-h"],
    "a module of the folder": ["-m", "script", "x"],
    "no module": ["-m", "nowhere"],
    "no script": ["nowhere.py"],
    "a folder": ["folder", "x"],
    "nothing after -c": ["-c"],
    "an option": ["-O", "-c", "print(__debug__)"],
    "version": ["-V"],
    "syntax": ["-c", "x = ("],
    "zero": ["-c", "1/0"],
    "code 7": ["-c", "import sys; sys.exit(7)"],
    "a code too large": ["-c", "import sys; sys.exit(1 << 80)"],
    "a message": ["-c", "import sys; sys.exit('gone')"],
    "interrupted": ["-c", "raise KeyboardInterrupt"],
    "killed": ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"],
    "aborted": ["-c", "import os; os.abort()"],
    "a thread at the end": [
        "-c",
        (
            "import threading, time\n"
            "threading.Thread(target=lambda: (time.sleep(.05), print('last'))).start()"
        ),
    ],
    "at the end": ["-c", "import atexit; atexit.register(print, 'bye'); print('hello')"],
    "finalizers": [
        "-c",
        ("class A:\n def __del__(self): print('let go')\na = A(); b = A(); b.b = b"),
    ],
    "a file left open": ["-c", "f = open('left', 'w'); f.write('x'); g = [f]; g.append(g)"],
    "subprocess": [
        "-c",
        (
            "import subprocess, sys\n"
            "run = [sys.executable, '-c', 'print(6 * 7)']\n"
            "print(subprocess.run(run, capture_output=True).stdout)"
        ),
    ],
    "pool": [
        "-c",
        (
            "import concurrent.futures as c\n"
            "with c.ThreadPoolExecutor(3) as pool: print(sum(pool.map(abs, range(-9, 9))))"
        ),
    ],
    "asyncio": ["-c", "import asyncio; print(asyncio.run(asyncio.sleep(0, 5)))"],
    "processes": [
        "-c",
        (
            "import multiprocessing as m\n"
            "with m.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
        ),
    ],
    "recursion": ["-c", "def f(): f()\ntry: f()\nexcept RecursionError: print('deep')"],
    "hash": ["-c", "print(len({hash(str(i)) for i in range(1000)}) > 990)"],
    "main thread": [
        "-c",
        (
            "import os, threading\n"
            "main = threading.main_thread()\n"
            "print(main.native_id == os.getpid() == threading.get_native_id())"
        ),
    ],
    "closed streams": ["-c", "import os; os.close(1); os.close(2)"],
    "last words": ["last.py"],
    "a disk that is full": ["full.py"],
    "last words of a line": ["-c", f"{LAST}1/0"],
    "unknown encoding": ["bad.py"],
    "an archive": ["archive.zip"],
}


def both(interpreter: Path, words: list[str], folder: Path, given: str = "") -> tuple[Ended, Ended]:
    plain = call([sys.executable, *words], cwd=folder, given=given)
    woken = call([interpreter, *words], cwd=folder, given=given)
    return plain, woken


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import zipfile

    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "last.py").write_text(LAST)
    (tmp_path / "full.py").write_text(FULL)
    (tmp_path / "bad.py").write_text("# coding: nothing\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text("import sys; print(sys.argv)")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", "print('zipped', __file__)")
    return tmp_path


@pytest.mark.parametrize("words", CALLS.values(), ids=CALLS)
def test_a_call_does_what_it_does_in_the_plain_interpreter(
    interpreter: Path, words: list[str], folder: Path
) -> None:
    plain, woken = both(interpreter, words, folder)
    if words[0] == "-O":
        assert "cold start" in woken.err
        woken = Ended(woken.status, woken.out, "".join(woken.err.splitlines(True)[1:]))
    assert woken == plain


@pytest.mark.parametrize("words", [[], ["-"], ["-", "a"]])
def test_a_program_comes_from_standard_input(
    interpreter: Path, words: list[str], folder: Path
) -> None:
    given = "import sys\nprint(sys.argv)\n1/0\n"
    plain, woken = both(interpreter, words, folder, given)
    assert woken == plain


def test_what_was_left_open_is_written(interpreter: Path, folder: Path) -> None:
    call([interpreter, *CALLS["a file left open"]], cwd=folder)
    assert (folder / "left").read_text() == "x"
