"""The collector of garbage waits while a launcher imports, and is as ever afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.compiler.bundle.programs import environment

from wadjet.compiler.bundle.launcher.building import Plan, build

CLUTTER = """
import gc
before = sum(each["collections"] for each in gc.get_stats())
kept = [[each] for each in range(20_000)]
LOOKS = sum(each["collections"] for each in gc.get_stats()) - before
"""


def said(folder: Path, program: str, **modules: str) -> list[str]:
    """Build a launcher of a program and the modules beside it; return the lines it prints."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "app.py").write_text(program)
    made = folder / "app"
    made.write_bytes(build(Plan(folder / "app.py")).data)
    made.chmod(0o755)
    done = subprocess.run([made], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_it_does_not_look_while_modules_are_imported(tmp_path: Path) -> None:
    program = "import outer, gc, sys; print(outer.inner.LOOKS, outer.ALSO, gc.get_threshold()[0])"
    outer = "import inner, gc; ALSO = gc.get_threshold()[0] > 10_000"
    usual = "import gc; print(gc.get_threshold()[0])"
    plain = said(tmp_path, usual)
    assert said(tmp_path, program, inner=CLUTTER, outer=outer) == [f"0 True {plain[0]}"]


def test_a_long_import_is_not_without_it(tmp_path: Path) -> None:
    program = "import cluttered; print(cluttered.LOOKS > 0)"
    clutter = CLUTTER.replace("20_000", "400_000")
    assert said(tmp_path, program, cluttered=clutter) == ["True"]


def test_it_looks_again_after_an_import_that_failed(tmp_path: Path) -> None:
    program = "import gc\nusual = gc.get_threshold()\n"
    program += "try:\n import broken\nexcept ValueError: pass\n"
    program += "print(gc.get_threshold() == usual, gc.isenabled(), gc.get_freeze_count())"
    assert said(tmp_path, program, broken="raise ValueError") == ["True True 0"]


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("gc.disable()", "gc.isenabled()"),
        ("gc.set_threshold(5000)", "gc.get_threshold()[0]"),
        ("gc.set_threshold(0)", "gc.get_threshold()[0]"),
        ("gc.freeze()", "gc.get_freeze_count() > 0"),
    ],
)
def test_what_a_module_asks_of_it_holds(tmp_path: Path, asked: str, seen: str) -> None:
    expected = {"gc.disable()": "False", "gc.set_threshold(5000)": "5000"}
    expected |= {"gc.set_threshold(0)": "0", "gc.freeze()": "True"}
    program = f"import asking, other, gc; print({seen})"
    modules = {"asking": f"import gc; {asked}", "other": "import asking"}
    assert said(tmp_path, program, **modules) == [expected[asked]]


def test_garbage_that_an_import_made_is_found_later(tmp_path: Path) -> None:
    left = "class Ring:\n def __del__(self): print('found')\n"
    left += "ring = Ring(); ring.own = ring\ndel ring"
    program = "import left, gc; print('imported'); gc.collect(); print('collected')"
    assert said(tmp_path, program, left=left) == ["imported", "found", "collected"]


def test_nobody_has_imported_it(tmp_path: Path) -> None:
    assert said(tmp_path, "import sys; print('gc' in sys.modules)") == ["False"]
    program = "import gc, sys; print(sys.modules['gc'] is gc, gc.callbacks, gc.garbage)"
    assert said(tmp_path, program) == ["True [] []"]


def test_an_error_shows_no_line_of_ours(tmp_path: Path) -> None:
    program = "import traceback\ntry:\n import broken\nexcept ValueError:\n"
    program += " print([each.name for each in traceback.extract_stack()])\n"
    program += " print(traceback.format_exc().count('File'))"
    assert said(tmp_path, program, broken="raise ValueError") == ["['<module>']", "2"]
