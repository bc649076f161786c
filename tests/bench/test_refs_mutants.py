"""Mutants of C: one statement that counts a reference is missing, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.refs_mutants import Mutant, Site, mutants, mutated, names
from bench.refs_sdists import listed
from bench.refs_suites import suites
from wadjet.model.finding import Finding, Level, Place

SOURCE = """\
static void
first(PyObject *x)
{
    if (x)
        Py_DECREF(x);
}

static void
second(PyObject *x)
{
    Py_INCREF(x), f(x);
}
"""


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("    Py_DECREF(name(a, b));", "    (void)0;"),
        ("if (x) Py_CLEAR(x);", "if (x) (void)0;"),
        ("Py_INCREF(x), f(x);", None),
        ("Py_INCREF(x); Py_DECREF(y);", None),
        ("My_Py_INCREFS(x);", None),
    ],
)
def test_only_a_statement_of_its_own_is_taken_out(line: str, now: str | None) -> None:
    assert mutated(line) == now


@pytest.fixture
def mutant(tmp_path: Path) -> Mutant:
    (tmp_path / "a.c").write_text(SOURCE)
    sites = [Site("a.c", 5, "first", "Py_DECREF"), Site("a.c", 11, "second", "Py_INCREF")]
    (only,) = mutants(sites, [tmp_path])
    return only


def test_a_mutant_is_the_text_without_the_statement(mutant: Mutant) -> None:
    assert mutant.text == SOURCE.replace("Py_DECREF(x)", "(void)0")


@pytest.mark.parametrize(
    ("line", "label", "named"),
    [
        (3, "f", True),
        (11, "Py_DECREF in second", False),
        (99, "Py_DECREF in first", True),
    ],
)
def test_a_finding_names_the_function_by_its_lines_or_its_name(
    mutant: Mutant, line: int, label: str, named: bool
) -> None:
    finding = Finding("refs-leak", Level.ERROR, "lost", Place("x/a.c", line, label))
    assert names(finding, mutant) is named


def test_packages_are_named_with_their_versions() -> None:
    for each in [*listed(), *(suite.package for suite in suites())]:
        assert each.count("==") == 1
