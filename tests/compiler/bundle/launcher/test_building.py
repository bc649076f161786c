"""What goes into a launcher, and what it does when that is no longer so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.compiler.bundle.programs import environment

from wadjet.compiler.bundle.launcher import building
from wadjet.compiler.bundle.launcher.building import Plan, build
from wadjet.compiler.bundle.launcher.state import Record, observe


@pytest.fixture(scope="module")
def record() -> Record:
    return observe(sys.executable, [])


@pytest.fixture
def another(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path, Path]:
    """A standard library, a folder of installed modules and a script that can be changed."""
    library, installed = tmp_path / "lib", tmp_path / "site-packages"
    for each in (library, installed):
        each.mkdir()
    for name in ("os.py", "site.py"):
        shutil.copy(Path(record.stdlib, name), library)
    (installed / "given.py").write_text("value = 'bundled'\n")
    script = tmp_path / "app.py"
    script.write_text("import given, sys; print(given.value, type(given.__loader__).__name__)\n")
    changed = replace(record, stdlib=str(library), path=(*record.path, str(installed)))
    monkeypatch.setattr(building, "observe", lambda *_: changed)
    made = tmp_path / "app"
    made.write_bytes(build(Plan(script)).data)
    made.chmod(0o755)
    return library, installed, script


def run(script: Path, *words: str) -> tuple[int, str, str]:
    command = [str(script.with_suffix("")), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    return done.returncode, done.stdout, done.stderr


def test_files_count_as_long_as_they_are_what_they_were(another: tuple[Path, Path, Path]) -> None:
    library, installed, script = another
    assert run(script) == (0, "bundled Loader\n", "")
    (installed / "given.py").write_text("value = 'another one'\n")
    assert run(script) == (0, "another one SourceFileLoader\n", "")
    script.write_text("print('plain', __import__('sys').argv[1:])\n")
    assert run(script)[1] == "another one SourceFileLoader\n"

    (library / "os.py").write_text("")
    said = f"{script.with_suffix('')}: the standard library in {library} has changed"
    running = f"; running {sys.executable} instead\n"
    assert run(script, "x") == (0, "plain ['x']\n", said + running)
    script.unlink()
    code, _, told = run(script)
    assert code == 70
    assert told.splitlines()[1].endswith("build it again with wadjet launcher")


def test_imports_are_followed_through_heads_of_modules(record: Record, tmp_path: Path) -> None:
    import ast

    from wadjet.compiler.bundle.launcher.modules import closure

    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import near\nfrom .far import *\n")
    (tmp_path / "package" / "near.py").write_text("def f():\n    import colorsys\n")
    (tmp_path / "package" / "far.py").write_text("from .. import wrong\nimport broken, nowhere\n")
    (tmp_path / "broken.py").write_text("def\n")
    path = [str(tmp_path), *record.path]
    tree = ast.parse("if 1:\n    import package, math\ndef f():\n    import quopri\n")
    found = {each.name: each for each in closure(tree, "", path, tmp_path)}
    assert {"package", "package.near", "package.far", "broken", "colorsys", "quopri"} <= set(found)
    assert found["package"].is_package
    assert found["package"].is_own
    assert not found["colorsys"].is_own
    assert found["package.near"].entry == -1
    assert found["broken"].entry == 0
    assert "nowhere" not in found


def test_lines_of_pth_files_are_known(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    [packages] = (tmp_path / "v").glob("lib/python*/site-packages")
    (packages / "line.pth").write_text("# a comment\nimport sys; sys.told = 1\n/nowhere\n")
    seen = observe(str(tmp_path / "v" / "bin" / "python"), ["-X", "utf8"])
    assert seen.lines == ("import sys; sys.told = 1",)
    assert seen.prefix == str(tmp_path / "v")
    assert seen.prefix != seen.base_prefix
