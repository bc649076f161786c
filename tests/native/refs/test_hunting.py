"""``wadjet refs hunt`` names what extensions leave behind that were built as usual."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SOURCE = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>
static PyObject *leak(PyObject *m, PyObject *o)
{
    PyObject *x = PyUnicode_FromString("a text that is new"); /* never released */
    (void)x;
    Py_RETURN_NONE;
}
static PyObject *hoard(PyObject *m, PyObject *o)
{
    char *block = malloc(1000); /* never freed */
    memset(block, 1, 1000);
    Py_RETURN_NONE;
}
static PyObject *keep(PyObject *m, PyObject *o)
{
    Py_INCREF(o);
    Py_RETURN_NONE;
}
static PyObject *clean(PyObject *m, PyObject *o)
{
    char *block = malloc(1000);
    PyObject *x = PyBytes_FromStringAndSize(memset(block, 1, 1000), 1000);
    free(block);
    return x;
}
static PyMethodDef methods[] = {
    {"leak", leak, METH_O}, {"hoard", hoard, METH_O}, {"keep", keep, METH_O},
    {"clean", clean, METH_O}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "hoards", NULL, 0, methods};
PyMODINIT_FUNC PyInit_hoards(void)
{
    return PyModule_Create(&def);
}
"""
TESTS = """\
import hoards
CLASS = type("Kept", (), {})
def test_leak():
    hoards.leak(1)
def test_hoard():
    hoards.hoard(1)
def test_keep():
    hoards.keep(CLASS)
def test_keep_new():
    hoards.keep([1])
def test_clean():
    assert hoards.clean(1)
"""


def line(text: str, of: str) -> int:
    return next(at for at, each in enumerate(of.splitlines(), 1) if text in each)


def hunt(folder: Path, *words: str, command: tuple[str, ...] = ()) -> tuple[int, str, str]:
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull)
    ran = command or (*pytest_, "-p", "wadjet.embed.pytest_plugin", f"--rootdir={folder}")
    done = subprocess.run(
        [sys.executable, "-m", "wadjet", "refs", "hunt", *words, "--", *ran],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hoards")
    (folder / "hoards.c").write_text(SOURCE)
    (folder / "test_hoards.py").write_text(TESTS)
    include = sysconfig.get_path("include")
    command = ["cc", "-shared", "-fPIC", "-g", "-w", f"-I{include}", str(folder / "hoards.c")]
    subprocess.run([*command, "-o", str(folder / "hoards.so")], check=True)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Of each test that is accused: what is said, and the places."""
    code, out, err = hunt(folder, "--json")
    assert code == 1, out + err
    rows = [json.loads(each) for each in out.splitlines() if each.startswith("{")]
    assert len({row["message"].split()[0] for row in rows}) == len(rows)
    return {
        row["message"].split()[0]: (
            row["message"],
            [
                f"{Path(each['file']).name}:{each['line']}"
                for each in (row["place"], *row["related"])
            ],
        )
        for row in rows
    }


def test_an_object_that_only_c_has_is_named_by_type_line_and_line_of_c(
    found: dict[str, tuple[str, list[str]]],
) -> None:
    message, places = found["test_leak"]
    assert re.match(r"test_leak leaves 1 str \(\d+ B\) behind each time it runs", message)
    assert "nobody in Python has it: the reference is held in C" in message
    assert places[0] == f"test_hoards.py:{line('hoards.leak', TESTS)}"
    assert places[1] == f"hoards.c:{line('never released', SOURCE)}"


def test_memory_that_c_asks_for_by_itself_is_named_by_its_line(
    found: dict[str, tuple[str, list[str]]],
) -> None:
    message, places = found["test_hoard"]
    assert message == "test_hoard leaves 1000 B behind each time it runs"
    assert places[:2] == [
        f"test_hoards.py:{line('hoards.hoard', TESTS)}",
        f"hoards.c:{line('never freed', SOURCE)}",
    ]


def test_a_reference_to_what_was_there_before_is_told_apart(
    found: dict[str, tuple[str, list[str]]],
) -> None:
    message, _ = found["test_keep"]
    assert "1 reference to class Kept (`test_hoards.CLASS`)" in message
    assert "nobody in Python" in message
    assert "1 list" in found["test_keep_new"][0]


def test_nothing_else_is_accused(found: dict[str, tuple[str, list[str]]]) -> None:
    assert found.keys() == {"test_leak", "test_hoard", "test_keep", "test_keep_new"}


def test_where_c_is_not_seen_its_growth_is_told_with_how_to_see_it(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--wadjet-refs"]
    command += ["-c", os.devnull, f"--rootdir={folder}", "-k", "hoard and not keep"]
    done = subprocess.run(
        [*command, "test_hoards.py::test_hoard", "test_hoards.py::test_clean"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    (found,) = re.findall(
        r"test_(\w+) has C's malloc lend at least ([\d,]+) bytes more", done.stdout
    )
    assert found[0] == "hoard"
    assert 0 < int(found[1].replace(",", "")) <= 1040
    assert "refs hunt" in done.stdout


def test_a_run_without_findings_exits_as_pytest_does(folder: Path) -> None:
    one = (sys.executable, "-m", "pytest", "-q", "-p", "wadjet.embed.pytest_plugin")
    code, out, _ = hunt(folder, command=(*one, "-k", "test_clean"))
    assert code == 0
    assert out.rstrip().endswith("Nothing grows with each run of a test.")


def test_a_command_that_runs_no_pytest_is_refused(folder: Path) -> None:
    code, _, err = hunt(folder, command=(sys.executable, "-c", "pass"))
    assert code == 66
    assert "has run no pytest" in err
    assert hunt(folder, command=("/no/such/program",))[0] == 66


def test_a_crash_leaves_what_was_found_until_then(folder: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_crash.py"
    test.write_text(
        "import os, signal\nLEAK = []\ndef test_a():\n    LEAK.append([])\n"
        "def test_b():\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    one = (sys.executable, "-m", "pytest", "-q", "-p", "wadjet.embed.pytest_plugin", str(test))
    code, out, _ = hunt(folder, command=one)
    assert code == 128 + 9
    assert "test_a leaves 1 list" in out
