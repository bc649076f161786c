"""importlib's functions are matched with their source, and no others are."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from wadjet.errors import UnsupportedError
from wadjet.pipeline.importer import takeover
from wadjet.pipeline.importer.edits import EDITS, edited
from wadjet.pipeline.pyc import Check, encoded
from wadjet.pipeline.source import Source
from wadjet.pipeline.writing import write

ANNOTATIONS = __import__("__future__").annotations.compiler_flag
TEXT = """
def plain(): pass

def outer():
    def inner(): pass
    return lambda: inner

closed = outer()

class Kind:
    def method(self): pass
    @staticmethod
    def static(): pass
    @property
    def value(self): pass
    @value.setter
    def value(self, given): pass
"""


@pytest.fixture
def module() -> ModuleType:
    made = ModuleType("_frozen_importlib")
    exec(TEXT, vars(made))
    return made


def keyed(code: CodeType) -> dict[tuple[str, int], CodeType]:
    return {(each.co_qualname, each.co_firstlineno): each for each in takeover._below(code)}


def test_every_function_is_found_however_it_is_kept(module: ModuleType) -> None:
    names = [each.__qualname__ for each in takeover.functions(module)]
    assert sorted(names) == [
        "Kind.method",
        "Kind.static",
        "Kind.value",
        "Kind.value",
        "outer",
        "outer.<locals>.<lambda>",
        "outer.<locals>.inner",
        "plain",
    ]


def test_each_has_its_code_from_source(module: ModuleType) -> None:
    codes = keyed(compile(TEXT, "again", "exec"))
    pairs = [*takeover._matched(module, codes)]
    assert len(pairs) == 8
    assert {(each.__qualname__, code.co_qualname) for each, code in pairs} == {
        (name, name) for name, _ in codes if name != "Kind"
    }
    assert all(code.co_filename == "again" for _, code in pairs)


def test_a_function_that_the_source_lacks_or_has_otherwise_stops_all(module: ModuleType) -> None:
    with pytest.raises(UnsupportedError, match="is not in its source") as told:
        list(takeover._matched(module, {}))
    assert "other files" in str(told.value.cure)
    codes = keyed(compile(TEXT, "again", "exec"))
    [key] = [each for each in codes if each[0].endswith("<lambda>")]
    codes[key] = codes[key].replace(co_freevars=("another",))
    with pytest.raises(UnsupportedError, match="<lambda>"):
        list(takeover._matched(module, codes))


def test_code_is_kept_for_other_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.pyc"
    monkeypatch.setattr(takeover, "cache_path", lambda *_: kept)
    codes = takeover._codes("_bootstrap")
    assert "_find_spec" in {name for name, _ in codes}
    assert kept.exists()
    monkeypatch.setattr(takeover, "_compiled", None)
    monkeypatch.setattr(takeover, "write", None)
    assert takeover._codes("_bootstrap").keys() == codes.keys()


def test_a_folder_that_cannot_be_written_to_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(takeover, "cache_path", lambda *_: tmp_path / "kept.pyc")
    monkeypatch.setattr(takeover, "write", refusing)
    assert takeover._codes("_bootstrap")


def test_what_was_kept_of_another_source_goes(tmp_path: Path) -> None:
    kept = tmp_path / "kept.pyc"
    code = compile("x = 1", "x", "exec")
    write(kept, encoded(code, Check.NEVER, b"12345678"))
    assert takeover._kept(kept, b"12345678") == code
    assert takeover._kept(kept, b"87654321") is None
    assert not kept.exists()
    assert takeover._kept(kept, b"12345678") is None
    assert takeover._kept(tmp_path, b"12345678") is None  # no file, and not to be removed


def test_the_source_is_compiled_as_it_stands() -> None:
    for part in ("_bootstrap", "_bootstrap_external"):
        code = takeover._compiled(part, takeover._source(part))
        assert not code.co_flags & ANNOTATIONS
        assert code.co_filename == f"<frozen importlib.{part}>"


def test_a_python_without_its_library_on_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_stdlib_dir", None)
    with pytest.raises(UnsupportedError, match="no standard library on disk"):
        takeover._source("_bootstrap")
    monkeypatch.delattr(sys, "_stdlib_dir")
    with pytest.raises(UnsupportedError, match="no standard library on disk"):
        takeover._source("_bootstrap")


def test_an_importlib_that_the_edits_do_not_fit_is_told() -> None:
    with pytest.raises(UnsupportedError, match="has 0 of ") as told:
        edited(Source("importlib.py", "x = 1\n"))
    assert EDITS[0].before in str(told.value)
    assert "without passes" in str(told.value.cure)
