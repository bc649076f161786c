"""Memory is recorded whatever the program is surrounded by."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.observe.memory.test_run import EXACT, MB, SAMPLED, of
from tests.observe.sampling.runs import recorded

OTHER = """
#include <stddef.h>
extern void *__libc_malloc(size_t);
long served;
void *malloc(size_t size) {
    __atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}
"""


@pytest.fixture
def other(tmp_path: Path) -> str:
    """An allocator to be loaded before the program, which counts what it serves."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text(OTHER)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


@pytest.mark.parametrize("flags", [EXACT, SAMPLED], ids=" ".join)
def test_another_allocator_that_is_preloaded_still_serves(
    flags: list[str], other: str, tmp_path: Path
) -> None:
    program = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def kept(): return [libc.malloc(1_000_000) for _ in range(50)]
held = kept()
print(ctypes.c_long.in_dll(libc, "served").value > 50, os.environ["LD_PRELOAD"])
"""
    env = {**os.environ, "LD_PRELOAD": other}
    run = recorded(["-c", program], folder=tmp_path, flags=flags, env=env)
    assert run.out == f"True {other}\n"
    assert abs(of(run, "live", "kept") - 50 * MB) < (0.02 if flags == EXACT else 0.5) * 50 * MB


def test_a_program_whose_address_space_is_limited_runs_and_is_recorded(tmp_path: Path) -> None:
    program = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def kept(): return bytearray(100_000_000)
held = kept()
try: bytearray(1 << 30)
except MemoryError: print("no more")
"""
    run = recorded(["-c", program], folder=tmp_path, flags=EXACT)
    assert run.out == "no more\n"
    assert of(run, "live", "kept") // MB == 100


def test_where_files_may_not_be_large_the_program_runs_unwatched_and_says_so(
    tmp_path: Path,
) -> None:
    run = recorded(["-c", "print('done')"], folder=tmp_path, flags=SAMPLED, preexec_fn=_limit_files)
    assert (run.status, run.out) == (0, "done\n")
    notes = run.profile.about["notes"]
    assert isinstance(notes, list)
    assert any(str(note).startswith("memory is not recorded") for note in notes)


def _limit_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
