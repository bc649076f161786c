"""Processes that a program starts: left alone, or recorded as processes of their own."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.observe.sampling.runs import CPU, Run, python, recorded, weight, written

SPENT = 0.06
"""Seconds of CPU time that each thread below uses."""

WORKERS = f"""
import multiprocessing, os, sys, threading, time
def burn():
    end = time.thread_time() + {SPENT}
    while time.thread_time() < end: pass
def work(number):
    thread = threading.Thread(target=burn, name=f"inner-{{number}}")
    thread.start()
    burn()
    thread.join()
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    children = [context.Process(target=work, args=[i]) for i in range(2)]
    for child in children: child.start()
    for child in children: child.join()
    print([child.exitcode for child in children])
    print({{"WADJET_AGENT"}} & set(os.environ))
"""


def spent(run: Run, name: str) -> list[float]:
    """Seconds of CPU in the samples of each thread of that name."""
    profile = run.profile
    return [
        weight(profile, CPU, number) / 1e9
        for number, thread in enumerate(profile.threads)
        if thread.name == name
    ]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_run_as_ever_and_are_not_recorded_unless_asked(method: str, tmp_path: Path) -> None:
    script = written(tmp_path, WORKERS)
    run = recorded([script, method], folder=tmp_path)
    assert (run.status, run.out, run.err) == (0, "[0, 0]\nset()\n", "")
    assert len(run.profile.processes) == 1


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_are_recorded_as_processes_with_threads_of_their_own(
    method: str, tmp_path: Path
) -> None:
    script = written(tmp_path, WORKERS)
    run = recorded([script, method], folder=tmp_path, flags=["--children"])
    assert (run.status, run.err) == (0, "")
    profile = run.profile
    for number in range(2):
        (thread,) = [each for each in profile.threads if each.name == f"inner-{number}"]
        assert thread.process != 0
        (used,) = spent(run, thread.name)
        assert SPENT / 2 < used < SPENT * 1.5
    pids = {each.pid for each in profile.processes}
    assert all(each.parent in pids for each in profile.processes[1:])
    assert profile.processes[0].status == 0


def test_python_programs_that_it_starts_are_recorded_too(tmp_path: Path) -> None:
    program = f"""
import subprocess, sys, time
burn = "import time\\nend = time.thread_time() + {SPENT}\\nwhile time.thread_time() < end: pass"
print(subprocess.run([sys.executable, "-c", burn]).returncode, flush=True)
subprocess.run(["true"], check=True)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"])
    assert run.out == "0\n"
    first, second = run.profile.processes
    assert (second.parent, "thread_time" in second.command) == (first.pid, True)
    assert max(spent(run, "MainThread")) > SPENT / 2


def test_a_forked_child_is_recorded_from_its_fork_on(tmp_path: Path) -> None:
    program = f"""
import os, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
def in_parent(): burn(3 * {SPENT})
def in_child(): burn({SPENT})
in_parent()
child = os.fork()
if child == 0:
    in_child()
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"])
    assert run.out == "3\n"
    parent, child = (number for number, _ in enumerate(run.profile.threads))
    assert weight(run.profile, CPU, parent) / 1e9 > 2.5 * SPENT
    assert SPENT / 2 < weight(run.profile, CPU, child) / 1e9 < 1.5 * SPENT


def test_a_program_that_becomes_another_is_two_processes_of_one_number(tmp_path: Path) -> None:
    program = "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'exit(7)'])"
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"])
    assert run.status == 7
    first, second = run.profile.processes
    assert first.pid == second.pid
    assert (first.status, second.status) == (None, 7)
    assert first.ended <= second.ended


def test_a_forked_child_that_nobody_follows_writes_nothing(tmp_path: Path) -> None:
    program = """
import os
def only_in_child():
    for _ in range(2_000_000): pass
if os.fork() == 0:
    only_in_child()
    os._exit(0)
os.wait()
"""
    run = recorded(["-c", program], folder=tmp_path)
    assert "only_in_child" not in {each.name for each in run.profile.tree.functions}


def test_many_forks_from_many_threads_never_hang(tmp_path: Path) -> None:
    program = """
import os, threading
def fork():
    for _ in range(15):
        child = os.fork()
        if child == 0: os._exit(0)
        os.waitpid(child, 0)
threads = [threading.Thread(target=fork) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done")
"""
    flags = ["--rate", "10000", "--wall-rate", "5000"]
    run = recorded(["-c", program], folder=tmp_path, flags=flags)
    assert (run.status, run.out) == (0, "done\n")


def test_a_child_that_outlives_the_program_keeps_nobody_waiting(tmp_path: Path) -> None:
    program = """
import os, signal
ready, tell = os.pipe()
if os.fork() == 0:
    os.close(1); os.close(2)
    os.write(tell, b"x")
    signal.alarm(30)
    while True: pass
os.read(ready, 1)
with open("child", "w") as file:
    file.write(open("/proc/thread-self/children").read())
"""
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"])
    assert run.status == 0
    assert len(run.profile.processes) == 2
    for pid in (tmp_path / "child").read_text().split():
        os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("flags", [[], ["--children"]], ids=["alone", "children"])
def test_children_that_want_no_site_or_environment_run_as_ever(
    flags: list[str], tmp_path: Path
) -> None:
    program = """
import subprocess, sys
for options in (["-I"], ["-S"], ["-E"], ["-s"]):
    words = [sys.executable, *options, "-c", "print('fine')"]
    done = subprocess.run(words, capture_output=True, text=True)
    print(done.returncode, done.stdout, done.stderr)
"""
    expected = python(["-c", program], folder=tmp_path)
    run = recorded(["-c", program], folder=tmp_path, flags=flags)
    assert (run.status, run.out, run.err) == (expected.status, expected.out, expected.err)


OTHERS = [each for n in range(8, 16) if (each := shutil.which(f"python3.{n}"))]


@pytest.mark.skipif(not OTHERS, reason="no other Python is here")
def test_a_child_of_another_python_runs_as_ever_and_says_that_it_is_not_recorded(
    tmp_path: Path,
) -> None:
    written(tmp_path, "print('own customization')", "own/sitecustomize.py")
    program = f"""
import subprocess
for python in {OTHERS!r}:
    ask = [python, "-c", "import sys; print(sys.version_info[:2])"]
    done = subprocess.run(ask, capture_output=True, text=True)
    print([python, done.returncode, done.stdout, done.stderr])
"""
    env = {"PYTHONPATH": str(tmp_path / "own")}
    expected = python(["-c", program], folder=tmp_path, env=env)
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"], env=env, python=["-E"])
    for before, after in zip(told(expected.out), told(run.out), strict=True):
        assert after[:3] == before[:3]
        if before[1] == 0 and not before[2].endswith(f"{sys.version_info[:2]}\n"):
            assert re.fullmatch(r"wadjet: process \d+ is not recorded \(it is .*\)\n", after[3])


def told(text: str) -> list[Any]:
    return [ast.literal_eval(line) for line in text.splitlines() if line.startswith("[")]


def test_a_fork_in_a_fork_is_recorded(tmp_path: Path) -> None:
    program = """
import os
def burn():
    for _ in range(1_000_000): pass
if os.fork() == 0:
    if os.fork() == 0:
        burn()
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
"""
    run = recorded(["-c", program], folder=tmp_path, flags=["--children"])
    first, second, third = run.profile.processes
    assert (second.parent, third.parent) == (first.pid, second.pid)
    assert sys.executable in first.command
