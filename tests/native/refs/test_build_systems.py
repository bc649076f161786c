"""Build systems other than setuptools: each is asked for its own build, of C and C++."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.native.refs.building import build
from wadjet.native.refs.reading import read
from wadjet.native.refs.running import run

SOURCE = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyObject *leak(PyObject *m, PyObject *o)
{
    PyObject *x = PyLong_FromLong(123456789);
    (void)x;
    Py_RETURN_NONE;
}
static PyMethodDef methods[] = {{"leak", leak, METH_O}, {0}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "NAME", NULL, 0, methods};
PyMODINIT_FUNC PyInit_NAME(void)
{
    return PyModule_Create(&def);
}
"""
PROJECT = """\
[build-system]
requires = ["%s"]
build-backend = "%s"
[project]
name = "leaky"
version = "1"
"""
MESON = """\
project('leaky', 'c', 'cpp')
python = import('python').find_installation(pure: false)
python.extension_module('leaky_c', 'src/leaky_c.c', install: true)
python.extension_module('leaky_cpp', 'src/leaky_cpp.cpp', install: true)
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.18)
project(leaky LANGUAGES C CXX)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
python_add_library(leaky_c MODULE src/leaky_c.c WITH_SOABI)
python_add_library(leaky_cpp MODULE src/leaky_cpp.cpp WITH_SOABI)
install(TARGETS leaky_c leaky_cpp DESTINATION .)
"""
SETUP = """\
import pathlib, subprocess, sys
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
class CMake(build_ext):
    def build_extension(self, extension):
        into = pathlib.Path(self.build_lib).resolve()
        make = ["cmake", "-S", ".", "-B", self.build_temp, f"-DPython_EXECUTABLE={sys.executable}"]
        subprocess.run([*make, f"-DCMAKE_INSTALL_PREFIX={into}"], check=True)
        subprocess.run(["cmake", "--build", self.build_temp, "--target", "install"], check=True)
extension = Extension("leaky_c", [])
setup(name="leaky", version="1", ext_modules=[extension], cmdclass={"build_ext": CMake})
"""
SYSTEMS = {
    "meson-python": {
        "pyproject.toml": PROJECT % ("meson-python", "mesonpy"),
        "meson.build": MESON,
    },
    "scikit-build-core": {
        "pyproject.toml": PROJECT % ("scikit-build-core", "scikit_build_core.build"),
        "CMakeLists.txt": CMAKE,
    },
    "CMake, called by setup.py": {
        "pyproject.toml": PROJECT % ('setuptools", "cmake', "setuptools.build_meta"),
        "setup.py": SETUP,
        "CMakeLists.txt": CMAKE,
    },
}
TESTS = """\
import leaky_c, leaky_cpp
def test_c():
    leaky_c.leak(1)
def test_cpp():
    leaky_cpp.leak(1)
"""


def write(folder: Path, system: str) -> None:
    (folder / "src").mkdir()
    for name in ("leaky_c.c", "leaky_cpp.cpp"):
        module = name.partition(".")[0]
        (folder / "src" / name).write_text(SOURCE.replace("NAME", module))
    for name, text in SYSTEMS[system].items():
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)  # some build what is in git


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_both_files_are_watched_and_named_as_the_project_has_them(
    system: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(project, system)
    made = build(project)
    assert [each.source for each in made.unshimmed] == []
    assert len(made.compiled) == 2
    test = tmp_path / "test_leaky.py"
    test.write_text(TESTS)
    ended = run([sys.executable, "-m", "pytest", "-q", str(test)], made.site, tmp_path / "reports")
    places = [each.place for each in read(tmp_path / "reports", ended).findings]
    assert {(Path(each.file).resolve(), each.line) for each in places if each} == {
        (project / "src" / "leaky_c.c", 5),
        (project / "src" / "leaky_cpp.cpp", 5),
    }
