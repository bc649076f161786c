"""A snapshot comes back each time, and what CPython tests holds in what comes back."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.compiler.snapshot.images import call

from bench.bench_snapshot import many

CPYTHON = [
    "fork1",
    "gc",
    "hashlib",
    "json",
    "locale",
    "math",
    "random",
    "struct",
    "thread",
    "weakref",
]
"""Of the 19 files that are tried by hand, those that take seconds."""


@pytest.mark.slow
@pytest.mark.parametrize(("count", "at_once"), [(500, 2), (200, 200)])
def test_every_start_comes_back(count: int, at_once: int, tmp_path: Path) -> None:
    assert many(count, at_once, ["json", "decimal"], tmp_path) == 0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("test.test_json") is None, reason="CPython's tests are not here")
def test_the_tests_of_cpython_pass_in_a_restored_process(interpreter: Path, tmp_path: Path) -> None:
    ended = call([interpreter, "-m", "test", *(f"test_{name}" for name in CPYTHON)], cwd=tmp_path)
    assert "Result: SUCCESS" in ended.out
    assert f"run={len(CPYTHON)}/{len(CPYTHON)}" in ended.out
    assert "cold start" not in ended.err
