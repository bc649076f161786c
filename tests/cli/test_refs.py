"""``wadjet refs check`` and the forms in which findings are written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from jsonschema import validate

from wadjet.cli.__main__ import main
from wadjet.errors import MissingExtraError, OutputError, UsageError
from wadjet.native.csource import trees
from wadjet.native.refs.running import NAME, REPORTS

SCHEMA = {
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}},
}
BAD = """\
static PyObject *f(PyObject *self, PyObject *o)
{
    return PyList_GET_ITEM(o, 0);
}
static PyMethodDef methods[] = {{"f", f, METH_O}, {0}};
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "bad.c").write_text(BAD)
    (tmp_path / "good.c").write_text("static int g(void) { return 1; }\n")
    return tmp_path


def test_mistakes_are_told_with_their_lines_and_exit_with_one(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refs", "check", str(source)]) == 1
    text = capsys.readouterr().out
    assert "bad.c:3: f returns the borrowed result of PyList_GET_ITEM [refs-returned]" in text
    assert text.endswith("1 mistake in 2 functions, 6 lines.\n")


def test_source_without_mistakes_exits_with_nought(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refs", "check", str(source / "good.c")]) == 0
    assert capsys.readouterr().out == "No mistakes in 1 functions, 1 lines.\n"


def test_json_is_a_line_for_each(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refs", "check", "--json", str(source)]) == 1
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["rule"], row["place"]["line"]) == ("refs-returned", 3)


def test_sarif_names_the_rule_and_the_place(source: Path) -> None:
    path = source / "found.sarif"
    assert main(["refs", "check", str(source), "--sarif", str(path)]) == 1
    written = json.loads(path.read_text())
    validate(written, SCHEMA)
    (result,) = written["runs"][0]["results"]
    assert result["ruleId"] == "refs-returned"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3}


def test_a_sarif_file_that_is_there_is_kept(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = source / "found.sarif"
    path.write_text("mine")
    assert main(["refs", "check", str(source), "--sarif", str(path)]) == OutputError.exit_code
    assert path.read_text() == "mine"
    assert "--overwrite" in capsys.readouterr().err


def test_without_a_reader_of_c_the_command_says_what_to_install(
    source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    trees._parser.cache_clear()
    assert main(["refs", "check", str(source)]) == MissingExtraError.exit_code
    assert 'pip install "wadjet[native]"' in capsys.readouterr().err


def test_overwrite_without_sarif_is_refused(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refs", "check", str(source), "--overwrite"]) == UsageError.exit_code
    assert "--overwrite is for --sarif" in capsys.readouterr().err


def test_a_report_of_the_ledger_is_written_for_code_hosts(tmp_path: Path) -> None:
    reports = tmp_path / REPORTS
    reports.mkdir()
    site = {"site": 1, "file": "a.c", "line": 3, "function": "f", "api": "Py_DECREF"}
    told = {"kind": "over-decref", "site": 1, "other": 0, "entry": "f", "library": ""}
    told |= {"offset": 0, "message": "twice"}
    (reports / f"{NAME}.1").write_text(f"{json.dumps(site)}\n{json.dumps(told)}\n")
    path = tmp_path / "found.sarif"
    assert main(["refs", "show", "--into", str(tmp_path), "--sarif", str(path)]) == 1
    (result,) = json.loads(path.read_text())["runs"][0]["results"]
    assert (result["ruleId"], result["message"]["text"]) == ("refs-over-decref", "twice")
