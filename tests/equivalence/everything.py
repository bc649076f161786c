"""All of CPython's test files by way of the importer and passes, which takes an hour or two.

``python -m tests.equivalence.everything [--passes WORDS] [NAME...]`` prints each test that does
not come to what it comes to without; with ``--snapshot`` the tests run in a process that has come
back from a snapshot instead. A test that differs is asked of a plain Python twice more: what
differs from itself there is told of as unsteady, and does not count.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.equivalence.test_cpython import came, environment, is_known

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


def frozen(folder: Path) -> str:
    """Return an interpreter that was frozen with what the tests import most."""
    made = folder / "py"
    words = ["--preload", "test.support.os_helper,unittest,asyncio,decimal,json,logging,tempfile"]
    subprocess.run(
        [sys.executable, "-m", "wadjet", "snapshot", "python", "-q", "-o", str(made), *words],
        env=environment(folder),
        check=True,
    )
    return str(made)


def differing(
    name: str, passes: str, folder: Path, snapshot: str = ""
) -> tuple[list[str], list[str]]:
    """Return the tests of a file that differ, and those that differ from themselves."""
    stock = came("stock", name, folder)
    if snapshot:
        ours = came("stock", name, folder, python=snapshot)
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
    parser.add_argument("--snapshot", action="store_true")
    given = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        snapshot = frozen(Path(scratch)) if given.snapshot else ""
        for name in given.names or names():
            folder = Path(scratch) / name
            folder.mkdir()
            try:
                found, unsteady = differing(name, given.passes, folder, snapshot)
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
