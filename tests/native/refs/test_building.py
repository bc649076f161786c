"""A project's own build, with another compiler, and a run that is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.errors import ExtensionError, NoInputError
from wadjet.native.refs.building import build, prepare
from wadjet.native.refs.compiling import Compiled, main, read_log
from wadjet.native.refs.reading import read
from wadjet.native.refs.running import Ended, run

SETUP = """\
from setuptools import Extension, setup
setup(name="leaky", version="1", ext_modules=[Extension("leaky", ["leaky.c"])])
"""
SOURCE = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyObject *leak(PyObject *m, PyObject *o)
{
    PyObject *x = PyLong_FromLong(123456789);
    (void)x;
    Py_RETURN_NONE;
}
static PyObject *crash(PyObject *m, PyObject *o)
{
    PyObject *list = PyList_New(0);
    Py_DECREF(list);
    *(volatile int *)8 = 1;
    return NULL;
}
static PyMethodDef methods[] = {{"leak", leak, METH_O}, {"crash", crash, METH_O}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "leaky", NULL, 0, methods};
PyMODINIT_FUNC PyInit_leaky(void)
{
    return PyModule_Create(&def);
}
"""
TESTS = """\
import leaky
def test_leak():
    leaky.leak(1)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "setup.py").write_text(SETUP)
    (folder / "leaky.c").write_text(SOURCE)
    (folder / "test_leaky.py").write_text(TESTS)
    build(folder, folder / "into", ("--no-build-isolation",))
    return folder


def started(project: Path, *words: str) -> tuple[Ended, list[str]]:
    site, reports = project / "into" / "site", project / "into" / "reports"
    ended = run([sys.executable, *words], site, reports)
    found = read(reports, ended).findings
    return ended, [f"{each.rule} {each.place.line if each.place else 0}" for each in found]


def test_a_test_that_leaks_is_repeated_and_the_line_is_named(project: Path) -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", str(project / "test_leaky.py"))
    ended, found = started(project, *words)
    assert ended.code == 0
    assert found == ["refs-leak 5"]


def test_a_leak_that_did_not_grow_is_not_reported(project: Path) -> None:
    assert started(project, "-c", "import leaky; leaky.leak(1)")[1] == []


def test_a_crash_leaves_the_report_and_the_last_line_reached(project: Path) -> None:
    ended, found = started(project, "-c", "import leaky; leaky.crash(1)")
    assert ended.signal == "SIGSEGV"
    assert found == ["refs-crash 12"]


def test_a_run_that_imports_nothing_of_the_build_is_refused(project: Path) -> None:
    with pytest.raises(ExtensionError, match="was imported"):
        started(project, "-c", "pass")


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="has no pyproject"):
        build(tmp_path)


def test_what_does_not_compile_with_the_shim_is_compiled_without_and_named(tmp_path: Path) -> None:
    prepare(tmp_path, tmp_path)
    source = tmp_path / "odd.c"
    source.write_text(
        "#include <Python.h>\n#ifdef WADJET_REFS_SHIM\nPyObject *f(void) { return PyList_New(); }\n"
        "#endif\n"
    )
    words = ["-c", str(source), "-o", str(tmp_path / "odd.o")]
    include = subprocess.check_output(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('include'))"], text=True
    ).strip()
    assert main(["cc"], str(tmp_path), "", str(tmp_path), [*words, f"-I{include}"]) == 0
    (compiled,) = read_log(tmp_path)
    assert isinstance(compiled, Compiled)
    assert not compiled.shimmed
    assert "odd.c:3" in compiled.complaint


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    site = {"site": 1, "file": "a.c", "line": 3, "function": "f", "api": "Py_DECREF"}
    kind = {"kind": "over-decref", "site": 1, "other": 0, "entry": "f", "library": ""}
    kind |= {"offset": 0, "message": "twice"}
    text = "\n".join([json.dumps(site), json.dumps(kind), '{"kind": "le'])
    (tmp_path / "report.1").write_text(text)
    (finding,) = read(tmp_path).findings
    assert finding.message == "twice"


def test_a_finding_names_both_ends_and_the_functions_on_the_way(tmp_path: Path) -> None:
    sites = [
        {"site": each, "file": "a.c", "line": each, "function": name, "api": "Py_DECREF"}
        for each, name in enumerate(("here", "before", "helper"), 1)
    ]
    entry = {"entry": "", "library": "", "offset": 0}
    mistake = {"kind": "stolen", "site": 1, "other": 2, "trail": [3, 0, 2], "message": "twice"}
    leak = {"leak": 1, "references": 3, "why": "lost", "type": "int", "other": 2, "confirmed": True}
    lines = [*sites, mistake | entry, leak | entry]
    (tmp_path / "report.1").write_text("\n".join(map(json.dumps, lines)))
    stolen, lost = read(tmp_path).findings
    assert [each.line for each in stolen.related] == [2, 3]
    assert [each.line for each in lost.related] == [2]
