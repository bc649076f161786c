"""CPython's own tests come out the same while they are recorded.

Run each with python and under ``wadjet run``: a test that fails or is skipped in the one
and not in the other is ours to answer for. Needs the ``test`` package of the standard
library, which some distributions leave out.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.observe.sampling.runs import wadjet

from wadjet.model import store

MINUTES = 4
NAMES = [
    "test_threading",
    "test_thread",
    "test_fork1",
    "test_generators",
    "test_coroutines",
    "test_subprocess",
    "test_faulthandler",
    "test_sys",
    "test_sys_settrace",
    "test_sys_setprofile",
    "test_gc",
    "test_atexit",
    "test_posix",
    "test_cmd_line_script",
    "test_asyncio.test_events",
]


def present(name: str) -> bool:
    try:
        return importlib.util.find_spec(f"test.{name}") is not None
    except ModuleNotFoundError:
        return False


def results(command: Sequence[str], folder: Path) -> tuple[dict[str, str], str]:
    """What became of each test, and all that was said."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=MINUTES * 60,
        check=False,
    )
    lines = re.findall(
        r"^(test\w* \([\w.]+\))(?:\n(?!test).*?)?.*? \.\.\. .*?"
        r"\b(ok|FAIL|ERROR|skipped|expected failure)\b",
        done.stdout,
        re.MULTILINE,
    )
    found = {"exit": str(done.returncode)} | dict(lines)
    return found, done.stdout


MODES = {
    "clocks": ["--rate", "5000"],
    "memory": ["--memory=exact"],
}
CASES = [("clocks", name) for name in NAMES] + [
    ("memory", name)
    for name in (
        "test_threading",
        "test_gc",
        "test_tracemalloc",
        "test_weakref",
    )
]


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "name"), CASES)
def test_cpythons_own_tests_come_out_the_same(mode: str, name: str, tmp_path: Path) -> None:
    if not present(name):
        pytest.skip(f"this Python comes without test.{name}")
    module = f"test.{name}"
    words = ["-m", "unittest", "-v", module]
    expected, _ = results([sys.executable, *words], tmp_path)
    recording = tmp_path / "x.wadjet"
    command = wadjet("-q", "-o", str(recording), *MODES[mode], *words)
    found, said = results(command, tmp_path)
    differing = {test for test in expected | found if expected.get(test) != found.get(test)}
    if differing:  # a test may fail by itself now and then: it must not do so twice
        again, _ = results([sys.executable, *words], tmp_path)
        recording.unlink(missing_ok=True)
        found, said = results(command, tmp_path)
        differing &= {
            test
            for test in expected | found
            if found.get(test) not in (expected.get(test), again.get(test))
        }
    assert not differing, {test: (expected.get(test), found.get(test)) for test in differing} | {
        "said": said[-2000:]
    }
    assert len(expected) > 3
    assert store.load(recording).about["complete"] is True
