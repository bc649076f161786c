"""Who took and gave away the references of single objects."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import ExtensionError, UsageError
from wadjet.model.finding import Place
from wadjet.native.refs.building import build
from wadjet.native.refs.running import NAME, run
from wadjet.native.refs.tracing import VARIABLE, Event, Traces, folded, read

SETUP = """\
from setuptools import Extension, setup
setup(name="traced", version="1", ext_modules=[Extension("traced", ["traced.c"])])
"""
SOURCE = """\
#include <Python.h>
static PyObject *keep(PyObject *m, PyObject *o)
{
    for (int i = 0; i < 100; i++) {
        Py_INCREF(o);
        Py_DECREF(o);
    }
    Py_INCREF(o);
    Py_RETURN_NONE;
}
static PyObject *wrap(PyObject *m, PyObject *o)
{
    PyObject *list = PyList_New(0);
    PyList_Append(list, o);
    PyObject *tuple = PyTuple_New(1);
    PyTuple_SET_ITEM(tuple, 0, list);
    return tuple;
}
static PyMethodDef methods[] = {{"keep", keep, METH_O}, {"wrap", wrap, METH_O}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "traced", NULL, 0, methods};
PyMODINIT_FUNC PyInit_traced(void)
{
    return PyModule_Create(&def);
}
"""
PROGRAM = """\
import traced
class Node: pass
for turn in range(3):
    traced.keep(Node())
    traced.wrap(Node())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "setup.py").write_text(SETUP)
    (folder / "traced.c").write_text(SOURCE)
    build(folder, folder / "into", ("--no-build-isolation",))
    return folder


def traces(project: Path, what: str) -> Traces:
    reports = project / "into" / "reports"
    run([sys.executable, "-c", PROGRAM], project / "into" / "site", reports, {VARIABLE: what})
    return read(reports)


def lines(events: tuple[Event, ...]) -> list[tuple[str, int, int]]:
    return [(each.what, each.place.line, each.count) for each in events]


def test_a_reference_that_is_kept_is_told_with_its_line_and_count(project: Path) -> None:
    (nodes,) = traces(project, "Node").unbalanced
    assert (nodes.type, nodes.alike, nodes.kept) == ("Node", 3, 1)
    assert lines(nodes.events[-1:]) == [("taken", 8, nodes.events[0].count)]


def test_turns_of_a_loop_are_told_once(project: Path) -> None:
    (nodes,) = traces(project, "Node").unbalanced
    parts = [(times, [each.place.line for each in part]) for times, part in folded(nodes.events)]
    assert parts == [(100, [5, 6]), (1, [8])]


def test_what_a_line_makes_is_followed_to_where_it_is_given(project: Path) -> None:
    found = traces(project, "traced.c:13")
    (lists,) = found.objects
    assert (lists.type, lists.alike, found.balanced) == ("list", 3, 3)
    assert lines(lists.events) == [("new", 13, 1), ("given", 16, 1)]


def test_what_is_returned_is_the_callers(project: Path) -> None:
    (tuples,) = traces(project, "traced.c:15").objects
    assert [each.what for each in tuples.events] == ["new", "returned"]


def test_without_a_wish_nothing_is_traced(project: Path) -> None:
    assert traces(project, "").objects == ()


def test_the_command_shows_what_is_out_of_balance(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = ["--", sys.executable, "-c", PROGRAM]
    assert main(["refs", "trace", "--into", str(project / "into"), "Node", *command]) == 0
    text = capfd.readouterr().out
    assert "3 objects of Node, each: 1 reference kept" in text
    assert "traced.c:8" in text
    assert "and so 99 times more, the 2 lines above" in text


def test_an_option_behind_the_type_is_refused(project: Path) -> None:
    words = ["refs", "trace", "--into", str(project / "into"), "Node", "--all", "--", "true"]
    assert main(words) == UsageError.exit_code


def test_a_trace_that_was_cut_says_so(tmp_path: Path) -> None:
    site = {"site": 1, "file": "a.c", "line": 3, "function": "f", "api": "Py_INCREF"}
    event = {"trace": 1, "at": 1, "event": "taken", "count": 2, "type": "list"}
    cut = {"trace": 0, "at": 0, "event": "cut", "count": 0, "type": ""}
    (tmp_path / f"{NAME}.1").write_text("\n".join(map(json.dumps, (site, event, cut))))
    found = read(tmp_path)
    assert found.is_cut
    assert [each.events for each in found.objects] == [
        (Event(Place("a.c", 3, "Py_INCREF in f"), "taken", 2),)
    ]


def test_a_run_that_imports_nothing_of_the_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="was imported"):
        read(tmp_path)
