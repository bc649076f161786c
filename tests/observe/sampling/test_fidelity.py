"""``wadjet run`` runs a program exactly as python would run it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.observe.sampling.runs import PATIENCE, Ending, python, recorded, wadjet, written

FACTS = """
import gc, json, os, signal, sys, threading
own = dict(os.environ)
own.pop("_", None)
files = sorted(int(each) for each in os.listdir("/proc/self/fd"))
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv, "name": __name__,
    "file": globals().get("__file__"), "spec": repr(__spec__), "package": __package__,
    "globals": sorted(globals()), "path": sys.path, "flags": repr(sys.flags),
    "executable": sys.executable, "prefix": sys.prefix, "warn": sys.warnoptions,
    "options": sys._xoptions, "importers": repr(sys.meta_path), "hooks": len(sys.path_hooks),
    "cache": sorted(sys.path_importer_cache), "environ": own, "cwd": os.getcwd(),
    "threads": [each.name for each in threading.enumerate()],
    "signals": [repr(signal.getsignal(n)) for n in range(1, 65) if n not in (32, 33)],
    "mask": repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "files": [each for each in files if each < 64], "umask": os.umask(0o22),
    "group": os.getpgid(0), "session": os.getsid(0), "nice": os.nice(0),
    "affinity": sorted(os.sched_getaffinity(0)), "limit": sys.getrecursionlimit(),
    "gc": [gc.isenabled(), gc.get_threshold()], "hooked": [sys.gettrace(), sys.getprofile()],
    "streams": [repr(each) for each in (sys.stdin, sys.stdout, sys.stderr)],
    "excepthook": sys.excepthook is sys.__excepthook__,
}, default=repr))
"""


def facts(ending: Ending) -> dict[str, object]:
    assert ending.status == 0, ending.err
    found: dict[str, object] = json.loads(_anywhere(ending.out))
    return found


def _anywhere(text: str) -> str:
    """Leave the addresses out, which differ from run to run.

    And since 3.12 a word about forking with threads: the recorder's two are threads indeed.
    """
    text = re.sub(r".*DeprecationWarning: This process .* is multi-threaded.*\n.*\n", "", text)
    return re.sub(r"0x[0-9a-f]+", "0x…", text)


def assert_same(found: dict[str, object], expected: dict[str, object]) -> None:
    assert found.keys() == expected.keys()
    differing = {key for key in found if found[key] != expected[key]}
    assert not {key: (found[key], expected[key]) for key in differing}


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["facts.py", "a", "-m", "x", "--rate", "7"], ""),
        (["./facts.py"], ""),
        (["-c", FACTS, "a", "-q"], ""),
        (["-", "a", "--", "b"], FACTS),
        (["-m", "package", "-o", "x"], ""),
        (["-m", "package.module", "-c", "x"], ""),
        (["package", "a"], ""),
        (["packed.pyz", "a"], ""),
    ],
    ids=lambda each: each[0][:10] if isinstance(each, list) else "",
)
def test_the_program_finds_the_world_as_python_would_show_it(
    words: list[str], stdin: str, tmp_path: Path
) -> None:
    for name in ("facts.py", "package/__main__.py", "package/__init__.py", "package/module.py"):
        written(tmp_path, "" if "init" in name else FACTS, name)
    with zipfile.ZipFile(tmp_path / "packed.pyz", "w") as archive:
        archive.writestr("__main__.py", FACTS)
    expected = facts(python(words, folder=tmp_path, stdin=stdin))
    assert_same(facts(recorded(words, folder=tmp_path, stdin=stdin)), expected)


def test_the_interpreters_own_options_are_passed_on(tmp_path: Path) -> None:
    options = ["-O", "-X", "dev", "-W", "error::UserWarning", "-u"]
    expected = facts(python([*options, "-c", FACTS], folder=tmp_path))
    flags = ["--python", " ".join(options)]
    assert_same(facts(recorded(["-c", FACTS], folder=tmp_path, flags=flags)), expected)


def test_the_program_finds_few_modules_imported_that_python_would_not_import(
    tmp_path: Path,
) -> None:
    words = ["-c", "import sys; print(*sys.modules)"]
    expected = python(words, folder=tmp_path).out.split()
    extra = set(recorded(words, folder=tmp_path).out.split()) - set(expected)
    allowed = {"__future__", "atexit", "sitecustomize", "time"}
    assert {each for each in extra if not each.startswith("wadjet")} <= allowed


ENDINGS = {
    "success": "print('out')\nimport sys\nprint('err', file=sys.stderr)",
    "a number": "import sys; sys.exit(3)",
    "a large number": "import sys; sys.exit(256 + 7)",
    "a negative number": "import sys; sys.exit(-1)",
    "a message": "import sys; sys.exit('a message')",
    "an exception": "def f():\n    return 1 / 0\nf()",
    "a chain of exceptions": "try:\n    {}[1]\nexcept KeyError as e:\n    raise ValueError from e",
    "a group of exceptions": "raise ExceptionGroup('all', [ValueError(1), TypeError(2)])",
    "recursion": "def f(): f()\nf()",
    "a keyboard interrupt": "raise KeyboardInterrupt",
    "a syntax error": "def f(:\n    pass",
    "an indentation error": "if 1:\n\tx = 1\n        y = 2",
    "an encoding error": "# coding: nonsense\nx = 1",
    "an exception in a thread": """
import threading
def work(): raise ValueError("in a thread")
thread = threading.Thread(target=work, name="T")
thread.start(); thread.join()
""",
    "an exception that cannot be raised": """
class Unlucky:
    def __del__(self): raise ValueError("in __del__")
Unlucky()
""",
    "an exception at exit": "import atexit\n@atexit.register\ndef bye(): raise ValueError(1)",
    "a warning": "import warnings\nwarnings.warn('look out')",
    "an unawaited coroutine": "async def f(): pass\nf()",
    "daemon threads at work": """
import threading
def spin():
    while True: pass
for _ in range(3): threading.Thread(target=spin, daemon=True).start()
print("end")
""",
    "standard output closed": "import os\nos.close(1)\nprint('nowhere')",
    "an immediate exit": "import os\nprint('x', flush=True)\nos._exit(9)",
    "an abort": "import os\nos.abort()",
    "a fault": "import ctypes\nctypes.string_at(0)",
    "SIGTERM": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "SIGKILL": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "SIGUSR1": "import os, signal\nos.kill(os.getpid(), signal.SIGUSR1)",
    "SIGINT": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)",
    "a forked child": """
import os, sys
child = os.fork()
if child == 0:
    print("child", flush=True)
    sys.exit(4)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    "another program": """
import os, sys
os.execv(sys.executable, [sys.executable, "-c", "import os; print(sorted(os.environ))"])
""",
    "what it reads": "import sys\nprint(input('> '))\nprint(sys.stdin.read())",
}


@pytest.mark.parametrize("program", ENDINGS.values(), ids=ENDINGS)
def test_the_program_ends_as_it_would_and_says_what_it_would(program: str, tmp_path: Path) -> None:
    script = written(tmp_path, program)
    limits = {"PYTHONFAULTHANDLER": ""}
    expected = python([script], folder=tmp_path, stdin="first\nrest\n", env=limits)
    run = recorded([script], folder=tmp_path, stdin="first\nrest\n", env=limits)
    assert (run.status, run.out) == (expected.status, expected.out)
    assert _anywhere(run.err) == _anywhere(expected.err)
    assert run.profile.about["complete"] is True
    assert run.profile.about["exit"] == expected.status


@pytest.mark.parametrize("how", ["-c", "-", "-m"])
def test_the_traceback_is_the_very_same_however_the_program_was_named(
    how: str, tmp_path: Path
) -> None:
    program = "def f():\n    raise ValueError(1)\n\nf()\n"
    written(tmp_path, program, "failing.py")
    words = {"-c": ["-c", program], "-": ["-"], "-m": ["-m", "failing"]}[how]
    expected = python(words, folder=tmp_path, stdin=program)
    run = recorded(words, folder=tmp_path, stdin=program)
    assert (run.status, run.err) == (1, expected.err)


@pytest.mark.parametrize("words", [["-m", "no_such_module"], ["-m", "json"], ["-m", "a b"]])
def test_a_module_that_cannot_be_run_is_told_of_by_python(words: list[str], tmp_path: Path) -> None:
    expected = python(words, folder=tmp_path)
    run = recorded(words, folder=tmp_path)
    assert (run.status, run.err) == (expected.status, expected.err)


# ---- what surrounds the program ----------------------------------------------------------


@pytest.mark.parametrize("customize", ["print('own')", "1 / 0", "import no_such_thing", "x ="])
@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_the_programs_own_customization_runs_as_ever(
    name: str, customize: str, tmp_path: Path
) -> None:
    written(tmp_path, customize, f"own/{name}.py")
    words = ["-c", "import sys, os; print(sys.path, os.environ['PYTHONPATH'])"]
    env = {"PYTHONPATH": str(tmp_path / "own")}
    expected = python(words, folder=tmp_path, env=env)
    run = recorded(words, folder=tmp_path, env=env, python=["-E"])  # not for Wadjet itself
    assert (run.status, run.out, run.err) == (expected.status, expected.out, expected.err)


@pytest.mark.parametrize("value", [":", "a::b", "relative:/absolute"])
def test_the_python_path_is_kept_to_the_letter(value: str, tmp_path: Path) -> None:
    words = ["-c", "import sys, os; print(sys.path, repr(os.environ.get('PYTHONPATH')))"]
    expected = python(words, folder=tmp_path, env={"PYTHONPATH": value})
    assert recorded(words, folder=tmp_path, env={"PYTHONPATH": value}).out == expected.out


def test_files_that_were_open_for_the_program_are_open_in_it(tmp_path: Path) -> None:
    inner, outer = os.pipe()
    os.write(outer, b"for the program")
    os.close(outer)
    run = recorded(
        ["-c", f"import os; print(os.read({inner}, 99))"], folder=tmp_path, pass_fds=[inner]
    )
    os.close(inner)
    assert run.out == "b'for the program'\n"


def test_signals_that_were_ignored_for_the_program_are_ignored_by_it(tmp_path: Path) -> None:
    words = ["-c", "import signal; print(signal.getsignal(signal.SIGINT), signal.getsignal(1))"]
    shell = f"trap '' INT HUP; exec {sys.executable} -m wadjet run -q -o x.wadjet \"$@\""
    done = subprocess.run(
        ["sh", "-c", shell, "sh", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout == "1 1\n" or done.stdout.count("SIG_IGN") == 2


def test_the_program_may_be_given_an_end_of_options(tmp_path: Path) -> None:
    script = written(tmp_path, "import sys; print(sys.argv[1:])")
    assert recorded(["--", script, "--", "-q"], folder=tmp_path).out == "['--', '-q']\n"


def test_names_that_are_not_unicode_are_passed_on(tmp_path: Path) -> None:
    script = written(tmp_path, "import sys; print(ascii(sys.argv[1:]))")
    run = recorded([script, "caf\udce9"], folder=tmp_path)
    assert run.out == "['caf\\udce9']\n"
    assert run.profile.about["exit"] == 0


# ---- signals sent to the one that records ------------------------------------------------

WAITING = """
import signal, sys, time
def say(number, frame): print(signal.Signals(number).name, flush=True)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
    signal.signal(number, say)
print("ready", flush=True)
try:
    while True: time.sleep(0.02) # pause() would miss one that comes just before it
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(5)
"""


def test_signals_from_other_processes_reach_the_program(tmp_path: Path) -> None:
    with subprocess.Popen(
        wadjet("-q", "-o", "x.wadjet", "-c", WAITING),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"):
            process.send_signal(signal.Signals[name])
            assert process.stdout.readline() == f"{name}\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(PATIENCE) == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_program_that_a_signal_ends_leaves_a_whole_recording(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = "print('ready', flush=True)\nwhile True: pass"
    with subprocess.Popen(
        wadjet("-q", "-o", "x.wadjet", "-c", program),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == -number


def test_a_terminals_interrupt_reaches_the_program_once(tmp_path: Path) -> None:
    program = """
import os, signal
def interrupted(number, frame): print("interrupted", flush=True)
def asked(number, frame):
    print("asked", flush=True)
    os._exit(0)
signal.signal(signal.SIGINT, interrupted)
signal.signal(signal.SIGUSR1, asked)
print("ready", flush=True)
while True: signal.pause()
"""
    pid, terminal = os.forkpty()
    if pid == 0:
        os.chdir(tmp_path)
        words = wadjet("-q", "-o", "x.wadjet", "-c", program)
        os.execv(words[0], words)
    said = heard(terminal, b"ready")
    os.write(terminal, b"\x03")
    said += heard(terminal, b"interrupted")
    os.kill(pid, signal.SIGUSR1)  # were the interrupt passed on as well, then before this
    said += heard(terminal, b"asked")
    assert said.count(b"interrupted") == 1
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)


def heard(terminal: int, word: bytes) -> bytes:
    said = b""
    while word not in said:
        assert select.select([terminal], [], [], PATIENCE)[0], f"not a word more than {said!r}"
        said += os.read(terminal, 1000)
    return said
