"""Imports are moved to where they are needed, and every other line stays as it was."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest

from wadjet.compiler.bundle.lazy import Change, change_file, marked, moved, prove
from wadjet.errors import SourceError
from wadjet.pipeline.deferring import Deferrable, deferrable
from wadjet.pipeline.source import decode


def changed(text: str, change: Change) -> tuple[str, list[Deferrable]]:
    """Return a text with all imports changed that can be, and which those are."""
    done = []
    for found in reversed(deferrable(text)):  # lines above stay where they are
        made = change(text, found)
        if made is not None:
            text = made
            done.append(found)
    return text, done


def lazy(text: str) -> str:
    """Return a text with all imports moved that can be."""
    return changed(text, moved)[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import a\ndef f():\n    return a\n", "def f():\n    import a\n    return a\n"),
        (
            "import a, b  # both\ndef f():\n\treturn a\nb\n",
            "import b  # both\ndef f():\n\timport a\n\treturn a\nb\n",
        ),
        (
            "from a import (\n    b,\n    c as d,\n)\ndef f():\n    return d\nb\n",
            "from a import b\ndef f():\n    from a import c as d\n    return d\nb\n",
        ),
        (
            "import a.b\nclass C:\n    def f(self):\n        'Doc.'\n        a.b  # note\n",
            "class C:\n    def f(self):\n        'Doc.'\n        import a.b\n        a.b  # note\n",
        ),
        (
            "import a\nasync def f():\n    @d\n    def g(): return a\n",
            "async def f():\n    import a\n    @d\n    def g(): return a\n",
        ),
        (
            "import a\r\ndef f():\r\n    a\r\ndef g():\r\n    a\r\n",
            "def f():\r\n    import a\r\n    a\r\ndef g():\r\n    import a\r\n    a\r\n",
        ),
        (
            "import a, b\ndef f():\n    return a, b\n",
            "def f():\n    import a\n    import b\n    return a, b\n",
        ),
        (
            "def f():\n    return a\nimport a\nfrom b import c\nc\n",
            "def f():\n    import a\n    return a\nfrom b import c\nc\n",
        ),
        ("import a\n\x0c\ndef f():\n    a", "\x0c\ndef f():\n    import a\n    a"),
    ],
)
def test_an_import_is_made_where_it_is_needed(before: str, after: str) -> None:
    assert lazy(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "import a\ndef f(): return a\n",
        "import a\nf = lambda: a\n",
        "import a; import b\ndef f():\n    return a\n",
        "from a import (\n    b,  # one\n    c,\n)\ndef f():\n    return b\nc\n",
        "import a\na\n",
        "if True:\n    import a\ndef f():\n    a\n",
    ],
)
def test_what_cannot_be_moved_alone_is_left(text: str) -> None:
    assert lazy(text) == text


def test_an_import_is_marked_for_later_pythons() -> None:
    text = "import a\nimport b, c\nfrom d import e\ndef f():\n    return a, b, e\nc\n"
    made, done = changed(text, marked)
    assert made.startswith("lazy import a\nimport b, c\nlazy from d import e\ndef")
    assert [each.name for each in done] == ["e", "a"]


APP = "import csv\nimport json\n\n\ndef rows(file):\n    return csv.reader(file), json\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(APP)
    return path


def texts(app: Path, number: int) -> tuple[str, str]:
    found = change_file(app, deferrable(APP)[number], moved)
    assert found is not None
    return found


def test_an_import_is_found_where_it_has_moved_to(app: Path) -> None:
    assert prove(app, *texts(app, 0), lambda: True)
    assert prove(app, *texts(app, 1), lambda: True)
    assert app.read_text() == (
        "\n\ndef rows(file):\n    import json\n    import csv\n    return csv.reader(file), json\n"
    )
    assert change_file(app, deferrable(APP)[0], moved) is None


def test_what_the_tests_need_is_put_back(app: Path) -> None:
    assert not prove(app, *texts(app, 0), lambda: app.read_text() == APP)
    assert app.read_text() == APP


def test_a_file_is_what_it_was_where_the_tests_are_interrupted(app: Path) -> None:
    def passes() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prove(app, *texts(app, 0), passes)
    assert app.read_text() == APP


def test_what_somebody_else_writes_meanwhile_is_not_lost(app: Path) -> None:
    def passes() -> bool:
        app.write_text("new = 1\n")
        return False

    before, made = texts(app, 0)
    with pytest.raises(SourceError, match="was changed while"):
        prove(app, before, made, passes)
    assert app.read_text() == "new = 1\n"
    with pytest.raises(SourceError, match="has changed meanwhile"):
        prove(app, before, made, passes)


def test_files_of_the_library_stay_programs() -> None:
    count = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = decode(str(path), path.read_bytes()).text
        made, done = changed(text, moved)
        count += len(done)
        names = {each.name for each in done}
        assert names <= {
            alias.asname or alias.name.partition(".")[0]
            for function in ast.walk(ast.parse(made))
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        compile(made, str(path), "exec", dont_inherit=True)
    assert count > 50
