"""An address is named as the symbol table and the compiler's line table name it."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wadjet.target.symbols import Symbolizer

COMPILER = os.environ.get("CC", "cc")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, (COMPILER, "nm", "strip", "objcopy"))), reason="needs binutils"
)
SOURCE = """\
static int __attribute__((noinline)) hidden(int x) { return x * 3; }
int outer(int x)
{
    int y = hidden(x);
    return y + hidden(y);
}
int other(int x) __attribute__((alias("outer")));
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    source, path = tmp_path / "lib.c", tmp_path / "lib.so"
    source.write_text(SOURCE)
    subprocess.run([COMPILER, "-g", "-O1", "-shared", "-fPIC", "-o", path, source], check=True)
    return path


def addresses(library: Path) -> dict[str, int]:
    """What ``nm`` says."""
    told = subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout
    return {name: int(at, 16) for at, name in re.findall(r"^(\w+) [tT] (\w+)$", told, re.MULTILINE)}


def test_functions_have_names_files_and_lines(library: Path) -> None:
    at = addresses(library)
    found = Symbolizer().find(str(library), at["hidden"])
    assert found is not None
    assert (found.name, Path(found.file).name, found.line, found.first_line) == (
        *("hidden", "lib.c"),
        *(1, 1),
    )
    found = Symbolizer().find(str(library), at["outer"] + 6)
    assert found is not None
    assert found.first_line in (2, 3)
    assert 3 <= found.line <= 6


def test_of_two_names_of_a_function_that_sorts_last_is_taken(library: Path) -> None:
    found = Symbolizer().find(str(library), addresses(library)["outer"])
    assert found is not None
    assert found.name == "outer"  # not "other"


def test_what_is_stripped_is_called_by_where_it_starts(library: Path) -> None:
    at = addresses(library)["hidden"]
    subprocess.run(["strip", library], check=True)
    found = Symbolizer().find(str(library), at + 1)
    assert found is not None
    assert (found.name, found.line) == (f"lib.so+{at:#x}", 0)


def test_what_is_no_library_has_no_names(tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("no ELF")
    symbolizer = Symbolizer()
    for path in (text, tmp_path / "gone.so", Path("[vdso]")):
        assert symbolizer.find(str(path), 64) is None
        assert symbolizer.find(str(path), 65) is None


def test_a_damaged_library_raises_nothing(library: Path, tmp_path: Path) -> None:
    sound, rng = library.read_bytes(), random.Random(1)
    at = addresses(library)["hidden"]
    for number in range(150):
        data = bytearray(sound)
        for _ in range(rng.randint(1, 300)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"{number}.so"
        path.write_bytes(data[: rng.randint(0, len(data))] if number % 2 else data)
        for address in (at, 0, 1 << 40):
            Symbolizer().find(str(path), address)
