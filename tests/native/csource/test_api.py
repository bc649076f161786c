"""The table of facts about the C API, held against the headers and against the interpreter."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wadjet.native.csource.api import Fact, facts
from wadjet.native.csource.declarations import macros_of_python, of_python
from wadjet.target.behavior import RELEASE

INCLUDES = (sysconfig.get_path("include"), sysconfig.get_path("platinclude"))
OBJECT = ("PyObject *", "PyObject*")


@pytest.fixture(scope="module")
def known() -> set[str]:
    return {*of_python(("cc",), INCLUDES), *macros_of_python(("cc",), INCLUDES)}


def test_every_fact_is_about_a_function_that_this_python_declares(known: set[str]) -> None:
    missing = [each.name for each in facts().values() if each.known_to(RELEASE)]
    assert not [name for name in missing if name not in known]


def test_no_function_was_there_before_the_version_that_the_table_says(known: set[str]) -> None:
    later = [each.name for each in facts().values() if each.since > RELEASE]
    assert not [name for name in later if name in known]


def test_what_gives_an_object_is_said_to_give_one() -> None:
    declared = of_python(("cc",), INCLUDES)
    for name in declared.keys() & facts().keys():
        gives_object = declared[name].result in OBJECT
        assert not gives_object or facts()[name].result != "-", name


def test_arguments_with_effects_are_objects_or_pointers_to_them() -> None:
    declared = of_python(("cc",), INCLUDES)
    for name in declared.keys() & facts().keys():
        for number in facts()[name].arguments:
            assert number <= len(declared[name].parameters), name
            assert "Py" in declared[name].parameters[number - 1], name


def test_a_row_with_a_word_that_means_nothing_is_refused() -> None:
    from wadjet.native.csource.api import _fact

    with pytest.raises(ValueError, match="mean nothing"):
        _fact("PyList_New 3.11 new 1=borrows")


def test_a_row_that_speaks_twice_of_an_argument_is_refused() -> None:
    from wadjet.native.csource.api import _fact

    with pytest.raises(ValueError, match="argument 1 twice"):
        _fact("Py_XDECREF 3.11 - 1=null 1=decrefs")


@pytest.mark.skipif(RELEASE >= (3, 13), reason="later versions look at more of their arguments")
def test_null_crashes_where_the_table_says_so_and_nowhere_else() -> None:
    script = Path(__file__).with_name("null_calls.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120
    )
    told = {(name, int(number)) for name, number in map(str.split, done.stdout.splitlines())}
    tried = {name for name, number in told if not number}
    assert len(tried) > 50
    for name in tried:
        needed = facts()[name].among("needs")
        assert sorted(number for each, number in told if each == name and number) == needed, name


def call(name: str, *arguments: Any, result: Any = ctypes.py_object) -> Any:
    function = getattr(ctypes.pythonapi, name)
    function.restype = result
    return function(
        *(each if isinstance(each, bytes | int) else ctypes.py_object(each) for each in arguments)
    )


class Thing:
    """Something whose references can be counted."""

    def __repr__(self) -> str:
        return "thing"


def borrowed(fact: Fact) -> Callable[[Thing], Any] | None:
    """Calls that return the thing itself, by the name of the function."""
    return {
        "PyList_GetItem": lambda x: call("PyList_GetItem", [x], 0, result=ctypes.c_void_p),
        "PyTuple_GetItem": lambda x: call("PyTuple_GetItem", (x,), 0, result=ctypes.c_void_p),
        "PyDict_GetItemString": lambda x: call(
            "PyDict_GetItemString", {"x": x}, b"x", result=ctypes.c_void_p
        ),
        "PySequence_GetItem": lambda x: call("PySequence_GetItem", [x], 0, result=ctypes.c_void_p),
        "PyMapping_GetItemString": lambda x: call(
            "PyMapping_GetItemString", {"x": x}, b"x", result=ctypes.c_void_p
        ),
        "PyObject_GetAttrString": lambda x: call(
            "PyObject_GetAttrString", SimpleNamespace(x=x), b"x", result=ctypes.c_void_p
        ),
    }.get(fact.name)


EXPERIMENTS = [each for each in facts().values() if borrowed(each)]


@pytest.mark.parametrize("fact", EXPERIMENTS, ids=lambda fact: fact.name)
def test_the_interpreter_counts_a_result_as_the_table_says(fact: Fact) -> None:
    thing = Thing()
    before = sys.getrefcount(thing)
    experiment = borrowed(fact)
    assert experiment is not None
    assert experiment(thing) == id(thing)
    expected = 1 if fact.result == "new" else 0
    assert sys.getrefcount(thing) - before == expected
    if expected:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(thing))


def test_there_are_experiments_with_both_kinds() -> None:
    assert {each.result for each in EXPERIMENTS} == {"new", "borrowed"}
