"""What a thread was doing, and who kept the GIL from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.observe.sampling.runs import CPU, WALL, Run, recorded, states

from wadjet.model.profile import State

FLAGS = ["--wall-rate", "1000"]
START = """
import hashlib, os, queue, select, socket, subprocess, sys, threading, time, zlib
def run(*functions):
    threads = [threading.Thread(target=each, name=each.__name__) for each in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def part(found: Counter[State], *wanted: State) -> float:
    """The part of the time that was spent in those states."""
    assert found.total() > 0.02e9, "too little was seen of it"
    return sum(found[each] for each in wanted) / found.total()


WAITS = {
    "sleep": "time.sleep(0.3)",
    "lock": "lock.acquire(timeout=0.3)",
    "event": "threading.Event().wait(0.3)",
    "queue": "\n    try: queue.Queue().get(timeout=0.3)\n    except queue.Empty: pass",
    "select": "select.select([], [], [], 0.3)",
    "poll": "select.poll().poll(300)",
    "pipe": "os.read(ends[0], 1)",
    "child": "subprocess.run(['sleep', '0.3'])",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_thread_that_waits_is_blocked(wait: str, tmp_path: Path) -> None:
    program = (
        START
        + f"""
lock = threading.Lock(); lock.acquire()
ends = os.pipe()
threading.Timer(0.3, os.write, [ends[1], b"x"]).start()
def waiter(): {wait}
run(waiter)
"""
    )
    found = states(recorded(["-c", program], folder=tmp_path, flags=FLAGS).profile, "waiter")
    del found[State.RUNNABLE]  # how long for a core depends on who else runs
    assert part(found, State.BLOCKED) > 0.8


NATIVE = {
    "zlib": "zlib.compress(data, 9)",
    "crc32": "zlib.crc32(data)",
    "sha512": "hashlib.sha512(data).digest()",
}


@pytest.mark.parametrize("work", NATIVE.values(), ids=NATIVE)
def test_a_thread_in_c_code_without_the_gil_runs_native_code(work: str, tmp_path: Path) -> None:
    program = (
        START
        + f"""
data = os.urandom(1 << 20)
def native():
    end = time.thread_time() + 0.3
    while time.thread_time() < end: {work}
run(native)
"""
    )
    profile = recorded(["-c", program], folder=tmp_path, flags=FLAGS).profile
    found = states(profile, "native")
    assert part(found, State.RUN_NATIVE, State.RUNNABLE) > 0.8
    assert found[State.RUN_NATIVE] > found[State.RUN_GIL]


def test_a_thread_that_runs_python_has_the_gil(tmp_path: Path) -> None:
    program = START + "def pure():\n for _ in range(10_000_000): pass\nrun(pure)"
    run = recorded(["-c", program], folder=tmp_path, flags=FLAGS)
    found = states(run.profile, "pure")
    assert part(found, State.RUN_GIL, State.RUNNABLE) > 0.9
    assert found[State.RUN_GIL] > 10 * found[State.RUN_NATIVE]


def test_of_two_threads_that_run_python_one_waits_for_the_other(tmp_path: Path) -> None:
    program = (
        START
        + """
def one():
    for _ in range(10_000_000): pass
def other():
    for _ in range(10_000_000): pass
run(one, other)
"""
    )
    run = recorded(["-c", program], folder=tmp_path, flags=FLAGS)
    for name in ("one", "other"):
        found = states(run.profile, name)
        del found[State.RUNNABLE]  # how long for a core depends on who else runs
        # each waits half of the time while both live, and neither waits for anything else
        assert part(found, State.WAIT_GIL) > 0.25, found
        assert part(found, State.BLOCKED) < 0.1, found
    assert holders(run, "one")["other"] > 0.9
    assert holders(run, "other")["one"] > 0.9


def holders(run: Run, name: str) -> dict[str, float]:
    """Who had the GIL while the thread of that name waited for it, by parts of the known."""
    profile, found = run.profile, Counter[str]()
    rows = profile.samples
    for i, value in enumerate(rows.values[WALL]):
        waiting = rows.state[i] == State.WAIT_GIL and rows.holder[i] >= 0
        if value and waiting and profile.threads[rows.thread[i]].name == name:
            found[profile.threads[rows.holder[i]].name] += 1
    return {each: count / found.total() for each, count in found.items()}


def test_who_keeps_the_gil_in_c_code_is_named(tmp_path: Path) -> None:
    """A thread in C code that never lets go of the GIL: no switch, however long it takes."""
    program = (
        START
        + """
numbers = list(range(3_000_000))
done = threading.Event()
def hog():
    end = time.thread_time() + 0.4
    while time.thread_time() < end: sum(numbers)
    done.set()
def victim():
    while not done.is_set(): pass
run(hog, victim)
"""
    )
    run = recorded(["-c", program], folder=tmp_path, flags=FLAGS)
    found = states(run.profile, "victim")
    del found[State.RUNNABLE]  # how long for a core depends on who else runs
    assert part(found, State.WAIT_GIL) > 0.5
    assert holders(run, "victim")["hog"] > 0.9


def test_cpu_samples_tell_python_from_native_code(tmp_path: Path) -> None:
    program = (
        START
        + """
data = os.urandom(1 << 20)
def mixed():
    for _ in range(4_000_000): pass
    for _ in range(12): zlib.compress(data, 9)
run(mixed)
"""
    )
    profile = recorded(["-c", program], folder=tmp_path).profile
    rows = profile.samples
    seen = Counter(rows.state[i] for i, value in enumerate(rows.values[CPU]) if value)
    assert set(seen) == {State.RUN_GIL, State.RUN_NATIVE}
    for i, value in enumerate(rows.values[CPU]):
        if value and rows.state[i] == State.RUN_GIL:
            assert rows.holder[i] == rows.thread[i]


def test_time_asleep_is_no_cpu_time(tmp_path: Path) -> None:
    program = START + "def sleeper(): time.sleep(0.5)\nrun(sleeper)"
    profile = recorded(["-c", program], folder=tmp_path).profile
    (sleeper,) = [n for n, each in enumerate(profile.threads) if each.name == "sleeper"]
    rows = profile.samples
    used = sum(v for v, t in zip(rows.values[CPU], rows.thread, strict=True) if t == sleeper)
    assert used < 20e6
    lived = sum(v for v, t in zip(rows.values[WALL], rows.thread, strict=True) if t == sleeper)
    assert lived > 0.4e9
