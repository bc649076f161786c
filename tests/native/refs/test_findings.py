"""Findings survive in a file to which several processes write."""

from __future__ import annotations

from pathlib import Path

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.refs.findings import append, load

ONE = Finding("refs-x", Level.ERROR, "one", Place("a.py", 3), (Place("b.c", 4, "f"),), "do", 0.5)
TWO = Finding("refs-y", Level.NOTE, "two")


def test_what_is_written_is_read_again_each_once(tmp_path: Path) -> None:
    file = tmp_path / "findings"
    append(file, [ONE, TWO])
    append(file, [ONE])
    assert load(file) == [ONE, TWO]


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "findings"
    append(file, [ONE, TWO])
    file.write_bytes(file.read_bytes()[:-20])
    assert load(file) == [ONE]


def test_no_file_has_no_findings(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == []
