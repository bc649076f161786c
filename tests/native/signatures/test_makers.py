"""Signatures of what Cython, pybind11, nanobind, PyO3 and NumPy made: each says them somewhere."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from wadjet.native.signatures import memory
from wadjet.native.signatures.census import callables
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.makers import numpy as ufuncs
from wadjet.native.signatures.recover import Confidence, Signature, recovered
from wadjet.native.signatures.shape import of_signature
from wadjet.native.signatures.typed import read

pytest.importorskip("capstone")


def found(name: str) -> dict[str, Signature]:
    module, process = pytest.importorskip(name), Process()
    rows = (recovered(each, process) for each in callables(module))
    return {each.name.removeprefix(f"{name}."): each for each in rows}


@pytest.mark.parametrize(
    ("line", "bound", "text"),
    [
        ("f() -> int", False, ""),
        ("f(self: m.A, arg0: int, arg1: float) -> None", True, "arg0, arg1, /"),
        ("f(a: Callable[[int, str], int], b: str = 'x), (') -> int", False, "a, b='x), ('"),
        ("f(a: m.Kind = <Kind.A: 1>, *args, b, **kwargs)", False, "a=..., *args, b, **kwargs"),
        ("f(self, /, a: int, *, b: int = -1)", True, "a, *, b=-1"),
        ("f(a: ndarray[dtype=uint8, shape=(*, *, 3)], /)", False, "a, /"),
    ],
)
def test_lines_with_types_are_read(line: str, bound: bool, text: str) -> None:
    form = read(line, bound=bound)
    assert form is not None
    assert form.shape.text() == text


@pytest.mark.parametrize("line", ["", "f", "f(", "not a name(a)", "f(a b c)", "f(***a)", "f('"])
def test_what_is_no_signature_says_nothing(line: str) -> None:
    assert read(line) is None


def test_types_of_c_stand_before_the_names_that_cython_embeds() -> None:
    form = read("Box(unsigned int size=0, list items: list = None, Box other not None)", of_c=True)
    assert form is not None
    assert form.shape.text() == "size=0, items=None, other=..."


def test_functions_of_pybind11_say_their_types() -> None:
    rows = found("contourpy._contourpy")
    generator = rows["SerialContourGenerator.__init__"]
    assert generator.evidence == "pybind11 docstring"
    assert generator.confidence is Confidence.HIGH
    assert generator.forms[0].startswith("(x: ")
    assert "corner_mask" in generator.text
    assert rows["SerialContourGenerator"].text == generator.text
    assert rows["max_threads"].forms == ("() -> int",)
    assert "ContourGenerator" not in rows  # nothing was declared that could make one


GIVEN = """
import inspect, contourpy._contourpy as module
from wadjet.native.signatures.retrofit import give
first = give(module)
kind = module.SerialContourGenerator
print(list(inspect.signature(kind.lines).parameters), inspect.signature(kind).parameters.keys()
      == list(inspect.signature(kind.__init__).parameters.keys())[1:] or "no")
print(inspect.signature(module.max_threads), first > 50, give(module))
print(kind.lines.__doc__.startswith("lines(self"))
"""


def test_inspect_is_given_what_pybind11_keeps() -> None:
    pytest.importorskip("contourpy")
    done = subprocess.run(
        [sys.executable, "-c", GIVEN], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "['self', 'lower" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("['self', 'level']")
    assert lines[1].startswith("() True ")


class nb_func:  # noqa: N801 - as nanobind calls it
    __module__ = "made"

    def __init__(self, *forms: tuple[str, str | None, object]) -> None:
        self.__nb_signature__ = forms


class nb_method(nb_func):  # noqa: N801
    pass


def by_nanobind() -> Iterator[Signature]:
    module = ModuleType("made")
    module.plain = nb_func((r"def plain(a: int, b: object = \0) -> int", None, (None,)))  # type: ignore[attr-defined]
    module.several = nb_func(  # type: ignore[attr-defined]
        ("def several(a: int) -> int", None, None), ("def several() -> int", None, None)
    )
    process = Process()
    return (recovered(each, process) for each in callables(module))


def test_forms_of_nanobind_are_shown_each_and_together() -> None:
    plain, several = by_nanobind()
    assert (plain.text, plain.forms) == ("(a, b=None)", ("(a: int, b: object = None) -> int",))
    assert plain.confidence is Confidence.HIGH
    assert several.forms == ("(a: int) -> int", "() -> int")
    assert (several.text, several.confidence) == ("(a=..., /, **kwargs)", Confidence.FAIR)
    assert several.evidence == "nanobind signature"


def test_what_pyo3_wrote_is_told_apart() -> None:
    rows = found("rpds.rpds")
    assert {each.evidence for each in rows.values()} == {"pyo3 text signature"}


def test_a_ufunc_takes_what_its_numbers_say() -> None:
    numpy = pytest.importorskip("numpy")
    for each in (numpy.add, numpy.negative, numpy.vecdot if hasattr(numpy, "vecdot") else None):
        if each is not None and hasattr(each, "__signature__"):
            told = ufuncs.told(each)
            assert told is not None
            assert told.found.shape.key == of_signature(inspect.signature(each)).key
    told = ufuncs.told(numpy.modf)
    assert told is not None
    assert told.found.shape.text().startswith("x, out1=None, out2=None, /, *, out=None, where=True")
    numpy.modf(1.5, None, None, where=True)


def test_documentations_that_cython_embeds_are_believed() -> None:
    rows = found("msgpack._cmsgpack")
    assert rows["Packer"].evidence == "cython docstring"
    assert rows["Packer"].confidence is Confidence.HIGH
    assert "use_bin_type" in rows["Packer"].shape.keywords  # type: ignore[union-attr]
    assert rows["unpackb"].evidence == "cython code"


def test_names_are_read_that_the_code_of_cython_looks_for() -> None:
    rows = found("yaml._yaml")
    mark = rows["Mark"]
    assert mark.text == "(name, index, line, column, buffer, pointer)"
    assert (mark.evidence, mark.confidence) == ("cython parser", Confidence.HIGH)


def test_only_a_string_is_read_from_memory() -> None:
    import ctypes

    text, number = "some text", 10**30
    held = (ctypes.c_void_p * 2)(id(text), id(number))
    place = ctypes.addressof(held)
    assert memory.string(place) == text
    assert memory.string(place + 8) is None
    assert memory.string(8) is None


def test_modules_within_a_module_are_gone_through() -> None:
    outer, inner = ModuleType("made"), ModuleType("part")
    inner.f = nb_func(("def f(a: int) -> int", None, None))  # type: ignore[attr-defined]
    inner.outer = outer  # type: ignore[attr-defined]
    outer.part, outer.imported = inner, sys  # type: ignore[attr-defined]
    assert [each.name for each in callables(outer)] == ["part.f"]
