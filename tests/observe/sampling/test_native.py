"""``--native``: C functions below the Python line that called them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from tests.observe.sampling.runs import CPU, recorded, stacks

from wadjet.model.profile import Profile

NATIVE = ["--native", "--rate", "2000"]
START = "import hashlib, os, re, sys, zlib\ndata = os.urandom(1 << 20)\n"


def leaves(profile: Profile, caller: str) -> Counter[str]:
    """Nanoseconds by innermost function, of stacks through the Python function ``caller``."""
    found: Counter[str] = Counter()
    for stack, value in stacks(profile, CPU):
        if caller in stack:
            found[stack[-1]] += value
    return found


def test_the_functions_of_a_library_stand_below_the_python_line_that_calls_it(
    tmp_path: Path,
) -> None:
    program = (
        START
        + """
def checksums():
    for _ in range(300): zlib.crc32(data)
def compression():
    for _ in range(12): zlib.compress(data, 9)
def main():
    checksums()
    compression()
main()
"""
    )
    profile = recorded(["-c", program], folder=tmp_path, flags=NATIVE).profile
    assert most(leaves(profile, "checksums"), "crc32|libz|zlib") > 0.8
    assert most(leaves(profile, "compression"), "deflate|longest_match|libz|zlib|tree") > 0.8
    for stack, _ in stacks(profile, CPU):
        if "checksums" in stack or "compression" in stack:
            assert stack.index("<module>") < stack.index("main") < len(stack) - 1
    kinds = {each.kind for each in profile.tree.functions}
    assert kinds == {"python", "native"}


def most(found: Counter[str], pattern: str) -> float:
    """The part of the time in functions of such names."""
    assert found.total() > 0, "nothing was seen of it"
    return sum(v for k, v in found.items() if re.search(pattern, k)) / found.total()


def test_python_called_from_c_stands_between_the_c_functions(tmp_path: Path) -> None:
    program = (
        START
        + """
def replace(match):
    zlib.crc32(data)
    return ""
def main():
    for _ in range(60): re.sub("x", replace, "xxxxx")
main()
"""
    )
    profile = recorded(["-c", program], folder=tmp_path, flags=NATIVE).profile
    through = [stack for stack, _ in stacks(profile, CPU) if "replace" in stack]
    assert through
    for stack in through:
        names = [each for each in stack if each in ("<module>", "main", "sub", "replace")]
        assert names == ["<module>", "main", "sub", "replace"]
    assert any(re.search("crc32|libz|zlib", stack[-1]) for stack in through)


def test_without_the_option_there_is_no_native_frame(tmp_path: Path) -> None:
    program = START + "for _ in range(100): zlib.crc32(data)"
    profile = recorded(["-c", program], folder=tmp_path).profile
    assert {each.kind for each in profile.tree.functions} == {"python"}


@pytest.mark.parametrize("flags", [NATIVE, ["--rate", "2000"]], ids=["native", "plain"])
def test_the_python_frames_are_the_same_with_native_ones_and_without(
    flags: list[str], tmp_path: Path
) -> None:
    program = (
        START
        + """
def inner():
    for _ in range(30): sorted(range(10_000), key=lambda x: -x)
def outer():
    for _ in range(4): inner()
outer()
"""
    )
    profile = recorded(["-c", program], folder=tmp_path, flags=flags).profile
    python = {each.name for each in profile.tree.functions if each.kind == "python"}
    chain = ("<module>", "outer", "inner", "inner.<locals>.<lambda>")
    assert set(chain) <= python
    for stack, _ in stacks(profile, CPU):
        if "inner" in stack:
            ours = tuple(each for each in stack if each in chain)
            assert ours in (chain, chain[:3])


def test_libraries_loaded_later_are_named_too(tmp_path: Path) -> None:
    program = """
import os, time
data = os.urandom(1 << 20)
def late():
    import bz2
    for _ in range(3): bz2.compress(data)
late()
"""
    profile = recorded(["-c", program], folder=tmp_path, flags=NATIVE).profile
    assert most(leaves(profile, "late"), r"BZ2|bz2|Sort|fallback|generateMTF") > 0.7
    files = {each.file for each in profile.tree.functions if each.kind == "native"}
    assert any("bz2" in file for file in files)


def test_many_threads_in_native_code_are_unwound_without_harm(tmp_path: Path) -> None:
    program = (
        START
        + """
import threading
def work():
    for _ in range(20): hashlib.sha256(data).digest(); zlib.crc32(data)
for _ in range(3):
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("done")
"""
    )
    run = recorded(["-c", program], folder=tmp_path, flags=["--native", "--rate", "10000"])
    assert (run.status, run.out, run.err) == (0, "done\n", "")
