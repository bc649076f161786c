"""The compiler and the cache of an import system, asked as importlib asks them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from wadjet.compiler.catalog import chosen
from wadjet.errors import UnsupportedError
from wadjet.pipeline.importer.machinery import Machinery
from wadjet.pipeline.importer.script import optimize_script

ANNOTATIONS = __import__("__future__").annotations.compiler_flag


def test_a_tree_of_somebodys_loader_is_compiled_as_it_is() -> None:
    compile_ = Machinery(()).compile
    code = compile_(ast.parse("x = __debug__"), "made.py", "exec", optimize=1, dont_inherit=True)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["x"] is False
    assert code.co_filename == "made.py"
    assert not code.co_flags & ANNOTATIONS


def test_passes_that_fail_stop_nothing_unless_that_is_asked_for() -> None:
    assert not Machinery(()).strict
    assert Machinery((), strict=True).strict


def test_bytecode_of_other_passes_is_refused_by_name() -> None:
    machinery = Machinery(chosen(["safe"]))
    details = {"name": "app", "path": "app.pyc"}
    with pytest.raises(ImportError, match="'app' is of other passes") as told:
        machinery.classify(lambda *_: 3, b"nothing of ours", "app", details)
    assert (told.value.name, told.value.path) == ("app", "app.pyc")
    data = b"..." + machinery.record.encode() + b"..."
    assert machinery.classify(lambda *_: 3, data, "app", details) == 3


def test_files_of_the_interpreters_own_name_are_as_it_writes_them() -> None:
    machinery = Machinery(())
    assert not machinery.tag
    code = compile("", "x", "exec")

    def stock(*given: object) -> Any:
        return given

    made: Any = machinery.fresh(stock, b"", code, 12.0, 34)
    assert made == (code, 12.0, 34)


def test_an_error_does_not_keep_itself() -> None:
    with pytest.raises(SyntaxError) as told:
        Machinery(()).compile("1 +", "x.py", "exec")
    assert all("failure" not in each.frame.f_locals for each in told.traceback)


def test_a_script_needs_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wadjet.pipeline.importer._script", None)
    with pytest.raises(UnsupportedError, match="without the C core"):
        optimize_script(Machinery(()))


def test_a_file_without_its_source_is_found(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import py_compile; py_compile.compile('alone.py', 'alone.pyc')"
    (tmp_path / "alone.py").write_text("x = 'found'\n")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    (tmp_path / "alone.py").unlink()
    code = "from wadjet import importer; import sys; import json; hooks = len(sys.path_hooks)\n"
    code += "made = importer.install('', hook_only=True)\n"
    code += "import alone; print(alone.x, sys.path_hooks.index(made.hook))"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "found 0\n"
