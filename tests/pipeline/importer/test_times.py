"""What imports cost: all of it, each module below the one that asked for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.errors import OutputError
from wadjet.importer import timed
from wadjet.model import totals
from wadjet.model.imports import STAGE
from wadjet.model.profile import Profile
from wadjet.model.store import load

MODULES = "json.tool, http.server, xml.dom.minidom, decimal"
SCRIPT = """
from wadjet.importer import timed
with timed() as times:
    import {modules}
times.save({path!r})
"""


def recorded(path: Path, script: str = SCRIPT) -> Profile:
    text = script.format(path=str(path), modules=MODULES)
    subprocess.run([sys.executable, "-c", text], check=True, cwd=path.parent)
    return load(path)


def nested(profile: Profile) -> set[tuple[str, ...]]:
    """The way from what was asked for to each module."""
    tree = profile.tree
    found: set[tuple[str, ...]] = set()
    for node in range(len(tree)):
        way = [tree.functions[tree.function_of(each)] for each in tree.path(node)]
        found.add(tuple(each.name for each in reversed(way) if each.file != STAGE))
    return found


def told(text: str) -> set[tuple[str, ...]]:
    """The same of what ``-X importtime`` tells, which has each module after those below it."""
    found: set[tuple[str, ...]] = set()
    above: list[str] = []
    for line in reversed(text.splitlines()):
        if match := re.fullmatch(r"import time: +\d+ \| +\d+ \| ( *)(\S+)", line):
            above = [*above[: len(match[1]) // 2], match[2]]
            found.add(tuple(above))
    return found


def test_modules_are_below_what_asked_for_them_as_the_interpreter_says(tmp_path: Path) -> None:
    script = "from wadjet.importer import timed\nimport sys; sys.stderr.write('now\\n')\nimport {}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script.format(MODULES)],
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = told(done.stderr.partition("now\n")[2])
    assert len(theirs) > 30
    assert nested(recorded(tmp_path / "it.wadjet")) == theirs


def test_times_add_up_to_what_passed(tmp_path: Path) -> None:
    script = "import time\n" + SCRIPT.replace(
        "    import {modules}",
        "    began = time.perf_counter_ns()\n    import {modules}\n"
        "    passed = time.perf_counter_ns() - began",
    )
    profile = recorded(tmp_path / "it.wadjet", script + "print(passed)")
    text = (script + "\nimport wadjet.model.totals as t\n").format(
        path=str(tmp_path / "two.wadjet"), modules=MODULES
    )
    text += "whole = t.fold(times.profile, 'import').total\nassert 0.9 * passed < whole <= passed\n"
    subprocess.run([sys.executable, "-c", text], check=True)
    assert totals.fold(profile, "import").total > 0


def test_each_stage_of_a_module_has_a_frame(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    script = SCRIPT.replace("{modules}", "app, _decimal")
    for stage in ("compile", "load code"):
        (tmp_path / "it.wadjet").unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        text = script.format(path=str(tmp_path / "it.wadjet"))
        subprocess.run([sys.executable, "-c", text], check=True, cwd=tmp_path, env=environment)
        tree = load(tmp_path / "it.wadjet").tree
        described = [tree.describe(node) for node in range(len(tree))]
        for each in ("find", "read", stage):
            assert f"app ({tmp_path / 'app.py'}:0) > {each} (<import>:0)" in described
        if "lib-dynload" in str(sys.modules.get("_decimal")):
            assert any("load extension" in each for each in described)


def test_a_failed_import_has_the_traceback_it_always_had(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import json.nothing\n")
    (tmp_path / "bad.py").write_text("1 / 0\n")
    script = (
        "import sys, traceback\nfrom contextlib import nullcontext\n"
        "from wadjet.importer import timed\n"
        "with {}():\n    for name in ('app', 'bad'):\n"
        "        try: __import__(name)\n        except Exception: traceback.print_exc()\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script.format(way)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        ).stderr
        for way in ("nullcontext", "timed")
    ]
    assert said[0] == said[1]
    assert "No module named 'json.nothing'" in said[0]
    assert "ZeroDivisionError" in said[0]


def test_importlib_is_as_it_was_when_the_block_ends() -> None:
    home, external = (sys.modules[f"_frozen_importlib{part}"] for part in ("", "_external"))

    def state() -> list[object]:
        classes = [external.FileLoader, external.SourceLoader, external.ExtensionFileLoader]
        return [dict(vars(each)) for each in (home, external, *classes)]

    before = state()
    try:
        with timed():
            assert state() != before
            raise KeyError
    except KeyError:
        assert state() == before


def test_threads_have_their_own_imports(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"m{number}.py").write_text(f"import m{number}_below\n")
        (tmp_path / f"m{number}_below.py").write_text("sum(range(1000))\n")
    script = """
import threading
from wadjet.importer import timed
with timed() as times:
    threads = [
        threading.Thread(target=__import__, args=(f"m{{n}}",), name=f"t{{n}}") for n in range(8)
    ]
    for each in threads: each.start()
    for each in threads: each.join()
times.save({path!r})
"""
    profile = recorded(tmp_path / "it.wadjet", script)
    assert {f"t{number}" for number in range(8)} <= {each.name for each in profile.threads}
    ways = nested(profile)
    assert {(f"m{number}", f"m{number}_below") for number in range(8)} <= ways


def test_they_are_saved_once_unless_that_is_asked_for(tmp_path: Path) -> None:
    with timed() as times:
        pass
    path = Path(os.path.relpath(tmp_path / "it.wadjet"))
    assert times.save(path) == path.absolute()
    with pytest.raises(OutputError):
        times.save(path)
    assert times.save(path, overwrite=True).is_absolute()


def test_to_take_them_imports_nothing_that_would_be_missing_in_what_is_told() -> None:
    script = (
        "import sys, wadjet.pipeline.importer.times\nprint('wadjet.model.profile' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"


def test_they_are_told_beside_passes(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import below\n")
    (tmp_path / "below.py").write_text("")
    script = "from wadjet import importer\nimporter.install('safe')\n" + SCRIPT
    profile = recorded(tmp_path / "it.wadjet", script.replace("{modules}", "app"))
    assert ("app", "below") in nested(profile)
