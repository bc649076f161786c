"""Each allocation of the core fails once: the program must run on as if nothing had been."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "ext" / "scarce.c"
COMPILER = os.environ.get("CC", "cc")
pytestmark = [
    pytest.mark.skipif(not shutil.which(COMPILER), reason="needs a C compiler"),
    pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="the sanitizers preload their own"),
]
PROGRAM = """
import threading
def work(n): return sum(i * i for i in range(n))
threads = [threading.Thread(target=work, args=[60_000]) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
exec(compile("def late(n): return sorted(range(n))", "late.py", "exec"))
late(100_000)
print("the program's own output")
"""
MOST = 400  # no more failures than these are tried: past the start they repeat


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scarce") / "scarce.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", path, SOURCE], check=True)
    return path


def record(
    folder: Path, library: Path, failing: int
) -> tuple[subprocess.CompletedProcess[str], int]:
    """Record the program; return how it went, and the most allocations of a process."""
    log = folder / f"{failing}.log"
    scarce = {"LD_PRELOAD": str(library), "WADJET_SCARCE": str(failing)}
    done = subprocess.run(
        [sys.executable, "-m", "wadjet", "run", "-q", "--native", "-c", PROGRAM],
        cwd=folder,
        env=os.environ | scarce | {"WADJET_SCARCE_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, max(map(int, log.read_text().split()), default=0)


def test_a_failed_allocation_costs_samples_at_most_never_the_program(
    library: Path, tmp_path: Path
) -> None:
    counted = record(tmp_path, library, 0)[1]
    assert counted > 5, "the allocations of the core are not seen"
    for failing in range(1, min(counted, MOST) + 1):
        done, _ = record(tmp_path, library, failing)
        what = f"allocation {failing} of {counted}: exit {done.returncode}\n{done.stderr}"
        assert done.stdout == "the program's own output\n", what
        assert "Traceback" not in done.stderr, what
        assert done.returncode in (0, 69, 70, 73), what
