"""Importing by way of passes: in the machinery's place, and by a hook.

Each test imports in a process of its own: what is changed is how that process imports.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import ast, importlib, sys
from wadjet import importer
from wadjet.passes import rewrites
@rewrites(ast.Constant, name="answer", version="1")
def answer(node, facts):
    "Forty-two for six times seven."
    if node.value == "6 * 7": return ast.Constant(42)
@rewrites(ast.Constant, name="broken", version="1")
def broken(node, facts):
    "Fail."
    if node.value == "6 * 7": raise ValueError("no")
"""
WAYS = ["", "hook_only=True"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("x = '6 * 7'\ndef f():\n    return 1 / 0\n")
    os.utime(tmp_path / "app.py", (1_000_000_000, 1_000_000_000))
    return tmp_path


def ran(folder: Path, script: str, way: str = "", *options: str, passes: str = "answer") -> str:
    source = START + f"sys.modules['mine'] = sys.modules['__main__']; way = dict({way})\n"
    source += f"def install(**more): return importer.install('mine:{passes}', **way, **more)\n"
    done = subprocess.run(
        [sys.executable, *options, "-c", source + script],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_what_is_imported_has_been_through_the_passes(folder: Path, way: str) -> None:
    assert ran(folder, "install(); import app; print(app.x)", way) == "42\n"


@pytest.mark.parametrize("way", WAYS)
def test_the_code_is_kept_under_the_tag_of_the_passes(folder: Path, way: str) -> None:
    ran(folder, "install(); import app", way)
    (kept,) = (folder / "__pycache__").glob("app.*.pyc")
    assert ".opt-x" in kept.name
    before = kept.stat().st_mtime_ns
    spoilt = "answer.rewrite.__code__ = broken.rewrite.__code__; "
    assert ran(folder, f"install(strict=True); {spoilt}import app; print(app.x)", way) == "42\n"
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("way", WAYS)
def test_python_itself_sees_nothing_of_it(folder: Path, way: str) -> None:
    ran(folder, "install(); import app", way)
    assert ran(folder, "import app; print(app.x)") == "6 * 7\n"


@pytest.mark.parametrize("way", WAYS)
def test_it_can_be_undone(folder: Path, way: str) -> None:
    script = """
installed = install()
import app
installed.undo()
app = importlib.reload(app)
print(app.x, app.__spec__.cached.count("opt-"))
importer.install("", hook_only=True).undo()
install().undo()
"""
    assert ran(folder, script, way) == "6 * 7 0\n"


@pytest.mark.parametrize("way", WAYS)
def test_a_stale_file_is_not_loaded_even_within_its_time_stamp(folder: Path, way: str) -> None:
    script = """
import os
installed = install()
open("young.py", "w").write("x = 1\\n")
import young
was = os.stat("young.py")
open("young.py", "w").write("x = 2\\n")
os.utime("young.py", ns=(was.st_atime_ns, was.st_mtime_ns))
del sys.modules["young"]
import young
print(young.x)
"""
    assert ran(folder, script, way) == "2\n"


@pytest.mark.parametrize("way", WAYS)
def test_what_is_foreign_truncated_or_of_the_future_is_compiled_anew(
    folder: Path, way: str
) -> None:
    ran(folder, "install(); import app", way)
    (kept,) = (folder / "__pycache__").glob("app.*.pyc")
    good = kept.read_bytes()
    foreign = good.replace(b"answer@1", b"others@1")
    future = good.replace(b"wadjet 1:", b"wadjet 9:")
    for data in (foreign, future, good[:8], b"", b"\0" * 100):
        kept.write_bytes(data)
        assert ran(folder, "install(); import app; print(app.x)", way) == "42\n"
        assert b"answer@1" in kept.read_bytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_that_fails_is_named_and_the_module_imported_without(folder: Path, way: str) -> None:
    script = "i = install(); import app; print(app.x, *i.machinery.failures)"
    out = ran(folder, script, way, passes="broken")
    assert out.startswith("6 * 7 the pass broken failed at ")
    assert "app.py:1 (ValueError: no)" in out
    strict = ran(folder, "install(strict=True); import app", way, passes="broken")
    assert strict.splitlines()[-1].startswith("wadjet.errors.PassError: the pass broken failed at")


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_may_not_be_written_to_stops_nothing(folder: Path, way: str) -> None:
    (folder / "__pycache__").write_text("a file, where the cache would be")
    assert ran(folder, "install(); import app; print(app.x)", way) == "42\n"


@pytest.mark.parametrize("code", ["def f(:\n", "import nothing_here", "1 / 0", "return"])
def test_tracebacks_are_those_of_python(folder: Path, code: str) -> None:
    (folder / "bad.py").write_text(f"x = 1\n{code}\n")
    stock = ran(folder, "\nimport bad")
    assert stock.count("Traceback") == 1
    assert ran(folder, "install()\nimport bad") == stock


def test_the_machinery_is_the_source_of_importlib_itself(folder: Path) -> None:
    script = """
import _frozen_importlib as one, _frozen_importlib_external as two
functions = [one._find_and_load, one._ModuleLock.acquire, two.FileFinder.find_spec]
before = [(each, each.__code__) for each in functions]
loader = two.SourceFileLoader
installed = install()
print(all(each.__code__ is not code for each, code in before), loader is two.SourceFileLoader)
print({each.__code__.co_filename for each, _ in before})
print(len(installed.swapped) > 150, importlib.import_module("app").__loader__.__class__ is loader)
"""
    names = {"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"}
    first, second, third = ran(folder, script).splitlines()
    assert (first, eval(second), third) == ("True True", names, "True True")


def test_it_is_not_taken_over_twice(folder: Path) -> None:
    assert "taken over already; undo that first" in ran(folder, "install(); install()")


def test_it_can_import_itself(folder: Path) -> None:
    script = """
installed = install()
ours = [name for name in sys.modules if name.startswith("wadjet")]
for name in ours: del sys.modules[name]
import wadjet.pipeline.importer.takeover as again
print(again.__spec__.cached.count("opt-x"), again.take_over is not None)
"""
    assert ran(folder, script) == "1 True\n"


@pytest.mark.parametrize("way", WAYS)
def test_packages_namespaces_and_resources_are_found(folder: Path, way: str) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text("y = '6 * 7'\n")
    (folder / "pkg" / "data.txt").write_text("data")
    (folder / "spread").mkdir()
    (folder / "spread" / "mod.py").write_text("z = '6 * 7'\n")
    script = """
install()
import pkg, spread.mod, importlib.resources, pkgutil, inspect
print(pkg.y, spread.mod.z, importlib.resources.files(pkg).joinpath("data.txt").read_text())
print([each.name for each in pkgutil.iter_modules(["."]) if each.name in ("app", "pkg")])
print(inspect.getsource(spread.mod).strip())
"""
    assert ran(folder, script, way) == "42 42 data\n['app', 'pkg']\nz = '6 * 7'\n"


def test_modules_that_are_run_go_through_the_passes(folder: Path) -> None:
    (folder / "main.py").write_text("print('6 * 7')\n")
    script = "install(); import runpy; runpy.run_module('main', run_name='__main__')"
    assert ran(folder, script) == "42\n"


@pytest.mark.parametrize("way", WAYS)
def test_many_writers_never_show_a_torn_file(folder: Path, way: str) -> None:
    body = "\n".join(f"def f{n}(): return '6 * 7'" for n in range(500))
    (folder / "large.py").write_text(body)
    script = "install(); import large; print(large.f499())"
    source = START + f"sys.modules['mine'] = sys.modules['__main__']; way = dict({way})\n"
    source += "def install(): return importer.install('mine:answer', **way)\n" + script
    command = [sys.executable, "-c", source]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for _ in range(3):
        writers = [
            subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        assert [each.communicate()[0] for each in writers] == ["42\n"] * 4
        for each in (folder / "__pycache__").iterdir():
            assert each.name.count(".pyc") == 1
            assert each.name.endswith(".pyc")
            each.unlink()
