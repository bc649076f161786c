"""Stacks of every kind of Python code, and threads of every length and number."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.observe.sampling.runs import CPU, WALL, recorded, shares, stacks, states, weight, written

from wadjet.model.profile import Profile, State

FAST = ["--rate", "5000"]


def deepest(profile: Profile, leaf: str) -> tuple[str, ...]:
    """The stack with most CPU time that ends in that function."""
    found: dict[tuple[str, ...], int] = {}
    for stack, value in stacks(profile, CPU):
        if stack and stack[-1] == leaf:
            found[stack] = found.get(stack, 0) + value
    assert found, f"{leaf} was never seen"
    return max(found, key=found.__getitem__)


BURN = "def burn(n=3_000_000):\n    for _ in range(n): pass\n"
KINDS = {
    "generators": (
        """
def inner():
    burn()
    yield 1
def outer():
    yield from inner()
def main(): list(outer())
main()
""",
        ("<module>", "main", "outer", "inner", "burn"),
    ),
    "coroutines": (
        """
import asyncio
async def inner():
    await asyncio.sleep(0)
    burn()
async def outer(): await inner()
asyncio.run(outer())
""",
        ("outer", "inner", "burn"),
    ),
    "asynchronous generators": (
        """
import asyncio
async def numbers():
    for number in range(2):
        burn()
        yield number
async def main(): return [each async for each in numbers()]
asyncio.run(main())
""",
        ("numbers", "burn"),
    ),
    "methods of nested classes": (
        """
class Outer:
    class Inner:
        def method(self): burn()
        @property
        def attribute(self): self.method()
Outer.Inner().attribute
""",
        ("<module>", "Outer.Inner.attribute", "Outer.Inner.method", "burn"),
    ),
    "lambdas and closures": (
        """
def make():
    def closure(work): work()
    return closure
make()(lambda: burn())
""",
        ("<module>", "make.<locals>.closure", "<lambda>", "burn"),
    ),
    "exec and eval": (
        "exec('def made():\\n    eval(\"burn()\")\\nmade()')",
        ("<module>", "<module>", "made", "<module>", "burn"),
    ),
    "callbacks from C": (
        "def key(x):\n    burn()\n    return x\nsorted([1], key=key)",
        ("<module>", "key", "burn"),
    ),
    "class bodies": ("class Body:\n    burn()", ("<module>", "Body", "burn")),
    "decorators and context managers": (
        """
import contextlib, functools
@contextlib.contextmanager
def managed():
    burn()
    yield
def decorate(function):
    @functools.wraps(function)
    def wrapper(): return function()
    return wrapper
@decorate
def work():
    with managed(): pass
work()
""",
        ("<module>", "decorate.<locals>.wrapper", "work", "_GeneratorContextManager.__enter__",
         "managed", "burn"),
    ),
    "exceptions in flight": (
        """
def fail():
    try: raise ValueError
    finally: burn()
def main():
    try: fail()
    except ValueError: pass
main()
""",
        ("<module>", "main", "fail", "burn"),
    ),
    "finalizers": (
        "class Dying:\n    def __del__(self): burn()\ndef main(): Dying()\nmain()",
        ("<module>", "main", "Dying.__del__", "burn"),
    ),
    "names beyond ASCII": (
        "def größe(): burn()\ndef 度(): größe()\n度()",
        ("<module>", "度", "größe", "burn"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("program", "expected"), KINDS.values(), ids=KINDS)
def test_the_stack_is_the_calls_that_were_made(
    program: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    script = written(tmp_path, BURN + program)
    found = deepest(recorded([script], folder=tmp_path, flags=FAST).profile, "burn")
    assert found[-len(expected) :] == expected
    assert expected[0] != "<module>" or found == expected


def test_deep_recursion_is_kept_up_to_the_promised_depth_and_says_when_it_is_cut(
    tmp_path: Path,
) -> None:
    program = (
        BURN
        + """
import sys
sys.setrecursionlimit(25_000)
def down(n):
    if n: return down(n - 1)
    burn()
down(5_000)
down(20_000)
"""
    )
    profile = recorded(["-c", program], folder=tmp_path).profile
    found = {(len(stack), stack[0]) for stack, _ in stacks(profile, CPU) if stack[-1:] == ("burn",)}
    assert found == {(5003, "<module>"), (8193, "<deeper frames>")}
    walls = {len(stack) for stack, _ in stacks(profile, WALL) if stack[-1:] == ("burn",)}
    assert walls <= {5003, 8193}


def test_a_thousand_threads_are_each_seen(tmp_path: Path) -> None:
    program = """
import threading
done = threading.Barrier(1001)
def wait_for_it(): done.wait()
threads = [threading.Thread(target=wait_for_it, name=f"t{i}") for i in range(1000)]
for thread in threads: thread.start()
import time
time.sleep(2)
done.wait()
for thread in threads: thread.join()
"""
    profile = recorded(["-c", program], folder=tmp_path).profile
    names = {each.name for each in profile.threads}
    assert {f"t{i}" for i in range(1000)} <= names
    rows = profile.samples
    assert len(set(rows.thread)) == 1001
    blocked = sum(v for i, v in enumerate(rows.values[WALL]) if rows.state[i] == State.BLOCKED)
    assert blocked > 0.5 * sum(rows.values[WALL])


def test_threads_shorter_than_a_tick_do_no_harm_and_long_ones_stay_right(tmp_path: Path) -> None:
    program = (
        BURN
        + """
import threading
def steady(): burn(15_000_000)
thread = threading.Thread(target=steady, name="steady")
thread.start()
while thread.is_alive():
    short = [threading.Thread(target=len, args=["x"], name="short") for _ in range(5)]
    for each in short: each.start()
    for each in short: each.join()
"""
    )
    profile = recorded(["-c", program], folder=tmp_path, flags=FAST).profile
    (steady,) = [n for n, each in enumerate(profile.threads) if each.name == "steady"]
    used = profile.threads[steady].cpu
    assert abs(weight(profile, CPU, steady) - used) < 0.05 * used
    own = [stack for stack, _ in stacks(profile, CPU) if stack[-2:] == ("steady", "burn")]
    assert {stack[:2] for stack in own} == {("Thread._bootstrap", "Thread._bootstrap_inner")}
    ends = [each for each in profile.threads if each.ended and each.ended < each.started]
    assert not ends


def test_threads_of_a_few_milliseconds_are_each_found_and_named(tmp_path: Path) -> None:
    program = """
import os, threading, time
def brief():
    end = time.thread_time() + 0.005
    while time.thread_time() < end: pass
for number in range(50):
    group = [threading.Thread(target=brief, name=f"{number}-{each}") for each in range(4)]
    for each in group: each.start()
    for each in group: each.join()
print([each.name for each in threading.enumerate()], isinstance(threading._active, dict))
time.sleep(0.05)
print(sum("perf_event" in os.readlink(f"/proc/self/fd/{each}") for each in fds()) <= 1)
"""
    fds = """
import os
def fds():
    with os.scandir("/proc/self/fd") as entries:
        found = [entry.name for entry in entries]
    return [each for each in found if os.path.lexists(f"/proc/self/fd/{each}")]
"""
    started = {f"{number}-{each}" for number in range(50) for each in range(4)}
    for turn in range(3):  # a loaded machine looks late, but not each time
        (folder := tmp_path / str(turn)).mkdir()
        run = recorded(["-c", fds + program], folder=folder)
        assert (run.out, run.err) == ("['MainThread'] True\nTrue\n", "")
        names = [each.name for each in run.profile.threads]
        assert len(names) == len(set(names))
        for each in run.profile.threads:
            assert each.started <= each.ended
            assert each.name == "MainThread" or each.cpu < 0.05e9
        if len(started & set(names)) >= 150:
            return
    pytest.fail(f"{len(started & set(names))} of 200 threads were found")


@pytest.mark.parametrize("how", ["at the start", "later", "by the thread itself"])
def test_a_thread_has_the_name_that_it_was_given_last(how: str, tmp_path: Path) -> None:
    program = f"""
import threading, time
how = {how!r}
def work():
    if how == "by the thread itself": threading.current_thread().name = "proper"
    time.sleep(0.5 if how == "at the start" else 1.6)  # names are asked for each second
thread = threading.Thread(target=work, name="proper" if how == "at the start" else "temporary")
thread.start()
time.sleep(0.1)
if how == "later": thread.name = "proper"
thread.join()
"""
    profile = recorded(["-c", program], folder=tmp_path).profile
    assert sorted(each.name for each in profile.threads) == ["MainThread", "proper"]
    assert states(profile, "proper")[State.BLOCKED] > 0.3e9


def test_threads_that_python_did_not_make_are_seen_while_they_run_python(tmp_path: Path) -> None:
    program = """
import _thread, time
done = _thread.allocate_lock(); done.acquire()
def nameless():
    for _ in range(4_000_000): pass
    done.release()
_thread.start_new_thread(nameless, ())
done.acquire()
"""
    profile = recorded(["-c", program], folder=tmp_path, flags=FAST).profile
    found = {stack for stack, _ in stacks(profile, CPU) if "nameless" in stack}
    assert found == {("nameless",)}


def test_many_code_objects_and_a_busy_collector_are_named_rightly(tmp_path: Path) -> None:
    program = """
import gc
gc.set_threshold(50, 2, 2)
kept = []
for number in range(3_000):
    space = {}
    exec(f"def made_{number}(n):\\n    for _ in range(n): [n]", space)
    space[f"made_{number}"](1_000)
    if number % 3 == 0: kept.append(space)
"""
    profile = recorded(["-c", program], folder=tmp_path, flags=["--rate", "10000"]).profile
    for stack, _ in stacks(profile, CPU):
        if not any(name.startswith("made_") for name in stack):
            continue  # the interpreter starts: modules that import modules
        assert stack.count("<module>") <= 2
        assert "<lost>" not in stack
    unknown = sum(v for stack, v in stacks(profile, CPU) if "<unknown>" in stack)
    assert unknown < 0.01 * sum(v for _, v in stacks(profile, CPU))


def test_functions_with_odd_names_and_files_spoil_no_recording(tmp_path: Path) -> None:
    program = """
def work(n):
    for _ in range(n): pass
odd = ["a\\0b", "\\ud800", "x" * 5000, "", "new\\nline", "\\u202e"]
for number, name in enumerate(odd):
    code = work.__code__.replace(co_name=name, co_qualname=name, co_filename=f"{name}.py")
    exec(code.replace(co_argcount=0, co_nlocals=2) if False else "pass")
    type(work)(code, {})(3_000_000)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=FAST)
    assert (run.status, run.err) == (0, "")
    names = set(shares(run.profile, CPU, ["new\nline", "\u202e"]).items())
    assert all(share > 0.2 for _, share in names)
