"""With ``--native`` every C function on the way to a request is named, the same way or another."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from tests.observe.memory.test_run import EXACT, SAMPLED, metric
from tests.observe.sampling.runs import Run, recorded, stacks

SOURCE = """
#include <stdlib.h>
void *grab(size_t size)
{ return malloc(size); }
void *left(size_t size)
{ return grab(size); }
void *right(size_t size)
{ return grab(size); }
void *deep(size_t size, int more) { return more ? deep(size, more - 1) : grab(size); }
"""

PROGRAM = """
import ctypes, sys
own = ctypes.CDLL("./libown.so")
for function in (own.left, own.right, own.deep):
    function.restype = ctypes.c_void_p
def ask():
    for turn in range(300):
        for function in (own.left, own.right):
            function(ctypes.c_size_t(1000))
        own.deep(ctypes.c_size_t(1000), turn % 3)
def python():
    return [bytes(1000) for _ in range(300)]
def back():
    return sorted(range(300), key=lambda number: own.left(ctypes.c_size_t(1000)) and number)
ask()
held = python()
back()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("natives")
    (folder / "own.c").write_text(SOURCE)
    words = ["-O0", "-g", "-shared", "-fPIC", "-o", "libown.so", "own.c"]
    subprocess.run([compiler, *words], cwd=folder, check=True, timeout=60)
    return folder


def ways(run: Run, function: str) -> Counter[tuple[str, ...]]:
    """How many bytes came by each way through our library."""
    assert run.status == 0, run.err
    found: Counter[tuple[str, ...]] = Counter()
    for stack, value in stacks(run.profile, metric(run.profile, "live")):
        if function in stack:
            names = ("grab", "left", "right", "deep")
            found[tuple(each for each in stack if each in names)] += value
    return found


def test_each_way_is_told_from_the_others_at_the_same_line(folder: Path) -> None:
    run = recorded(["-c", PROGRAM], folder=folder, flags=[*EXACT, "--native"])
    found = ways(run, "ask")
    expected = {
        ("left", "grab"): 300_000,
        ("right", "grab"): 300_000,
        ("deep", "grab"): 100_000,
        ("deep", "deep", "grab"): 100_000,
        ("deep", "deep", "deep", "grab"): 100_000,
    }
    assert {way: found[way] for way in expected} == expected, found


def test_functions_between_two_evaluations_are_the_inner_ones(folder: Path) -> None:
    run = recorded(["-c", PROGRAM], folder=folder, flags=[*EXACT, "--native"])
    assert ways(run, "back")["left", "grab"] == 300_000
    assert ways(run, "python").keys() <= {()}, "Python asked for these by itself"
    assert ways(run, "python").total() > 300_000


def test_without_the_option_only_the_function_that_asks_is_told(folder: Path) -> None:
    run = recorded(["-c", PROGRAM], folder=folder, flags=EXACT)
    assert ways(run, "ask")[("grab",)] == 900_000


def test_sampled_requests_have_their_functions_too(folder: Path) -> None:
    program = PROGRAM.replace("c_size_t(1000)", "c_size_t(100_000)")
    run = recorded(["-c", program], folder=folder, flags=[*SAMPLED, "--native"])
    found = ways(run, "ask")
    for way in (("left", "grab"), ("right", "grab")):
        assert abs(found[way] - 30_000_000) < 15_000_000


def test_functions_that_a_thread_without_python_calls_are_told(folder: Path) -> None:
    program = """
import ctypes, threading
own, libc = ctypes.CDLL("./libown.so"), ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, own.left, ctypes.c_void_p(5_000_000))
libc.pthread_join(thread, None)
"""
    run = recorded(["-c", program], folder=folder, flags=[*EXACT, "--native"])
    live = stacks(run.profile, metric(run.profile, "live"))
    assert sum(value for stack, value in live if stack[-2:] == ("left", "grab")) == 5_000_000
