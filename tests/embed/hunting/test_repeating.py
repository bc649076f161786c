"""``pytest --wadjet-refs`` accuses what grows with each run of a test, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LEAKS = """\
import functools
import unittest
import pytest

LEAK, SAME, BY_NAME = [], [], {}
COUNT = iter(range(10**9))

class Node:
    pass

@functools.lru_cache(maxsize=None)
def unbounded(number):
    return [number]

@pytest.fixture
def kept():
    LEAK.append(bytearray(50))  # by a fixture
    return LEAK

def test_list():
    LEAK.append(bytearray(100))  # by a list

def test_attributes():
    node = Node()  # by attributes
    node.parts = [{"a": 1.5}]
    LEAK.append(node)

def test_cycle_held():
    node = Node()  # by a cycle
    node.self = node
    BY_NAME[next(COUNT)] = node

def test_unbounded():
    unbounded(next(COUNT))

def test_same():
    SAME.append(LEAK)

def test_every_second():
    if next(COUNT) % 2:
        LEAK.append(2.5 * next(COUNT) + next(COUNT))  # by every second run

def test_fixture(kept):
    pass

class TestCase(unittest.TestCase):
    def test_in_class(self):
        LEAK.append({next(COUNT)})  # by a class
"""

CLEAN = """\
import functools
import gc
import logging
import re
import sys
import warnings
import pytest

CACHE, LAST, MADE = {}, [], []
COUNT = iter(range(10**9))

class Node:
    pass

@functools.lru_cache(maxsize=4000)
def bounded(number):
    return [number]

@pytest.fixture(scope="module")
def once():
    MADE.append(1)
    yield "once"

@pytest.fixture
def above(once, tmp_path):
    return tmp_path

def test_nothing():
    assert [1]

def test_cycle():
    node = Node()
    node.self = node

def test_cycle_uncollected():
    gc.disable()
    try:
        test_cycle()
    finally:
        gc.enable()

def test_fills_a_cache():
    CACHE[next(COUNT) % 15] = bytearray(40)

def test_bounded():
    bounded(next(COUNT))

def test_patterns():
    re.compile(f"new {next(COUNT)}")

def test_last():
    LAST[:] = [bytearray(50), {next(COUNT): "x"}]

def test_class():
    assert type(f"C{next(COUNT)}", (Node,), {})()

def test_interned():
    sys.intern("name" + str(next(COUNT) % 3))

def test_module(once, above):
    (above / "file").write_text("x")

def test_module_fixture_was_made_once(once):
    assert MADE == [1]

def test_tells(capsys, caplog, record_property):
    print("text", next(COUNT))
    logging.warning("text %d", next(COUNT))
    record_property("key", [next(COUNT)])

def test_prints():
    print("text", next(COUNT))

def test_warns():
    warnings.warn(f"text {next(COUNT)}")

@pytest.mark.parametrize("value", [[1], [2]])
def test_parameters(value):
    assert value

def test_runs_once():
    CACHE["runs"] = CACHE.get("runs", 0) + 1
    LAST.append(bytearray(10))
    assert CACHE["runs"] == 1

def test_skipped():
    pytest.skip()
"""


def run(folder: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--wadjet-refs"]
    command += ["-p", "wadjet.embed.pytest_plugin", "-c", os.devnull, f"--rootdir={folder}"]
    done = subprocess.run(
        [*command, *words],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "test_leaks.py").write_text(LEAKS)
    return run(folder)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    folder = tmp_path_factory.mktemp("clean")
    (folder / "test_clean.py").write_text(CLEAN)
    return run(folder)


@pytest.mark.parametrize(
    ("test", "what", "line"),
    [
        ("test_list", "1 bytearray", "by a list"),
        ("test_attributes", "1 test_leaks.Node", "by attributes"),
        ("test_cycle_held", "1 test_leaks.Node", "by a cycle"),
        ("test_unbounded", "1 list", "return [number]"),
        ("test_every_second", "0.5 float", "by every second run"),
        ("test_fixture", "1 bytearray", "by a fixture"),
        ("test_in_class", "1 set", "by a class"),
    ],
)
def test_a_leak_is_named_by_its_line_its_type_and_its_number(
    leaks: tuple[int, str], test: str, what: str, line: str
) -> None:
    lines = [at for at, text in enumerate(LEAKS.splitlines(), 1) if line in text]
    found = re.findall(rf"^test_leaks.py:(\d+): {test} leaves (.*)", leaks[1], re.MULTILINE)
    assert [int(number) for number, _ in found] == lines
    assert what in found[0][1]


def test_who_has_it_is_named(leaks: tuple[int, str]) -> None:
    assert re.search(r"test_list leaves .*; kept by `test_leaks.LEAK\[\d+\]`", leaks[1])
    assert re.search(r"test_unbounded leaves .*; kept by `test_leaks.unbounded", leaks[1])


def test_references_to_what_was_there_before_are_told_with_who_has_them(
    leaks: tuple[int, str],
) -> None:
    (found,) = re.findall(r"test_same leaves (.*)", leaks[1])
    assert re.match(r"1 reference in list of \d+: `test_leaks.SAME`", found)


def test_each_leak_is_told_once_and_the_run_fails(leaks: tuple[int, str]) -> None:
    assert leaks[1].count("each time it runs") == 8
    assert leaks[0] == pytest.ExitCode.TESTS_FAILED


def test_what_comes_to_an_end_is_not_accused(clean: tuple[int, str]) -> None:
    assert "each time it runs" not in clean[1]
    assert "Nothing grows with each run of a test." in clean[1]


def test_tests_are_counted_once_and_come_out_as_ever(clean: tuple[int, str]) -> None:
    assert re.search(r"^17 passed, 1 skipped", clean[1], re.MULTILINE), clean[1]
    assert clean[0] == pytest.ExitCode.OK


def test_processes_of_xdist_write_to_one_report(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(
        "LEAK = []\ndef test_one():\n    LEAK.append([])\ndef test_two():\n    LEAK.append({})\n"
    )
    code, said = run(tmp_path, "-p", "xdist", "-n2")
    assert re.findall(r"test_(\w+) leaves 1 (\w+)", said) == [("one", "list"), ("two", "dict")]
    assert code == pytest.ExitCode.TESTS_FAILED


def test_an_error_when_a_module_ends_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_end.py").write_text(
        "import pytest\n@pytest.fixture(scope='module')\ndef end():\n    yield\n    1 / 0\n"
        "def test_it(end):\n    pass\n"
    )
    code, said = run(tmp_path)
    assert "ZeroDivisionError" in said
    assert "1 passed, 1 error" in said
    assert code == pytest.ExitCode.TESTS_FAILED
