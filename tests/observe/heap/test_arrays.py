"""NumPy's arrays: what a view keeps, and what an array of objects holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wadjet.model.graph import PROCESS, ObjectGraph
from wadjet.model.graph.paths import find, keeps, line
from wadjet.observe.heap import take

np: Any = pytest.importorskip("numpy", reason="not to be had for this Python")


class Held:
    """What an array holds."""


class Grid(np.ndarray):  # type: ignore[misc]
    """A class that is built on arrays."""


def node_of(graph: ObjectGraph, thing: object) -> int:
    (node,) = find(graph, hex(id(thing)))
    return node


def names(graph: ObjectGraph, thing: object) -> dict[str, int]:
    return {each.name: each.target for each in graph.references(node_of(graph, thing))}


def test_a_view_keeps_its_base() -> None:
    big = np.zeros(100_000)
    view = big[10:20]
    graph = take()
    assert names(graph, view)[".base"] == node_of(graph, big)
    assert graph.columns.held[node_of(graph, big)] == 0


def test_the_way_to_a_base_that_nobody_else_has_leads_through_its_view() -> None:
    kept: dict[str, Any] = {"row": np.zeros((1000, 1000))[3]}
    graph = take()
    base = node_of(graph, kept["row"].base)
    assert line(graph, keeps(graph, base)).endswith("['row'].base")
    assert graph.columns.retained[node_of(graph, kept["row"])] > 8_000_000


def test_a_view_of_other_memory_keeps_that(tmp_path: Path) -> None:
    text = bytearray(1000)
    view = np.frombuffer(text, "u1")
    path = tmp_path / "mapped"
    path.write_bytes(bytes(8192))
    mapped = np.memmap(path, "u1")
    graph = take()
    assert graph.columns.up[node_of(graph, text)] != PROCESS
    assert names(graph, mapped)[".base"] == node_of(graph, mapped.base)
    assert not find(graph, "nothing here")
    del view


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,)], ids=str)
def test_an_array_of_objects_holds_them(shape: tuple[int, ...]) -> None:
    things = np.empty(shape, dtype=object)
    held = [Held() for _ in range(things.size)]
    for at, each in enumerate(held):
        things.flat[at] = each
    graph = take()
    found = names(graph, things)
    assert [found[f"[{at}]"] for at in range(things.size)] == [node_of(graph, it) for it in held]


def test_views_and_slices_do_not_hold_the_objects_a_second_time() -> None:
    things = np.array([Held() for _ in range(10)], dtype=object)
    view, turned = things[::2], things.reshape(2, 5).T
    graph = take()
    assert set(names(graph, view)) == set(names(graph, turned)) == {".base", ".dtype"}
    assert all(graph.columns.held[node_of(graph, each)] == 0 for each in things)


def test_a_class_built_on_arrays_is_one() -> None:
    grid = np.zeros(1000).view(Grid)
    grid.label = "a label that is made here"
    graph = take()
    found = names(graph, grid)
    assert found[".base"] == node_of(graph, grid.base)
    assert ".dtype" in found


def test_nobody_is_charged_for_objects_of_a_structured_array() -> None:
    rows = np.zeros(5, dtype=[("number", "i4"), ("thing", object)])
    rows["thing"] = [Held() for _ in range(5)]
    assert set(names(take(), rows)) == {".base", ".dtype"} - {".base"}


def test_numpy_is_not_imported_for_a_snapshot() -> None:
    program = "import sys, wadjet; wadjet.heap(); print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stdout == "False\n"
