"""Whoever else looks into the interpreter: debuggers, tracers, fault handlers, greenlets."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.observe.sampling.runs import CPU, WALL, python, recorded, selves, stacks, weight

from wadjet.observe.sampling.diagnosis import diagnose

COMPILER = os.environ.get("CC", "cc")
FAST = ["--rate", "5000", "--wall-rate", "1000"]


def test_the_recorders_thread_is_in_the_interpreter_once_recording_has_begun(
    tmp_path: Path,
) -> None:
    """Later, it could take its state from an allocator that the interpreter exchanges."""
    program = """
import ctypes
from wadjet.observe.sampling import _sampling
api = ctypes.pythonapi
first, after = api.PyInterpreterState_ThreadHead, api.PyThreadState_Next
api.PyInterpreterState_Get.restype = first.restype = after.restype = ctypes.c_void_p
first.argtypes = after.argtypes = [ctypes.c_void_p]
home = api.PyInterpreterState_Get()
def states():
    found = [first(home)]
    while found[-1]:
        found.append(after(found[-1]))
    return len(found) - 1
before = states()
_sampling.start(
    cpu_period=0, wall_period=10_000_000, native=False, perf=False,
    capacity=1 << 20, hidden=0, collector=0,
)
print(states() - before)
_sampling.stop()
"""
    assert python(["-c", program], folder=tmp_path).out == "1\n"


@pytest.mark.skipif(not shutil.which(COMPILER), reason="needs a C compiler")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers preload their own")
def test_a_handler_in_a_thread_that_python_has_done_with_is_waited_for(tmp_path: Path) -> None:
    library = tmp_path / "linger.so"
    source = Path(__file__).parents[2] / "ext" / "linger.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    program = f"""
import ctypes, threading, time, wadjet
library = ctypes.CDLL({str(library)!r})
def work():
    end = time.monotonic() + 0.05
    while time.monotonic() < end: pass
    library.linger()
with wadjet.sample():
    time.sleep(0.05)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    time.sleep(0.05)
time.sleep(0.5)
print("done")
"""
    ending = python(["-c", program], folder=tmp_path, env={"LD_PRELOAD": str(library)})
    assert (ending.status, ending.out, ending.err) == (0, "done\n", "")


@pytest.mark.parametrize("tracer", ["settrace", "setprofile"])
def test_a_tracer_sees_the_same_events(tracer: str, tmp_path: Path) -> None:
    program = f"""
import sys, threading
seen = []
def tracer(frame, event, argument):
    seen.append((frame.f_code.co_name, event))
    return tracer
def inner(n): return sum(range(n))
def outer():
    for n in range(2_000): inner(n % 50)
threading.{tracer}(tracer)
sys.{tracer}(tracer)
outer()
sys.{tracer}(None)
print(len(seen), seen[:20], seen[-20:])
"""
    expected = python(["-c", program], folder=tmp_path)
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.out, run.err) == (0, expected.out, expected.err)


def test_cprofile_counts_the_same_calls(tmp_path: Path) -> None:
    program = """
import cProfile, pstats
def inner(): pass
def outer():
    for _ in range(10_000): inner()
profile = cProfile.Profile()
profile.runcall(outer)
counts = {key[2]: value[0] for key, value in pstats.Stats(profile).stats.items()}
print(sorted(counts.items()))
"""
    expected = python(["-c", program], folder=tmp_path)
    assert recorded(["-c", program], folder=tmp_path, flags=FAST).out == expected.out


@pytest.mark.skipif(not shutil.which(COMPILER), reason="needs a C compiler")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers preload their own")
def test_a_signal_is_never_taken_by_a_thread_of_ours(tmp_path: Path) -> None:
    library = tmp_path / "unmasked.so"
    source = Path(__file__).parents[2] / "ext" / "unmasked.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    program = """
import os, signal
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending())
"""
    run = recorded(["-c", program], folder=tmp_path, env={"LD_PRELOAD": str(library)})
    assert run.out == "{<Signals.SIGUSR1: 10>}\n"


def test_the_fault_handler_tells_of_faults_as_ever(tmp_path: Path) -> None:
    program = "import ctypes\ndef crash(): ctypes.string_at(0)\ncrash()"
    words = ["-X", "faulthandler", "-c", program]
    expected = python(words, folder=tmp_path)
    run = recorded(["-c", program], folder=tmp_path, flags=["--python", "-X faulthandler", *FAST])
    assert run.status == expected.status

    def trace(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith(("Fatal", "  File"))]

    assert trace(run.err) == trace(expected.err)
    assert trace(run.err)


def test_the_fault_handler_dumps_on_signals_and_later(tmp_path: Path) -> None:
    program = """
import faulthandler, os, signal, sys, time
faulthandler.register(signal.SIGUSR1, all_threads=False, file=sys.stdout)
faulthandler.dump_traceback_later(0.1, file=sys.stdout)
def work():
    os.kill(os.getpid(), signal.SIGUSR1)
    end = time.monotonic() + 0.3
    while time.monotonic() < end: pass
work()
sys.stdout.flush()
print("done")
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.err) == (0, "")
    assert run.out.count(" in work") == 2
    assert "Timeout" in run.out
    assert run.out.endswith("done\n")


def test_the_interpreters_own_lists_of_frames_show_the_programs_threads_only(
    tmp_path: Path,
) -> None:
    program = """
import sys, threading, _thread
print(len(sys._current_frames()), threading.active_count(), _thread._count())
"""
    expected = python(["-c", program], folder=tmp_path)
    assert recorded(["-c", program], folder=tmp_path, flags=FAST).out == expected.out


def test_tracemalloc_counts_the_programs_memory_only(tmp_path: Path) -> None:
    program = """
import tracemalloc
tracemalloc.start()
kept = [bytearray(1000) for _ in range(1000)]
size, _ = tracemalloc.get_traced_memory()
print(1_000_000 < size < 1_400_000)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.out) == (0, "True\n")


def test_subinterpreters_come_and_go(tmp_path: Path) -> None:
    program = """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
for _ in range(5):
    number = interpreters.create()
    interpreters.run_string(number, "sum(i * i for i in range(300_000))")
    interpreters.destroy(number)
def after():
    for _ in range(3_000_000): pass
after()
print("done")
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.out) == (0, "done\n"), run.err
    assert selves(run.profile, CPU)["after"] > 20e6


def test_a_thread_that_blocks_every_signal_is_missed_by_the_cpu_clock_and_told_of(
    tmp_path: Path,
) -> None:
    program = """
import signal, threading
def deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for _ in range(30_000_000): pass
thread = threading.Thread(target=deaf, name="deaf")
thread.start()
thread.join()
print(signal.sigpending())
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.out) == (0, "set()\n")
    profile = run.profile
    (deaf,) = [n for n, each in enumerate(profile.threads) if each.name == "deaf"]
    assert profile.threads[deaf].cpu > 0.15e9
    assert weight(profile, WALL, deaf) > 0.15e9
    assert "unattributed-cpu" in {each.rule for each in diagnose(profile)}


def test_greenlets_switch_without_harm_and_show_their_own_stacks(tmp_path: Path) -> None:
    pytest.importorskip("greenlet", reason="greenlet has no wheel here")
    program = """
from greenlet import greenlet
def spin(n):
    for _ in range(n): pass
def ping():
    for _ in range(3_000):
        spin(200)
        second.switch()
def pong():
    while True:
        spin(200)
        first.switch()
def deep(n, work):
    if n: deep(n - 1, work)
    else: work()
first = greenlet(lambda: deep(20, ping))
second = greenlet(lambda: deep(40, pong))
first.switch()
print("done")
"""
    run = recorded(["-c", program], folder=tmp_path, flags=["--rate", "10000"])
    assert (run.status, run.out, run.err) == (0, "done\n", "")
    for stack, _ in stacks(run.profile, CPU):
        assert not {"ping", "pong"} <= set(stack)
        if stack[-2:-1] in {("ping",), ("pong",)}:
            assert stack.count("deep") == (21 if "ping" in stack else 41)


def test_asyncio_programs_with_threads_and_children_end_as_ever(tmp_path: Path) -> None:
    program = """
import asyncio, sys
def blocking(n): return sum(range(n))
async def main():
    loop = asyncio.get_running_loop()
    jobs = [loop.run_in_executor(None, blocking, 100_000) for _ in range(20)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print('child')", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    print(out, len(await asyncio.gather(*jobs)))
    try:
        async with asyncio.timeout(0.05): await asyncio.sleep(10)
    except TimeoutError: print("timeout")
asyncio.run(main(), debug=True)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.out) == (0, "b'child\\n' 20\ntimeout\n"), run.err


CHURN = """
import os, random, sys, threading, warnings
warnings.simplefilter("ignore") # a fork beside threads is what this is about
chance = random.Random(7)
def down(n):
    if n == 0: raise ValueError(n)
    try: return down(n - 1)
    finally: n += 1
def work(seed):
    for _ in range(10):
        try: down(seed % 60)
        except ValueError: pass
        list(x for x in range(seed % 30))
for round in range(60):
    threads = [threading.Thread(target=work, args=[chance.randrange(1000)]) for _ in range(20)]
    for thread in threads: thread.start()
    if round % 12 == 0:
        child = os.fork()
        if child == 0:
            work(50)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    for thread in threads: thread.join()
print("done")
"""


@pytest.mark.parametrize("flags", [[], ["--native"], ["--children"], ["--no-perf"]], ids=" ".join)
def test_threads_that_come_and_go_with_forks_among_them_do_no_harm(
    flags: list[str], tmp_path: Path
) -> None:
    fast = ["--rate", "10000", "--wall-rate", "10000"]
    run = recorded(["-c", CHURN], folder=tmp_path, flags=[*fast, *flags])
    assert (run.status, run.out, run.err) == (0, "done\n", "")
    assert run.profile.about["complete"] is True
