"""What cannot be frozen is refused by name, and nothing is left behind."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.compiler.snapshot.images import call, environment, freeze, frozen

HOLDERS = {
    "a thread": "import threading; threading.Thread(target=threading.Event().wait).start()",
    "a socket": "import socket; held = socket.socket()",
    "an open file": "held = open(__file__)",
    "a timer": "import signal; signal.setitimer(signal.ITIMER_REAL, 1000)",
    "a child process": "import subprocess; subprocess.Popen(['sleep', '5'])",
    "memory shared": "import mmap; held = mmap.mmap(-1, 4096)",
}


@pytest.mark.parametrize(("what", "code"), HOLDERS.items(), ids=HOLDERS)
def test_what_lives_in_the_kernel_is_refused_by_name(what: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "holder.py").write_text(code)
    made = freeze(tmp_path / "py", "python", "--preload", "holder")
    assert (made.status, made.out) == (65, "")
    assert made.err.startswith("wadjet: python cannot be frozen: it has ")
    assert what in made.err
    assert made.err.endswith("[freeze]\n")
    assert not list(tmp_path.glob("*py.*"))[1:]


def test_a_program_that_is_never_ready_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from wadjet.snapshot import ready\nif 0: ready()\nprint('done')"
    )
    made = freeze(tmp_path / "app", "app.py")
    assert made.status == 65
    assert made.out == "done\n"
    assert "app.py ended before wadjet.snapshot.ready()" in made.err


def test_imports_that_fail_show_their_traceback(tmp_path: Path) -> None:
    made = freeze(tmp_path / "py", "python", "--preload", "nowhere")
    assert made.status == 65
    assert "ModuleNotFoundError: No module named 'nowhere'" in made.err
    assert "exit code 1; its own words are above [freeze]" in made.err


def test_an_object_that_minds_being_asked_for_its_class_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "shy.py").write_text(
        "import random\nclass Shy:\n __class__ = property(lambda self: 1 / 0)\nheld = [Shy()]\n"
        "try:\n import numpy.random\nexcept ImportError:\n pass\n"
    )
    made = frozen(tmp_path / "py", "python", "--preload", "shy")
    assert call([made, "-c", "print(1)"], cwd=tmp_path).out == "1\n"


def test_a_script_that_is_no_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = (")
    assert "is no Python" in freeze(tmp_path / "app", "app.py").err
    assert "cannot read nowhere.py" in freeze(tmp_path / "app", "nowhere.py").err


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "py").write_text("mine")
    assert freeze(tmp_path / "py", "python").status == 73
    assert (tmp_path / "py").read_text() == "mine"


def test_a_disk_without_room_is_one_line(tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [sys.executable, "-m", "wadjet", "snapshot", "python", "-o", str(tmp_path / "py")]
    made = subprocess.run(
        command, capture_output=True, text=True, env=environment(), preexec_fn=limit, check=False
    )
    assert made.returncode == 73
    assert made.stderr == f"wadjet: cannot write {tmp_path / 'py'} (File too large) [output]\n"
    assert not list(tmp_path.iterdir())


def test_killed_half_way_it_leaves_the_old_file(tmp_path: Path) -> None:
    old = frozen(tmp_path / "py", "python")
    (tmp_path / "slow.py").write_text("open('begun', 'w').close()\nimport time; time.sleep(60)")
    words = ["snapshot", "python", "-o", str(old), "--overwrite", "--preload", "slow"]
    process = subprocess.Popen(
        [sys.executable, "-m", "wadjet", *words], cwd=tmp_path, env=environment()
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert call([old, "-c", "print(6 * 7)"], cwd=tmp_path).out == "42\n"


def test_only_its_owner_may_read_it(interpreter: Path) -> None:
    assert interpreter.stat().st_mode & 0o777 == 0o700


def test_no_secret_of_the_environment_is_in_the_file(tmp_path: Path) -> None:
    made = frozen(tmp_path / "py", "python", MY_PASSWORD="correct-horse-battery")
    assert b"correct-horse-battery" not in made.read_bytes()


def test_a_variable_that_is_named_is_seen(tmp_path: Path) -> None:
    (tmp_path / "reader.py").write_text("import os; value = os.environ.get('CHOICE')")
    words = ("python", "--preload", "reader", "--env", "CHOICE")
    made = frozen(tmp_path / "py", *words, CHOICE="blue")
    ask = [made, "-c", "import reader; print(reader.value)"]
    same, other = call(ask, cwd=tmp_path, CHOICE="blue"), call(ask, cwd=tmp_path, CHOICE="red")
    assert (same.out, same.err) == ("blue\n", "")
    assert other.out == "red\n"
    assert "cold start" in other.err
    assert "CHOICE" in other.err
