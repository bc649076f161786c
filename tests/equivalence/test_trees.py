"""Text goes through trees and comes out as the compiler would have made it, file by file."""

from __future__ import annotations

import sysconfig
import warnings
from pathlib import Path

import pytest
from tests.equivalence import trees

LIBRARY = Path(sysconfig.get_path("stdlib"))
PARTS = 4
ONE_IN = 40
"""Of the library's files; `python -m tests.equivalence.trees` tries all of them, in minutes."""
FILES = sorted(each for each in LIBRARY.rglob("*.py") if "site-packages" not in each.parts)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_files_of_the_library_come_out_as_the_compiler_makes_them(part: int) -> None:
    files = FILES[part * ONE_IN // PARTS :: ONE_IN * PARTS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrong = {str(each): trees.difference(str(each), each.read_bytes()) for each in files}
    assert {path: what for path, what in wrong.items() if what} == {}
