"""The system calls of a start: as many as strace counts, in the step that made them."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.observe.startup.starts import plain, recorded, spent

from wadjet.model.startup import CHILDREN, ENDING, LINKING, PREPARING, RUNNING, phases, whole
from wadjet.observe.startup import counting

PROGRAMS = {
    "nothing": "pass",
    "imports": "import json, decimal, sqlite3",
    "child": "import subprocess; subprocess.run(['true'])",
    "fork": "import os; p = os.fork(); p or os._exit(3); os.waitpid(p, 0)",
    "exec": "import os, sys; os.execv(sys.executable, ['python', '-S', '-c', 'import json'])",
    "error": "import json, nowhere",
}
OURS = """
import json, os, sys
from collections import Counter
from wadjet.observe.startup import counting
from wadjet.target.syscalls import name_of
import platform
counted = counting.run([sys.executable, "-c", sys.argv[1]], os.environ)
made = Counter(
    name_of(each.number, platform.machine()) for each in counted.events if each.kind == 0
)
open(sys.argv[2], "w").write(json.dumps(made))
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_there_are_as_many_as_strace_counts(program: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for command in (
        [sys.executable, "-c", program],  # which leaves caches for both
        [sys.executable, "-c", OURS, program, str(ours)],
        ["strace", "-f", "-c", "-o", str(theirs), sys.executable, "-c", program],
    ):
        subprocess.run(
            command, env=plain(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    rows = [line.split() for line in theirs.read_text().splitlines()[2:-2]]
    assert json.loads(ours.read_text()) == {row[-1]: int(row[3]) for row in rows}


def test_a_call_is_counted_where_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = recorded(
        tmp_path,
        monkeypatch,
        "-c",
        "import outer, os\nfor _ in range(3): os.getppid()",
        outer="import inner, os\nfor _ in range(5): os.getppid()",
        inner="import os\nfor _ in range(7): os.getppid()",
    ).profile
    assert spent(profile, RUNNING, "getppid")[1] == 3
    assert spent(profile, RUNNING, "outer", "getppid")[1] == 5
    assert spent(profile, RUNNING, "outer", "inner", "getppid")[1] == 7
    assert [each.name for each in phases(profile)] == [LINKING, PREPARING, RUNNING, ENDING]
    assert all(each.calls for each in phases(profile))


def test_what_is_read_is_counted_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(1 << 20))
    reads = f"import os\nos.read(os.open({str(large)!r}, 0), 1 << 20)"
    profile = recorded(tmp_path, monkeypatch, "-c", "import reads", reads=reads).profile
    assert 0 <= spent(profile, RUNNING, "reads")[2] - (1 << 20) < 65536
    assert whole(profile).read > 1 << 20


def test_an_import_that_fails_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = recorded(
        tmp_path,
        monkeypatch,
        "-c",
        "import os\ntry: import broken\nexcept ValueError: os.getppid()",
        broken="import missing_one",
        missing_one="raise ValueError",
    ).profile
    assert spent(profile, RUNNING, "getppid")[1] == 1
    assert spent(profile, RUNNING, "broken", "missing_one")[1] > 0


def test_a_module_of_any_name_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["größe", "變數", "x" * 200]
    modules = dict.fromkeys(names, "import os; os.getppid()")
    words = ["-c", f"import {', '.join(names)}"]
    profile = recorded(tmp_path, monkeypatch, *words, **modules).profile
    for each in names:
        assert spent(profile, RUNNING, each, "getppid")[1] == 1


def test_threads_and_processes_that_it_starts_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = """
        import os, subprocess, sys, threading
        one = threading.Thread(target=__import__, args=["within"])
        one.start(); one.join()
        call = "import os; os.getppid()"
        subprocess.run([sys.executable, "-S", "-c", call], check=True)
    """
    profile = recorded(
        tmp_path,
        monkeypatch,
        "-c",
        "import starts",
        starts=starts,
        within="import os; os.getppid()",
    ).profile
    assert spent(profile, "within", "getppid")[1] == 1
    assert spent(profile, RUNNING, "starts", CHILDREN, "getppid")[1] == 1
    assert [each.name for each in profile.threads] == ["MainThread", "other threads"]


def test_imports_may_be_nested_deeper_than_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {f"m{n}": f"import m{n + 1}" for n in range(160)}
    words = ["-c", "import os, sys; sys.setrecursionlimit(9999); import m0; os.getppid()"]
    start = recorded(tmp_path, monkeypatch, *words, m160="import os; os.getppid()", **modules)
    assert start.status == 0
    assert spent(start.profile, RUNNING, "getppid")[1] == 1


ENDINGS = {
    "exit": ("raise SystemExit(3)", 3),
    "killed": ("import os; os.kill(os.getpid(), 9)", -9),
    "died": ("import os; os.abort()", -6),
    "interrupt": ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -2),
}


@pytest.mark.parametrize(("code", "status"), ENDINGS.values(), ids=ENDINGS)
def test_a_program_ends_as_it_does_alone(
    code: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = recorded(tmp_path, monkeypatch, "-c", code)
    assert start.status == status
    assert spent(start.profile, RUNNING)[0] > 0


SIGNALS = """
import os, signal, time
seen = []
for each in (signal.SIGTRAP, signal.SIGUSR1, signal.SIGALRM):
    signal.signal(each, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), each)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for _ in range(40):
    import decimal, sys
    for name in [each for each in sys.modules if "decimal" in each]: del sys.modules[name]
signal.setitimer(signal.ITIMER_REAL, 0)
raise SystemExit(0 if {5, 10, 14} == set(seen) else 1)
"""


def test_signals_reach_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counting.run([sys.executable, "-c", SIGNALS], plain()).status == 0


def test_a_program_that_stops_itself_can_be_sent_on(tmp_path: Path) -> None:
    code = (
        "import os, signal, subprocess\n"
        "me = os.getpid()\n"
        "other = subprocess.Popen(['sh', '-c', f'while kill -0 {me}; do kill -CONT {me}; done'],"
        " stderr=subprocess.DEVNULL)\n"
        "os.kill(me, signal.SIGSTOP)\n"
        "other.kill(); other.wait()"
    )
    assert counting.run([sys.executable, "-c", code], plain()).status == 0


def test_many_threads_that_import_are_told_apart() -> None:
    code = (
        "import threading\n"
        "names = 'json decimal sqlite3 email.message http.client asyncio csv zipfile'.split()\n"
        "all = [threading.Thread(target=__import__, args=[each]) for each in names]\n"
        "for each in all: each.start()\n"
        "for each in all: each.join()"
    )
    counted = counting.run([sys.executable, "-c", code], plain())
    assert counted.status == 0
    kinds = Counter(each.kind for each in counted.events)
    assert kinds[2] == kinds[3] > 100  # every import that began has ended


def test_other_children_of_ours_are_let_alone() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        ended = subprocess.Popen(["true"])
        assert counting.run([sys.executable, "-c", "pass"], plain()).status == 0
        assert other.poll() is None
        assert ended.wait() == 0


def test_the_program_s_own_handling_of_interrupts_is_left(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    from wadjet.observe.startup.recording import record

    assert record(["-c", "pass"], calls=False).status == 0
    assert signal.getsignal(signal.SIGINT) is handler
