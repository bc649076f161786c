"""What a recording says is what the program measured of itself.

Bounds on shares: of n samples a share p is off by more than 4 * sqrt(p * (1 - p) / n) once
in 16,000 runs. At 2,000 samples and p = 0.5 that is 4.5 points; the CPU clock is far more
even than chance, so 3 points are asserted where there are 2,000 samples and more.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from tests.observe.sampling.runs import CPU, WALL, Run, recorded, selves, shares, stacks, weight

from wadjet.model.profile import Profile

COMPILER = os.environ.get("CC", "cc")
TIMED = """
import sys, threading, time
spent = {}
def timed(function, *arguments):
    before = time.thread_time()
    function(*arguments)
    spent[function.__name__] = spent.get(function.__name__, 0) + time.thread_time() - before
"""


def said(run: Run) -> Any:
    """What the program printed as its own measurement."""
    assert run.status == 0, run.err
    return ast.literal_eval(run.out)


def assert_split(run: Run, points: float = 3) -> None:
    """The CPU time is split over the functions as the program measured."""
    spent: dict[str, float] = said(run)
    whole = sum(spent.values())
    for name, share in shares(run.profile, CPU, list(spent)).items():
        assert abs(share - spent[name] / whole) * 100 < points, (name, share, spent)


SPLIT = (
    TIMED
    + """
def small():
    for _ in range(40_000): pass
def middle():
    x = 0
    for i in range(60_000): x += i * i
def large():
    total = {}
    for i in range(90_000): total[i % 7] = i
while sum(spent.values()) < float(sys.argv[1]):
    timed(small); timed(middle); timed(large)
print(spent)
"""
)


@pytest.mark.parametrize(
    ("flags", "seconds", "points"),
    [
        ([], 2.5, 3),
        (["--no-perf"], 2, 8),  # a timer ticks at the kernel's HZ: a few hundred samples
        (["--rate", "10000"], 0.5, 3),
    ],
    ids=["usual", "timer", "often"],
)
def test_cpu_time_is_split_over_functions_as_they_used_it(
    flags: list[str], seconds: float, points: float, tmp_path: Path
) -> None:
    assert_split(recorded(["-c", SPLIT, str(seconds)], folder=tmp_path, flags=flags), points)


def test_cpu_time_is_split_over_threads_that_contend_for_the_gil(tmp_path: Path) -> None:
    program = (
        TIMED
        + """
def burn(n):
    for _ in range(n): pass
functions = []
for number in range(8):
    space = {}
    exec(f"def work_{number}(n):\\n for _ in range(n): pass", space)
    functions.append(space[f"work_{number}"])
threads = [
    threading.Thread(target=timed, args=[function, 8_000_000 * (1 + number % 3)])
    for number, function in enumerate(functions)
]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(spent)
"""
    )
    assert_split(recorded(["-c", program], folder=tmp_path))


def test_a_hot_line_is_found(tmp_path: Path) -> None:
    program = """def work():
    total = 0
    for i in range(300_000):
        total += 1
        sum([1, 2, 3, 4, 5, 6, 7, 8, 9] * 40)
        total -= 1
"""
    (tmp_path / "lines.py").write_text(program + "work()\n")
    profile = recorded(["lines.py"], folder=tmp_path).profile
    tree = profile.tree
    by_line: Counter[int] = Counter()
    for node, value in zip(profile.samples.node, profile.samples.values[CPU], strict=True):
        if node >= 0 and tree.functions[tree.function_of(node)].name == "work":
            by_line[tree.line_of(node)] += value
    assert set(by_line) <= {1, 2, 3, 4, 5, 6}
    assert by_line[5] > 0.8 * sum(by_line.values())


def test_a_hundred_functions_that_come_and_go_are_each_named_rightly(tmp_path: Path) -> None:
    program = (
        TIMED
        + """
import gc
for number in range(100):
    space = {"timed": timed}
    source = f"def made_{number}():\\n    for _ in range(200_000): pass\\ntimed(made_{number})"
    exec(compile(source, f"made_{number}.py", "exec"), space)
    del space
    gc.collect(0)
print(spent)
"""
    )
    run = recorded(["-c", program], folder=tmp_path, flags=["--rate", "5000"])
    spent: dict[str, float] = said(run)
    profile = run.profile
    found = selves(profile, CPU)
    for name, seconds in spent.items():
        # 3 ms are about 15 samples; what one that comes late weighs may go to a neighbour
        assert seconds / 3 < found.get(name, 0) / 1e9 < seconds * 3, name
    for function in profile.tree.functions:
        if function.name.startswith("made_"):
            assert function.file == f"{function.name}.py"
    assert not {each.name for each in profile.tree.functions} & {"<lost>", "<unknown>"}


FLUTTER = """
import sys, time
DEPTH = int(sys.argv[1])
def leaf_a():
    x = 1
    return x
def leaf_b():
    x = 2
    return x
def hot_a():
    return leaf_a()
def hot_b():
    return leaf_b()
def down(n):
    if n: return down(n - 1)
    end = time.thread_time() + 0.5
    while time.thread_time() < end:
        for _ in range(500):
            hot_a()
            hot_b()
down(DEPTH)
"""


@pytest.mark.parametrize("depth", [1, 10, 60])
def test_a_program_that_flutters_between_two_chains_shows_no_third(
    depth: int, tmp_path: Path
) -> None:
    flags = ["--rate", "10000", "--wall-rate", "10000"]
    profile = recorded(["-c", FLUTTER, str(depth)], folder=tmp_path, flags=flags).profile
    base = ("<module>", *["down"] * (depth + 1))
    tails = {(), ("hot_a",), ("hot_b",), ("hot_a", "leaf_a"), ("hot_b", "leaf_b")}
    possible = {(*base, *tail) for tail in tails}
    start = {base[:length] for length in range(len(base))}
    for metric in (CPU, WALL):
        seen = [stack for stack, _ in stacks(profile, metric) if stack[:1] == base[:1]]
        assert sum(stack in possible for stack in seen) > (1000 if metric == CPU else 10)
        assert not {stack[depth:] for stack in seen if stack not in possible | start}


def sums(profile: Profile, metric: int) -> dict[str, tuple[int, int]]:
    """For each thread by name: what its samples weigh, and what it lived or used."""
    return {
        thread.name: (
            weight(profile, metric, number),
            thread.cpu if metric == CPU else thread.ended - thread.started,
        )
        for number, thread in enumerate(profile.threads)
    }


THREADS = """
import threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
threads = [
    threading.Thread(target=burn, args=[0.05 * n], name=f"burner-{n}") for n in range(1, 5)
] + [threading.Thread(target=time.sleep, args=[0.4], name="sleeper")]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
PERIODS = {"1000": 1e6, "5000": 2e5}


@pytest.mark.parametrize("rate", PERIODS)
def test_the_cpu_weights_of_a_thread_sum_up_to_the_cpu_time_it_used(
    rate: str, tmp_path: Path
) -> None:
    profile = recorded(["-c", THREADS], folder=tmp_path, flags=["--rate", rate]).profile
    for name, (found, used) in sums(profile, CPU).items():
        assert abs(found - used) <= 4 * PERIODS[rate] + 1e6, (name, found, used)
    for number in range(1, 5):
        found, _ = sums(profile, CPU)[f"burner-{number}"]
        assert abs(found / 1e9 - 0.05 * number) < 0.02


def test_the_wall_weights_of_a_thread_sum_up_to_its_life(tmp_path: Path) -> None:
    profile = recorded(["-c", THREADS], folder=tmp_path).profile
    for name, (found, lived) in sums(profile, WALL).items():
        assert found <= lived + 1e6, (name, found, lived)
        assert found >= 0.9 * lived - 4e7, (name, found, lived)


def test_samples_lie_within_the_lives_of_their_threads_and_in_order(tmp_path: Path) -> None:
    profile = recorded(["-c", THREADS], folder=tmp_path).profile
    rows = profile.samples
    assert list(rows.time) == sorted(rows.time)
    for when, number in zip(rows.time, rows.thread, strict=True):
        thread = profile.threads[number]
        assert thread.started <= when <= thread.ended
    assert all(value >= 0 for column in rows.values for value in column)


@pytest.mark.skipif(not shutil.which(COMPILER), reason="needs a C compiler")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers preload their own")
def test_the_name_of_one_function_never_goes_with_the_file_of_the_next(tmp_path: Path) -> None:
    library = tmp_path / "hesitate.so"
    source = Path(__file__).parents[2] / "ext" / "hesitate.c"
    least = f"-DLEAST={CodeType.__basicsize__}"
    words = [COMPILER, "-shared", "-fPIC", "-O1", least, "-o", str(library), str(source)]
    subprocess.run(words, check=True)
    program = """
import gc, time
def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end: pass
for number in range(100, 200):
    space = {"spin": spin}
    exec(compile(f"def made_{number}(): spin(0.002)", f"made_{number}.py", "exec"), space)
    space[f"made_{number}"]()
    del space
    gc.collect(0)
    others = [f"made_{number + 1}.py" for _ in range(60)]  # one of them where the name was
    spin(0.009)
"""
    flags = ["--rate", "0", "--wall-rate", "1000"]
    run = recorded(["-c", program], folder=tmp_path, flags=flags, env={"LD_PRELOAD": str(library)})
    functions = run.profile.tree.functions
    assert "spin" in {each.name for each in functions}
    made = [each for each in functions if each.name.startswith("made_")]
    assert [each.file for each in made] == [f"{each.name}.py" for each in made]


@pytest.mark.skipif(not shutil.which(COMPILER), reason="needs a C compiler")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers preload their own")
def test_a_thread_is_told_of_before_it_ticks(tmp_path: Path) -> None:
    library = tmp_path / "dawdle.so"
    source = Path(__file__).parents[2] / "ext" / "dawdle.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    run = recorded(["-c", THREADS], folder=tmp_path, env={"LD_PRELOAD": str(library)})
    for name, (found, lived) in sums(run.profile, WALL).items():
        assert found <= lived + 1e6, (name, found, lived)
