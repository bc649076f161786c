"""CPython's own tests hold while another thread collects concurrently without a pause."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.observe.collector import _collector

NAMES = ["test_weakref", "test_json", "test_pickle", "test_generators", "test_asyncio.test_tasks"]
PROGRAM = """
import atexit, runpy, sys, threading, time
from wadjet.observe.collector.concurrent import collect

rounds = []

def collect_on():
    while True:
        rounds.append(collect(slice_size=200))
        time.sleep(0.002)

threading.Thread(target=collect_on, daemon=True).start()
atexit.register(lambda: print("rounds:", sum(not each.failure for each in rounds)))
sys.argv = ["test", "-q", *sys.argv[1:]]
runpy.run_module("test", run_name="__main__")
"""


def present(name: str) -> bool:
    try:
        return importlib.util.find_spec(f"test.{name}") is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(_collector.is_incremental(), reason="3.14.0 to 3.14.4")
@pytest.mark.parametrize("name", NAMES)
def test_cpythons_own_test_holds(name: str, tmp_path: Path) -> None:
    if not present(name):
        pytest.skip("this Python has no tests of its own")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("rounds:")]
    assert int(told[-1].split()[1]) >= 1
