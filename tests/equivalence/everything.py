"""All of CPython's test files by way of the importer and passes, which takes an hour or two.

``python -m tests.equivalence.everything [--passes WORDS] [NAME...]`` prints each test that does
not come to what it comes to without. With ``--snapshot`` the tests run in a process that has come
back from a snapshot instead, with ``--launcher`` in one that a launcher has started. A test that
differs is asked of a plain Python twice more: what differs from itself there is told of as
unsteady, and does not count.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.equivalence.test_cpython import RUNNER, came, environment, is_known

_UNWANTED = {
    "test_asdl_parser",  # needs a checkout of CPython
    "test_regrtest",  # runs the tests of this folder anew
    "test_tools",
}


def names() -> list[str]:
    """Return the names of all test files that this Python came with."""
    found = importlib.util.find_spec("test")
    if found is None or not found.submodule_search_locations:
        return []
    folder = Path(found.submodule_search_locations[0])
    return sorted({each.stem for each in folder.glob("test_*")} - _UNWANTED)


def snapshot(folder: Path) -> tuple[str, ...]:
    """Return what runs tests in an interpreter that was frozen with what they import most."""
    words = ["python", "--preload"]
    words += ["test.support.os_helper,unittest,asyncio,decimal,json,logging,tempfile"]
    return _made("snapshot", words, folder), RUNNER[1]


def launcher(folder: Path) -> tuple[str, ...]:
    """Return what runs tests by a launcher of their runner."""
    return (_made("launcher", [RUNNER[1]], folder),)


def _made(command: str, words: list[str], folder: Path) -> str:
    made = str(folder / command)
    line = [sys.executable, "-m", "wadjet", command, *words, "-q", "-o", made]
    subprocess.run(line, env=environment(folder), check=True)
    return made


def differing(
    name: str, passes: str, folder: Path, runner: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Return the tests of a file that differ, and those that differ from themselves."""
    stock = came("stock", name, folder)
    if runner:
        ours = came("stock", name, folder, runner=runner)
    else:
        ours = came("importer", name, folder, passes)
    before, after = stock["came"], ours["came"]
    differ = {
        test
        for test in {*before, *after}
        if before.get(test) != after.get(test) and not is_known(test)
    }
    again = [came("stock", name, folder)["came"] for _ in range(2)] if differ else []
    unsteady = {
        test
        for test in differ
        if any(
            each.get(test) != before.get(test) or each.get(test) == after.get(test)
            for each in again
        )
    }
    return sorted(differ - unsteady), sorted(unsteady)


def main() -> int:
    """Compare; return 1 if a test differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--passes", default="safe", metavar="WORDS")
    for way in (snapshot, launcher):
        parser.add_argument(f"--{way.__name__}", dest="way", action="store_const", const=way)
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        runner = given.way(Path(scratch)) if given.way else ()
        for name in given.names or names():
            folder = Path(scratch) / name
            folder.mkdir()
            try:
                found, unsteady = differing(name, given.passes, folder, runner)
            except (subprocess.TimeoutExpired, FileNotFoundError) as error:
                print(f"{name}: not compared: {type(error).__name__}", flush=True)
                continue
            wrong += len(found)
            print(
                f"{name}: {found or 'the same'}",
                *(f"unsteady: {unsteady}" for _ in unsteady[:1]),
                flush=True,
            )
    print(f"{wrong} tests differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
