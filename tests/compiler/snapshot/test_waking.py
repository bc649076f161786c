"""A process that comes back has what is its own, and shares no secret with another."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.compiler.snapshot.images import call, environment, frozen

DRAWS = """\
import multiprocessing, random, secrets, ssl, tempfile, uuid
from wadjet import snapshot
try:
    import numpy
except ImportError:
    numpy = None

chosen, drawn = random.Random(7), random.Random()
random.gauss(), uuid.uuid1(), ssl.RAND_bytes(1)
if numpy:
    mine, generator = numpy.random.default_rng(7), numpy.random.default_rng()
    numpy.random.randn()
noted = []
snapshot.on_restore(lambda: noted.append(len(noted)))
back = snapshot.ready()
fresh = [random.gauss(), random.random(), drawn.random(), secrets.token_hex(),
    uuid.uuid1(), uuid.uuid4(),
    uuid.uuid1().clock_seq << 48 | uuid.uuid1().clock_seq << 24 | uuid.uuid1().clock_seq,
    ssl.RAND_bytes(8), next(tempfile._get_candidate_names()),
    bytes(multiprocessing.current_process().authkey)]
if numpy:
    fresh += [numpy.random.randn(), numpy.random.rand(), generator.random()]
print(*fresh, sep="\\n")
print("fixed", chosen.random(), numpy and mine.random(), hash("a"), noted, back)
"""


def test_two_starts_share_no_random_number(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(DRAWS)
    made = frozen(tmp_path / "app", "app.py")
    one, other = (call([made], cwd=tmp_path) for _ in range(2))
    assert (one.status, one.err) == (0, "")
    *first, fixed = one.out.splitlines()
    *second, same = other.out.splitlines()
    assert not set(first) & set(second)
    assert fixed == same
    assert fixed.endswith("[0] True")


FORKS = """\
import logging, os, random, threading
from wadjet import snapshot
called = []
os.register_at_fork(after_in_child=lambda: called.append(os.getpid()))
lock = threading.Lock()
logging.getLogger().warning("made")
snapshot.ready()
main = threading.main_thread()
assert main.native_id == threading.get_native_id() == os.getpid(), main
assert called[-1:] == [os.getpid()], called
drawn = random.getstate()
thread = threading.Thread(target=lock.acquire)
thread.start(); thread.join()
pid = os.fork()
if pid == 0:
    assert called[-1] == os.getpid()
    assert random.getstate() != drawn
    logging.getLogger().warning("child")
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), len(threading.enumerate()))
"""


def test_children_of_a_process_that_came_back_are_as_any_other_s(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FORKS)
    ended = call([frozen(tmp_path / "app", "app.py")], cwd=tmp_path)
    assert (ended.status, ended.out, ended.err) == (0, "7 1\n", "child\n")


def test_the_seed_of_hashes_can_be_chosen(tmp_path: Path) -> None:
    made = frozen(tmp_path / "py", "python", "--hash-seed", "0")
    plain = call([sys.executable, "-c", "print(hash('a'))"], cwd=tmp_path, PYTHONHASHSEED="0")
    woken = call([made, "-c", "print(hash('a'))"], cwd=tmp_path, PYTHONHASHSEED="0")
    assert (woken.out, woken.err) == (plain.out, "")


def test_a_process_has_its_own_words_variables_and_folder(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, sys\nfrom sys import argv\nfrom os import environ\n"
        "from wadjet.snapshot import ready\nready()\n"
        "print(argv, environ['MINE'], os.environ is environ, os.getcwd(), flush=True)\n"
        "os.execvpe('sh', ['sh', '-c', 'echo $MINE'], environ)"
    )
    made = frozen(tmp_path / "app", "app.py")
    folder = tmp_path / "other"
    folder.mkdir()
    ended = call([made, "a b", "ü"], cwd=folder, MINE="x=y")
    words, child = ended.out.splitlines()
    assert words.startswith(f"{[str(made), 'a b', 'ü']} x=y True {folder}")
    assert child == "x=y"


def test_a_stream_that_was_taken_hold_of_is_the_terminal_of_the_new_process(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.py").write_text(
        "import sys\nheld = sys.stdout\nfrom wadjet.snapshot import ready\nready()\n"
        "print(held is sys.stdout, held.isatty(), held.line_buffering, sys.stdin.isatty())\n"
        "print(input().upper())"
    )
    made = frozen(tmp_path / "app", "app.py")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([made], stdin=theirs, stdout=theirs, env=environment())
    os.close(theirs)
    os.write(ours, b"hello\n")
    assert process.wait(60) == 0
    text = ""
    while "HELLO" not in text:  # the terminal has all of it, as the process has ended
        text += os.read(ours, 4096).decode()
    assert "True True True True" in text
    os.close(ours)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGPIPE])
def test_a_signal_ends_it_as_it_ends_the_plain_one(
    interpreter: Path, number: signal.Signals, tmp_path: Path
) -> None:
    code = (
        "import os, signal, time\n"
        f"print(signal.getsignal({number:d}), flush=True)\nos.kill(os.getpid(), {number:d})\n"
        "time.sleep(.2)"
    )
    plain = call([sys.executable, "-c", code], cwd=tmp_path)
    woken = call([interpreter, "-c", code], cwd=tmp_path)
    clean = [re.sub("0x[0-9a-f]+", "", each.out) for each in (plain, woken)]
    assert clean[0] == clean[1]
    assert (woken.status, woken.err) == (plain.status, plain.err)


@pytest.mark.parametrize("name", ["INT", "HUP", "QUIT", "HUP INT TERM"])
def test_signals_that_are_ignored_stay_ignored(
    interpreter: Path, tmp_path: Path, name: str
) -> None:
    code = "import signal; print([signal.getsignal(each) for each in signal.valid_signals()])"
    plain, woken = (
        call(["sh", "-c", f"trap '' {name}; exec {each} -c '{code}'"], cwd=tmp_path).out
        for each in (sys.executable, interpreter)
    )
    assert re.sub("0x[0-9a-f]+", "", woken) == re.sub("0x[0-9a-f]+", "", plain)


def test_what_is_ignored_while_it_is_made_is_heeded_by_those_that_start(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        made = frozen(tmp_path / "py", "python")
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    code = "import signal; print(signal.getsignal(1) == 0, callable(signal.getsignal(2)))"
    assert call([made, "-c", code], cwd=tmp_path).out == "True True\n"


def test_a_handler_that_the_program_installed_is_installed_again(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, signal\nfrom wadjet.snapshot import ready\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('heard'))\nready()\n"
        "os.kill(os.getpid(), signal.SIGUSR1)"
    )
    assert call([frozen(tmp_path / "app", "app.py")], cwd=tmp_path).out == "heard\n"


def test_the_time_zone_is_that_of_the_new_process(tmp_path: Path) -> None:
    made = frozen(tmp_path / "py", "python", "--preload", "time,datetime")
    code = "import time; print(time.tzname[0], time.localtime(0).tm_hour)"
    assert call([made, "-c", code], cwd=tmp_path, TZ="ABC-5").out == "ABC 5\n"
    assert call([made, "-c", code], cwd=tmp_path, TZ="XYZ3").out == "XYZ 21\n"


def test_limits_are_those_of_the_new_process(interpreter: Path, tmp_path: Path) -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    command = f"ulimit -n 77; exec {interpreter} -c '{code}'"
    assert call(["sh", "-c", command], cwd=tmp_path).out == "77\n"


def test_the_clock_runs(interpreter: Path, tmp_path: Path) -> None:
    began = time.time()
    told = float(call([interpreter, "-c", "import time; print(time.time())"], cwd=tmp_path).out)
    assert began <= told <= time.time()


def test_much_memory_can_be_had(interpreter: Path, tmp_path: Path) -> None:
    code = "x = [bytes(i) for i in range(1, 9000)]; y = bytearray(1 << 26); print(len(x), len(y))"
    assert call([interpreter, "-c", code], cwd=tmp_path).out == "8999 67108864\n"


def test_a_hook_that_fails_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from wadjet import snapshot\nsnapshot.on_restore(lambda: 1 / 0)\nsnapshot.ready()\n"
        "print('never')"
    )
    ended = call([frozen(tmp_path / "app", "app.py")], cwd=tmp_path)
    assert (ended.status, ended.out) == (1, "")
    assert "ZeroDivisionError" in ended.err


def test_a_script_without_ready_has_the_imports_of_its_head_done(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("print('imported')")
    (tmp_path / "app.py").write_text(
        "'''Says hello.'''\nimport part\nimport sys\nprint(__doc__, sys.argv[1:], __file__)\n"
    )
    made = frozen(tmp_path / "app", "app.py")
    ended = call([made, "x"], cwd=Path("/"))
    assert ended.out == f"Says hello. ['x'] {tmp_path / 'app.py'}\n"
    (tmp_path / "app.py").write_text("print('changed')")
    assert call([made], cwd=Path("/")).out == "changed\n"
