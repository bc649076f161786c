"""The file of a heap: read lazily, and never believed."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wadjet
from wadjet.errors import SnapshotError, WadjetError
from wadjet.model.graph.file import load, save
from wadjet.model.graph.totals import by_type
from wadjet.model.graph.tree import branches


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heap") / "taken.heap"
    wadjet.heap().save(path)
    return path


@pytest.fixture(scope="module")
def altered(taken: Path) -> Path:
    path = taken.with_name("altered.heap")
    path.write_bytes(taken.read_bytes())
    return path


def test_a_graph_is_the_same_after_it_was_saved_and_loaded(taken: Path, tmp_path: Path) -> None:
    first = load(taken)
    save(first, tmp_path / "again.heap")
    again = load(tmp_path / "again.heap")
    assert by_type(again) == by_type(first)
    assert again.about == first.about


@pytest.mark.parametrize("kept", [0, 1, 63, 64, 500, 2000, 100_000, -1])
def test_a_truncated_file_is_refused_with_one_line(taken: Path, tmp_path: Path, kept: int) -> None:
    short = tmp_path / "short.heap"
    short.write_bytes(taken.read_bytes()[:kept])
    with pytest.raises(SnapshotError) as error:
        load(short)
    assert len(str(error.value).splitlines()) == 1


def test_a_file_that_was_not_finished_is_refused(taken: Path, tmp_path: Path) -> None:
    data = bytearray(taken.read_bytes())
    data[:64] = bytes(64)
    (tmp_path / "begun.heap").write_bytes(data)
    with pytest.raises(SnapshotError, match="not written to its end"):
        load(tmp_path / "begun.heap")


def test_a_newer_version_is_refused(taken: Path, tmp_path: Path) -> None:
    data = bytearray(taken.read_bytes())
    struct.pack_into("<I", data, 8, 2)
    (tmp_path / "newer.heap").write_bytes(data)
    with pytest.raises(SnapshotError, match="version 2"):
        load(tmp_path / "newer.heap")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6))
def test_an_altered_directory_is_refused_or_read(
    altered: Path, changes: list[tuple[int, int]]
) -> None:
    with altered.open("r+b", buffering=0) as file:
        head = bytearray(before := file.read(2001))
        for place, value in changes:
            head[place] = value
        os.pwrite(file.fileno(), head, 0)
        try:
            assert len(load(altered)) > 0
        except WadjetError:
            pass
        finally:
            os.pwrite(file.fileno(), before, 0)


def test_the_tree_has_all_that_is_large_and_nothing_twice(taken: Path) -> None:
    graph = load(taken)
    found = [branch.node for branch in branches(graph, 0.01)]
    assert len(found) == len(set(found)) > 1
    for branch in branches(graph, 0.01):
        assert branch.retained >= branch.size
        assert branch.retained >= 0.01 * graph.total
