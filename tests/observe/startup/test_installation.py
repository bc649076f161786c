"""What stands around a start is read as the interpreter would."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wadjet.observe.startup.installation import facts, find_shim, lines, shim_calls

NAMESPACE = "import sys, types, os;p = 'x';m = importlib.util.module_from_spec(1);m.__path__ = p"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site-packages"
    made.mkdir()
    return made


def script(folder: Path, text: str) -> Path:
    path = folder / "python"
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_lines_that_lead_nowhere(site: Path) -> None:
    (site / "there").mkdir()
    (site / "a.pth").write_text("# a comment\n\nthere\n/not/there/at/all\nimport os\nthere\n.\n")
    (site / "b.pth").write_text(f"{NAMESPACE}\nthere/../there\n")
    found = [(Path(each.file).name, each.number, each.why) for each in lines({}, [site])]
    assert found == [
        ("a.pth", 4, "missing"),
        ("a.pth", 6, "double"),
        ("a.pth", 7, "double"),
        ("b.pth", 1, "namespace"),
        ("b.pth", 2, "double"),
    ]


def test_files_that_cannot_be_read_are_passed_over(site: Path) -> None:
    (site / "a.pth").write_bytes(b"\xff\xfe\0")
    (site / "b.pth").mkdir()
    assert not list(lines({}, [site]))


def test_entries_of_the_variable(tmp_path: Path) -> None:
    path = os.pathsep.join([str(tmp_path), "/not/there/at/all", str(tmp_path), ""])
    found = [(each.file, each.number, each.why) for each in lines({"PYTHONPATH": path}, [])]
    assert found == [("", 2, "missing"), ("", 3, "double")]


def test_a_shim_is_a_script_of_a_shell(tmp_path: Path) -> None:
    assert find_shim({"PATH": str(tmp_path)}) is None
    made = script(tmp_path, "#!/bin/sh\nexit 0\n")
    assert find_shim({"PATH": str(tmp_path)}) == made
    script(tmp_path, "#!/usr/bin/env python3\n")
    assert find_shim({"PATH": str(tmp_path)}) is None
    made.unlink()
    made.symlink_to(sys.executable)
    assert find_shim({"PATH": str(tmp_path)}) is None


def test_calls_before_python_are_counted(tmp_path: Path) -> None:
    plain = script(tmp_path, f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    few = shim_calls(plain, os.environ)
    busy = script(tmp_path, f'#!/bin/sh\n/bin/true\n/bin/true\nexec {sys.executable} "$@"\n')
    assert 0 < few < shim_calls(busy, os.environ)


def test_a_shim_is_not_run_where_no_calls_are_counted(tmp_path: Path) -> None:
    script(tmp_path, "#!/bin/sh\ntouch ran\n")
    assert "shim" not in facts({"PATH": str(tmp_path)}, calls=False)
