"""What `wadjet run --memory` says of a program is what the program asked for."""

from __future__ import annotations

import os
import platform
import re
from itertools import compress
from pathlib import Path

import pytest
from tests.observe.sampling.runs import Run, recorded, selves, stacks

from wadjet.model import memory
from wadjet.model.profile import Profile
from wadjet.model.totals import doubt_by_node
from wadjet.observe.memory import companion

EXACT = ["--memory=exact"]
SAMPLED = ["--memory"]
MB = 1_000_000

C = """
import ctypes
from array import array
libc = ctypes.CDLL(None)
for name in ("malloc", "calloc", "realloc", "aligned_alloc", "memalign", "valloc"):
    getattr(libc, name).restype = ctypes.c_void_p
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
"""


def metric(profile: Profile, name: str) -> int:
    return profile.metric_index(name)


def of(run: Run, name: str, function: str) -> int:
    """What a function and those that it called have of a metric."""
    assert run.status == 0, run.err
    profile = run.profile
    return sum(
        value for stack, value in stacks(profile, metric(profile, name)) if function in stack
    )


REQUESTS = {
    "bytes": ("bytes(40 * MB)", 40 * MB),
    "bytearray": ("bytearray(30 * MB)", 30 * MB),
    "list of ints": ("list(range(1000, 301_000))", 300_000 * (32 + 8)),
    "str": ("'x' * (20 * MB)", 20 * MB),
    "malloc": ("libc.malloc(32 * MB)", 32 * MB),
    "calloc": ("libc.calloc(32, MB)", 32 * MB),
    "aligned_alloc": ("libc.aligned_alloc(64, 32 * MB)", 32 * MB),
    "memalign": ("libc.memalign(64, 32 * MB)", 32 * MB),
    "valloc": ("libc.valloc(32 * MB)", 32 * MB),
    "realloc": ("libc.realloc(libc.malloc(16 * MB), 32 * MB)", 32 * MB),
    "many small ones": ("array('L', map(libc.malloc, [64] * 100_000))", 6_400_000 + 800_000),
}


@pytest.mark.parametrize(("made", "size"), REQUESTS.values(), ids=REQUESTS)
def test_what_is_live_at_the_end_is_what_was_asked_for(
    made: str, size: int, tmp_path: Path
) -> None:
    program = f"MB = 1_000_000\n{C}\ndef kept(): return {made}\nheld = kept()\n"
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert abs(of(run, "live", "kept") - size) < 0.02 * size + 5000


@pytest.mark.parametrize(("made", "size"), REQUESTS.values(), ids=REQUESTS)
def test_a_sampled_figure_is_near_the_truth(made: str, size: int, tmp_path: Path) -> None:
    program = f"MB = 1_000_000\n{C}\ndef kept(): return {made}\nheld = kept()\n"
    run = recorded(["-c", program], folder=tmp_path, flags=SAMPLED)
    # a sum of n samples is off by more than 4.5 of its roots once in 100,000 runs
    bound = 4.5 * (size * companion.SAMPLED) ** 0.5
    assert abs(of(run, "live", "kept") - size) < bound


MIXED = f"""
MB = 1_000_000
{C}
def kept():
    return [libc.malloc(40 * MB), *(libc.malloc(200) for _ in range(100_000))]
held = kept()
"""


def test_of_large_blocks_a_sample_is_sure_though_small_ones_lie_beside(tmp_path: Path) -> None:
    run = recorded(["-c", MIXED], folder=tmp_path, flags=SAMPLED)
    tree = run.profile.tree
    names = [tree.functions[tree.function_of(node)].name for node in range(len(tree))]
    inside = ["kept" in {names[each] for each in tree.path(node)} for node in range(len(tree))]
    for name in ("live", "peak", "allocated"):
        doubts = doubt_by_node(run.profile, name)
        assert doubts is not None
        doubt, size = sum(compress(doubts, inside)), of(run, name, "kept")
        small = size - 40 * MB
        assert 5 * MB <= small <= 60 * MB
        assert 0.5 * small <= doubt <= small + companion.SAMPLED


PEAK = """
def first():
    return bytearray(50_000_000)
def second():
    return bytearray(30_000_000)
def third():
    return bytearray(10_000_000)
a = first(); b = second()
del a
c = third()
del b
"""


def test_the_peak_is_what_was_live_then_and_the_end_what_is_live_still(tmp_path: Path) -> None:
    run = recorded(["-c", PEAK], folder=tmp_path, flags=EXACT)
    peak = {name: of(run, "peak", name) // MB for name in ("first", "second", "third")}
    end = {name: of(run, "live", name) // MB for name in ("first", "second", "third")}
    assert peak == {"first": 50, "second": 30, "third": 0}
    assert end == {"first": 0, "second": 0, "third": 10}


def test_what_is_given_back_at_once_is_told_apart(tmp_path: Path) -> None:
    program = """
def brief():
    for _ in range(200): bytes(100_000)
def held():
    return [bytes(100_000) for _ in range(200)]
brief(); x = held()
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert of(run, "allocations", "brief") >= 200
    assert 195 <= of(run, "temporary", "brief") <= 210
    assert of(run, "temporary", "held") <= 5


def test_a_line_is_named_not_only_a_function(tmp_path: Path) -> None:
    text = "def work():\n    x = 1\n    y = bytearray(9_000_000)\n    return y\nz = work()\n"
    (tmp_path / "lines.py").write_text(text)
    profile = recorded(["lines.py"], folder=tmp_path, flags=EXACT).profile
    tree, live = profile.tree, profile.samples.values[metric(profile, "live")]
    lines = {
        tree.line_of(node)
        for node, value in zip(profile.samples.node, live, strict=True)
        if value > MB and tree.functions[tree.function_of(node)].name == "work"
    }
    assert lines == {3}


def test_each_thread_has_its_own(tmp_path: Path) -> None:
    program = """
import threading
held = []
def work(size): held.append(bytearray(size))
threads = [
    threading.Thread(target=work, args=[n * 5_000_000], name=f"t{n}") for n in range(1, 4)
]
for each in threads: each.start()
for each in threads: each.join()
"""
    profile = recorded(["-c", program], folder=tmp_path, flags=[*EXACT, "--rate", "1000"]).profile
    live = profile.samples.values[metric(profile, "live")]
    assert sorted(each.name for each in profile.threads) == ["MainThread", "t1", "t2", "t3"]
    found = dict.fromkeys((each.name for each in profile.threads), 0)
    for number, value in zip(profile.samples.thread, live, strict=True):
        found[profile.threads[number].name] += value
    for number in range(1, 4):
        assert abs(found[f"t{number}"] - number * 5 * MB) < 100_000


def test_what_another_thread_gives_back_is_gone_for_the_one_that_made_it(tmp_path: Path) -> None:
    program = (
        C
        + """
import threading
blocks = []
def make(): blocks.extend(libc.malloc(1_000_000) for _ in range(20))
def drop():
    while len(blocks) > 5: libc.free(blocks.pop())
for each in (make, drop):
    thread = threading.Thread(target=each); thread.start(); thread.join()
"""
    )
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert abs(of(run, "live", "make") - 5 * MB) < 50_000
    assert of(run, "live", "drop") < 50_000


def test_functions_that_come_and_go_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    program = """
held = []
for number in range(200):
    space = {"held": held}
    source = f"def made_{number}():\\n    held.append(bytearray({number} * 1000 + 50_000))"
    exec(compile(source, f"made_{number}.py", "exec"), space)
    space[f"made_{number}"]()
    space.clear()
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    found = selves(run.profile, metric(run.profile, "live"))
    for number in range(200):
        assert abs(found[f"made_{number}"] - (number * 1000 + 50_000)) < 5000, number


@pytest.mark.parametrize("flags", [EXACT, SAMPLED], ids=" ".join)
@pytest.mark.parametrize(
    ("end", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9), ("os.abort()", -6)]
)
def test_a_program_that_ends_suddenly_loses_nothing(
    flags: list[str], end: str, status: int, tmp_path: Path
) -> None:
    program = f"import os\ndef kept(): return bytearray(60_000_000)\nheld = kept()\n{end}\n"
    run = recorded(["-c", program], folder=tmp_path, flags=flags)
    assert run.status == status
    profile = run.profile
    live = stacks(profile, metric(profile, "live"))
    assert sum(value for stack, value in live if "kept" in stack) > 55 * MB


def test_the_program_finds_its_environment_as_it_was(tmp_path: Path) -> None:
    program = """
import os, subprocess, sys
print(sorted(name for name in os.environ if "PRELOAD" in name or "WADJET" in name))
print(subprocess.run(["sh", "-c", "echo ${LD_PRELOAD-none}"], capture_output=True).stdout)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=SAMPLED)
    assert run.out == "[]\nb'none\\n'\n"


def test_a_forked_child_that_is_not_followed_counts_nothing(tmp_path: Path) -> None:
    program = """
import os, warnings
warnings.simplefilter("ignore")
def child(): return bytearray(80_000_000)
pid = os.fork()
if pid == 0:
    held = child()
    os._exit(0)
os.waitpid(pid, 0)
def parent(): return bytearray(10_000_000)
held = parent()
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert (of(run, "live", "parent") // MB, of(run, "allocated", "child")) == (10, 0)


def test_children_that_are_followed_have_their_own(tmp_path: Path) -> None:
    program = """
import os, sys, subprocess, warnings
warnings.simplefilter("ignore")
def child(): return bytearray(80_000_000)
pid = os.fork()
if pid == 0:
    held = child()
    sys.exit(0)
os.waitpid(pid, 0)
code = "def other(): return bytearray(40_000_000)\\nheld = other()"
subprocess.run([sys.executable, "-c", code], check=True)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=[*EXACT, "--children"])
    assert of(run, "live", "child") // MB == 80
    assert of(run, "live", "other") // MB == 40
    assert len(run.profile.processes) == 3


def test_recursion_deeper_than_is_kept_says_so(tmp_path: Path) -> None:
    program = """
import sys
sys.setrecursionlimit(5000)
def down(n): return down(n - 1) if n else bytearray(7_000_000)
held = down(2000)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    profile = run.profile
    found = [stack for stack, value in stacks(profile, metric(profile, "live")) if value > 6 * MB]
    assert [(stack[0], set(stack[1:])) for stack in found] == [("<deeper frames>", {"down"})]


def test_memory_over_time_is_kept_beside_what_is_resident(tmp_path: Path) -> None:
    program = """
import time
held = bytearray(80_000_000)
held[::4096] = b"x" * len(held[::4096])
time.sleep(0.4)
del held
time.sleep(0.4)
"""
    profile = recorded(["-c", program], folder=tmp_path, flags=SAMPLED).profile
    points = memory.timeline(profile)
    assert max(point.live for point in points) > 75 * MB
    assert max(point.resident for point in points) > 80 * MB
    assert points[-1].live < 40 * MB
    assert not memory.is_exact(profile)


def test_what_python_asks_for_is_the_same_with_the_clocks_running(tmp_path: Path) -> None:
    program = "def kept(): return [bytes(1000) for _ in range(20_000)]\nheld = kept()\n"
    flags = [*EXACT, "--rate", "10000", "--wall-rate", "1000", "--native"]
    run = recorded(["-c", program], folder=tmp_path, flags=flags)
    assert abs(of(run, "live", "kept") - 20_000 * 1033) < 0.02 * 20_000 * 1033


MAPS = """
import ctypes, mmap, platform
MB = 1 << 20
libc = ctypes.CDLL(None)
size, number = ctypes.c_size_t, ctypes.c_long
libc.mmap.restype = libc.sbrk.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, size, ctypes.c_int, ctypes.c_int, ctypes.c_int, number]
libc.munmap.argtypes = [ctypes.c_void_p, size]
libc.sbrk.argtypes = [ctypes.c_ssize_t]
def mapped(whole, touched):
    at = libc.mmap(None, whole, 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    ctypes.memset(at, 1, touched)
    return at
def whole(): return mapped(32 * MB, 32 * MB)
def half(): return mapped(32 * MB, 16 * MB)
def cut(): libc.munmap(mapped(24 * MB, 24 * MB) + 8 * MB, 8 * MB)
def gone(): libc.munmap(mapped(48 * MB, 48 * MB), 48 * MB)
def broken():
    at = libc.sbrk(12 * MB)
    ctypes.memset(at, 1, 12 * MB)
def module():
    made = mmap.mmap(-1, 20 * MB)
    made[:] = b"x" * (20 * MB)
    return made
def raw():
    libc.syscall.restype = ctypes.c_void_p
    at = libc.syscall(9, None, ctypes.c_size_t(8 * MB), 3, 0x22, -1, ctypes.c_long(0))
    ctypes.memset(at, 1, 8 * MB)
    spare = libc.syscall(9, None, ctypes.c_size_t(8 * MB), 3, 0x22, -1, ctypes.c_long(0))
    libc.syscall(11, ctypes.c_void_p(spare), ctypes.c_size_t(8 * MB))
whole(); half(); cut(); gone(); broken()
if platform.machine() == "x86_64":
    raw()
held = module()
"""


def test_what_the_program_maps_by_itself_counts_as_far_as_it_is_in_memory(tmp_path: Path) -> None:
    run = recorded(["-c", MAPS], folder=tmp_path, flags=SAMPLED)
    found = {
        name: round(of(run, "mapped", name) / (1 << 20))
        for name in ("whole", "half", "cut", "gone", "broken", "raw", "module")
    }
    raw = 8 if platform.machine() == "x86_64" else 0
    expected = {"whole": 32, "half": 16, "cut": 16, "gone": 0, "broken": 12, "module": 20}
    assert found == {**expected, "raw": raw}


def test_the_parts_of_what_is_in_memory_add_up_to_it(tmp_path: Path) -> None:
    profile = recorded(["-c", MAPS], folder=tmp_path, flags=SAMPLED).profile
    parts = memory.resident(profile)
    assert parts.pop("total") == sum(parts.values())
    raw = 8 if platform.machine() == "x86_64" else 0
    assert 0 <= parts["mapped"] - (96 + raw << 20) < 1 << 20
    assert 0 < parts["arenas"] < 16 << 20


FRAGMENTS = """
import ctypes, sys
api = ctypes.pythonapi
kept = []
def scatter():
    objects = [object() for _ in range(1_200_000)]
    kept.extend(objects[::500])
def use(): return [{n: n} for n in range(30_000)]
scatter()
used = use()
counting = (ctypes.c_void_p * 5)()  # Python speaks of its arenas only where they are its own
api.PyMem_GetAllocator(2, counting)
api.PyMem_SetAllocator(2, ctypes.c_void_p(counting[0]))
sys._debugmallocstats()
api.PyMem_SetAllocator(2, counting)
"""


@pytest.mark.parametrize("flags", [EXACT, SAMPLED], ids=["exact", "sampled"])
def test_what_pythons_arenas_are_used_for_is_what_python_says(
    flags: list[str], tmp_path: Path
) -> None:
    run = recorded(["-c", FRAGMENTS], folder=tmp_path, flags=flags)

    def said(words: str) -> int:
        found = re.search(rf"{words}.*= +([0-9,]+)$", run.err, re.MULTILINE)
        assert found is not None, run.err
        return int(found[1].replace(",", ""))

    found = memory.pools(run.profile)
    total = said("arenas \\* [0-9]+ bytes/arena")
    assert found["reserved"] == total
    assert abs(found["used"] - said("bytes in allocated blocks")) < 0.01 * total
    assert abs(found["available"] - said("bytes in available blocks")) < 0.01 * total
    assert abs(found["unused"] - said("unused pools")) < 0.01 * total
    assert found["sparse"] >= 10


def test_free_memory_that_is_kept_is_charged_to_those_who_keep_it(tmp_path: Path) -> None:
    run = recorded(["-c", FRAGMENTS], folder=tmp_path, flags=EXACT)
    facts = memory.pools(run.profile)
    free = facts["available"] + facts["unused"]
    every = sum(value for _, value in stacks(run.profile, metric(run.profile, "keeping")))
    assert every <= free
    assert of(run, "keeping", "scatter") > 0.8 * free
    assert of(run, "keeping", "use") < 0.1 * free


def test_memory_on_the_average_says_how_long_it_lived(tmp_path: Path) -> None:
    program = """
import time
def half():
    held = bytearray(40_000_000)
    time.sleep(1)
def often():
    held = []
    for _ in range(50):
        held.append(bytearray(2_000_000))
        del held[:-5]
        time.sleep(0.02)
half()
often()
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    long = run.profile.duration
    for function, lived in (("half", 1.0), ("often", 0.1)):
        average, asked = (of(run, name, function) for name in ("average", "allocated"))
        assert abs(average * long / asked / 1e9 - lived) < 0.4 * lived


@pytest.mark.parametrize("allocator", ["pymalloc", "malloc", "debug", "malloc_debug"])
def test_a_block_counts_once_whichever_allocator_python_uses(
    allocator: str, tmp_path: Path
) -> None:
    program = "def kept(): return [bytes(67) for _ in range(50_000)]\nheld = kept()\n"
    env = {**os.environ, "PYTHONMALLOC": allocator}
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT, env=env)
    size = 50_000 * (67 + 33 + 8)
    assert abs(of(run, "live", "kept") - size) < 0.03 * size


def test_what_handlers_of_signals_ask_for_does_no_harm(tmp_path: Path) -> None:
    program = """
import signal
held = []
def often(number, frame): held.append(bytes(2000))
signal.signal(signal.SIGALRM, often)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
def work():
    for _ in range(300_000): [str(_)]
work()
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(held) > 20)
"""
    run = recorded(["-c", program], folder=tmp_path, flags=[*EXACT, "--rate", "5000"])
    assert run.out == "True\n"
    assert of(run, "live", "often") > 20 * 2000


def test_requests_without_the_gil_in_many_threads_are_all_counted(tmp_path: Path) -> None:
    program = """
import hashlib, threading, zlib
data = bytes(range(256)) * 400
held = []
def work():
    for _ in range(60): held.append(zlib.compress(data, 1))
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
print(sum(map(len, held)) + 33 * len(held))
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert abs(of(run, "live", "work") - int(run.out)) < 0.03 * int(run.out) + 50_000
    assert of(run, "allocations", "work") > 480 * 3
