"""``@pytest.mark.wadjet_memory`` fails tests that use too much, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.model.units import size

TESTS = """\
import functools
import json
import pytest

CACHE, LEAK = {}, []

class Node:
    pass

@functools.lru_cache(maxsize=8)
def cached(number):
    return bytes(100_000)

@pytest.fixture
def large():
    return bytearray(20_000_000)

@pytest.mark.wadjet_memory(limit="5 MB")
def test_within(large):
    bytearray(4_000_000)

@pytest.mark.wadjet_memory(limit="5 MB")
def test_over():
    rows = [bytearray(1000) for _ in range(10_000)]
    assert rows

@pytest.mark.wadjet_memory(leaks=0)
def test_fills_a_cache():
    cached(1)
    CACHE["text"] = json.loads('{"a": [1, 2, 3.5]}')

@pytest.mark.wadjet_memory(leaks=0)
def test_leaks():
    LEAK.append(bytearray(10_000))

@pytest.mark.wadjet_memory(leaks="50 kB")
def test_leaks_what_it_may():
    LEAK.append(bytearray(10_000))

@pytest.mark.wadjet_memory(leaks=0)
def test_makes_a_cycle(tmp_path):
    node = Node()
    node.me = node
    (tmp_path / "x").write_text("text")

@pytest.mark.wadjet_memory(limit=10)
def test_is_wrong():
    assert [1] == [2]

@pytest.mark.wadjet_memory(limit="much")
def test_has_no_limit():
    pass

@pytest.mark.wadjet_memory(limits=5)
def test_has_another():
    pass

def test_is_not_marked():
    bytearray(50_000_000)
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """What pytest says, and of each test how it ended."""
    folder = tmp_path_factory.mktemp("limited")
    (folder / "test_shop.py").write_text(TESTS)
    done = run(folder, "-rA", "--strict-markers")
    words = [line.split() for line in done.stdout.splitlines() if "test_shop.py::" in line]
    ends = {word[1].rpartition("::")[2]: word[0] for word in words if len(word) > 1}
    return done.stdout, ends


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_only_tests_that_use_too_much_fail(outcome: tuple[str, dict[str, str]]) -> None:
    _, ends = outcome
    failed = {name for name, end in ends.items() if end == "FAILED"}
    assert failed == {
        "test_over",
        "test_leaks",
        "test_is_wrong",
        "test_has_no_limit",
        "test_has_another",
    }
    assert len(ends) == 10


def test_a_peak_that_is_too_high_is_told_with_its_lines(
    outcome: tuple[str, dict[str, str]],
) -> None:
    text, _ = outcome
    assert "test_over had 10." in text
    assert "at its peak, where 4.8 MiB are allowed:" in text
    assert "test_shop.py:24  rows = [bytearray(1000) for _ in range(10_000)]" in text


def test_a_leak_is_told_with_its_line(outcome: tuple[str, dict[str, str]]) -> None:
    text, _ = outcome
    left = size(sys.getsizeof(bytearray(10_000)))
    assert f"test_leaks leaves {left} behind each time it runs, where nothing is allowed:" in text
    assert "test_shop.py:34  LEAK.append(bytearray(10_000))" in text


def test_a_test_that_fails_by_itself_is_told_as_ever(outcome: tuple[str, dict[str, str]]) -> None:
    assert "assert [1] == [2]" in outcome[0]


def test_a_marker_that_says_nothing_is_refused(outcome: tuple[str, dict[str, str]]) -> None:
    text, _ = outcome
    assert "wadjet_memory: 'much' is no size; write 50 MB, 1.5 GiB" in text
    assert 'wadjet_memory takes limit="50 MB", leaks=0 or both' in text


def test_where_memory_is_recorded_already_the_test_goes_on_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "test_busy.py").write_text(
        "import pytest, wadjet\n"
        "@pytest.fixture\n"
        "def recording():\n"
        "    with wadjet.memory():\n"
        "        yield\n"
        "@pytest.mark.wadjet_memory(limit=1)\n"
        "def test_busy(recording):\n"
        "    bytearray(1000)\n"
    )
    done = run(tmp_path, "-W", "default")
    assert "1 passed, 1 warning" in done.stdout
    assert "the memory of this process is being recorded already" in done.stdout
