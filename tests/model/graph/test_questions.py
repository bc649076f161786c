"""What is asked of heaps: cycles, what is there twice, what changed, what is held too long."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wadjet.model.graph import ObjectGraph
from wadjet.model.graph.cycles import shapes
from wadjet.model.graph.difference import ages, born, changes, holders, outlived
from wadjet.model.graph.file import load
from wadjet.model.graph.paths import find, keeps, line
from wadjet.model.graph.suspects import suspects
from wadjet.model.graph.totals import by_module, by_type
from wadjet.model.graph.tree import dominated
from wadjet.model.graph.twins import duplicates, slimmings

PROGRAM = """
import gc, sys
from pathlib import Path
from wadjet.observe.heap.taking import write_to

class Parent:
    def __init__(self):
        self.child = Child(self)

class Child:
    def __init__(self, parent):
        self.parent = parent

class Ended:
    def __init__(self):
        self.other = self

    def __del__(self):
        pass

class Web:
    pass

class Slim:
    __slots__ = ("one",)

class Wide:
    def __init__(self, number):
        self.one = number
        self.two = None

folder = Path(sys.argv[1])
FAMILY = [Parent() for _ in range(200)]
WEBS = [Web(), Web(), Web()]
for web in WEBS:
    web.all = WEBS
TEXTS = ["".join(["the same ", "text"]) for _ in range(300)]
PAIRS = [("".join(["a", " pair"]), "b") for _ in range(100)]
WIDE = [Wide(number) for number in range(1000)]
gc.collect()
gc.disable()
for _ in range(10):
    Ended()
write_to(folder / "first.heap")
KEPT = {number: bytearray(1000) for number in range(400)}
passing = [Wide(number) for number in range(50)]
write_to(folder / "second.heap")
passing.clear()
LATER = [bytearray(100)]
write_to(folder / "third.heap")
"""


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> list[ObjectGraph]:
    folder = tmp_path_factory.mktemp("heaps")
    subprocess.run([sys.executable, "-c", PROGRAM, folder], check=True)
    return [load(folder / f"{name}.heap") for name in ("first", "second", "third")]


def test_cycles_of_one_shape_are_one_with_the_reference_to_cut(taken: list[ObjectGraph]) -> None:
    graph = taken[0]
    found = {shape.types[0][0].rpartition(".")[2]: shape for shape in shapes(graph)}
    family = found["Parent"]
    assert family.count == 200
    assert {name for name, _ in family.types} == {"__main__.Parent", "__main__.Child"}
    assert family.cut is not None
    assert family.cut.name == ".parent"
    assert graph.kind(family.cut.target).name == "Parent"
    assert not family.finalizers


def test_a_finalizer_in_garbage_is_named(taken: list[ObjectGraph]) -> None:
    (ended,) = [shape for shape in shapes(taken[0]) if shape.types[0][0] == "__main__.Ended"]
    assert (ended.count, ended.garbage, ended.finalizers) == (10, 10, ("__main__.Ended",))
    assert ended.cut is not None
    assert ended.cut.name == ".other"


def test_a_web_has_no_single_reference_to_cut(taken: list[ObjectGraph]) -> None:
    (web,) = [shape for shape in shapes(taken[0]) if ("__main__.Web", 3) in shape.types]
    assert web.cut is None


def test_equal_texts_and_tuples_are_counted(taken: list[ObjectGraph]) -> None:
    found = {each.text or each.type: each for each in duplicates(taken[0])}
    assert found["the same text"].count == 300
    assert found["the same text"].wasted == 299 * sys.getsizeof("the same text")
    assert any(each.type == "tuple" and each.count == 100 for each in duplicates(taken[0]))


def test_classes_that_would_gain_from_slots_are_named(taken: list[ObjectGraph]) -> None:
    found = {each.type: each for each in slimmings(taken[0])}
    wide = found["__main__.Wide"]
    assert (wide.count, wide.attributes) == (1000, ("one", "two"))
    assert wide.each > 0
    assert "__main__.Slim" not in found


def test_what_has_come_since_is_counted_and_its_holder_named(taken: list[ObjectGraph]) -> None:
    first, second, _ = taken
    grown = {each.name: each for each in changes(first, second)}
    assert grown["bytearray"].count == 400
    assert grown["bytearray"].size >= 400 * 1000
    assert grown["__main__.Wide"].count == 50
    ways = [line(second, each.path) for each in holders(second, born(first, second))]
    assert ways[0].startswith("__main__.KEPT")


def test_what_outlived_its_round_is_there_and_what_passed_is_not(
    taken: list[ObjectGraph],
) -> None:
    first, second, third = taken
    late = {third.kind(node).title for node in outlived(first, second, third)}
    assert "bytearray" in late
    assert "__main__.Wide" not in late
    path = line(third, holders(third, outlived(first, second, third))[0].path)
    assert path.startswith("__main__.KEPT")


def test_an_objects_age_is_how_many_snapshots_had_it(taken: list[ObjectGraph]) -> None:
    third = taken[2]
    old = ages(taken)
    assert {old[node] for node in find(third, "Parent")} == {2}
    by_age = [old[node] for node in find(third, "bytearray")]
    assert by_age.count(1) == 400
    assert by_age.count(0) == 1


def test_totals_add_up_to_the_heap(taken: list[ObjectGraph]) -> None:
    graph = taken[0]
    for totals in (by_type(graph), by_module(graph)):
        assert sum(total.count for total in totals) == len(graph) - 1
        assert sum(total.size for total in totals) == graph.total
    assert {total.name: total.count for total in by_module(graph)}["__main__"] > 1400


def test_what_gathers_is_named(taken: list[ObjectGraph]) -> None:
    found = [each for each in suspects(taken[1], 0.05) if each.rule == "gathers"]
    assert "`__main__.KEPT" in found[0].message
    assert "400 bytearray" in found[0].message


def test_what_an_object_dominates_is_freed_with_it(taken: list[ObjectGraph]) -> None:
    graph = taken[1]
    (kept,) = [
        node for node in find(graph, "dict") if line(graph, keeps(graph, node)) == "__main__.KEPT"
    ]
    below = dominated(graph, kept)
    assert sum(graph.kind(node).name == "bytearray" for node in below) == 400
    assert graph.retained(kept) == graph.size(kept) + sum(map(graph.retained, below))
