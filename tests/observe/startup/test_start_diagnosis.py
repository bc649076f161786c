"""What is said of a start, and of what nothing is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from wadjet.model.finding import Place
from wadjet.model.imports import STAGE
from wadjet.model.profile import Builder
from wadjet.model.startup import COLLECTION, METRICS
from wadjet.observe.startup import diagnosis, timing
from wadjet.observe.startup.rows import Rows

MS = 10**6


def rules(made: Builder) -> set[str]:
    """Return which rules have something to say."""
    return {each.rule for each in diagnosis.diagnose(made.build())}


def start(*stacks: tuple[list[str], int]) -> Builder:
    """Return a start: stacks, each with its own time in ms."""
    made = Builder(METRICS)
    for stack, time in stacks:
        frames = [each if ":" in each else f"{each} {STAGE}:0" for each in stack]
        made.sample(frames, start=time * MS)
    return made


def test_modules_of_python_s_own_before_the_program_are_as_they_should_be() -> None:
    import site

    made = start((["interpreter", f"site {site.__file__}:0", f"os {site.__file__}:0"], 90))
    assert "start-site" not in rules(made)


def test_a_sitecustomize_is_wanted() -> None:
    stack = ["interpreter", "site /x/site.py:0", "sitecustomize /x/site-packages/s.py:0"]
    assert "start-site" not in rules(start((stack, 90)))


def test_only_the_outermost_of_heavy_imports_is_named() -> None:
    made = start((["program", "a a.py:0", "b b.py:0"], 90), (["program"], 9))
    found = [each.message for each in diagnosis.diagnose(made.build())]
    assert [each.split("`")[1] for each in found] == ["a"]


def test_a_collection_as_the_interpreter_ends_is_the_end_s() -> None:
    assert rules(start((["finalization", COLLECTION], 90))) == {"start-end"}


def test_of_a_short_start_nothing_is_said() -> None:
    made = Builder(METRICS).sample([f"program {STAGE}:0", "a a.py:0"], start=MS)
    assert rules(made) == set()
    assert rules(Builder(METRICS)) == set()


def test_what_a_pth_file_imports_is_named(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    [packages] = tmp_path.glob("lib/python*/site-packages")
    spins = "import time\nend = time.thread_time() + 0.3\nwhile time.thread_time() < end: pass"
    (packages / "heavy.py").write_text(spins)
    (packages / "heavy.pth").write_text("import heavy")
    rows = Rows()
    timed = timing.run([str(tmp_path / "bin" / "python"), "-c", "pass"], os.environ)
    rows.know(timing.files_of(timed))
    timing.add_times(rows, timed)
    [found] = diagnosis.site_imports(rows.profile(timed.ended - timed.began, {}))
    assert "imports `heavy` before the program" in found.message
    assert found.place == Place(str(packages / "heavy.py"))
