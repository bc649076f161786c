"""What the collector frees, as `wadjet run --collector=cycles` records it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.observe.sampling.runs import Run, recorded, written

from wadjet.model.collection import garbage, runs
from wadjet.model.profile import NO_NODE
from wadjet.observe.sampling.diagnosis import collecting, diagnose

CYCLES = """
    import gc

    class Order:
        def __init__(self):
            self.lines = None

    class Line:
        __slots__ = ("order",)

    class Innocent:
        pass

    def make_order():
        order = Order()
        return order

    def add_line(order):
        line = Line()
        line.order = order
        order.lines = line

    def innocent():
        return [Innocent() for _ in range(5)]

    gc.collect()
    keep = []
    for number in range(40_000):
        order = make_order()
        add_line(order)
        keep.append(innocent()[0])
    del order
    gc.collect()
"""


def censused(program: str, folder: Path, *flags: str) -> Run:
    run = recorded([written(folder, program)], folder=folder, flags=["--collector=cycles", *flags])
    assert run.status == 0, run.err
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return censused(CYCLES, tmp_path_factory.mktemp("cycles"))


def places(run: Run) -> Counter[tuple[str, str, int]]:
    """Objects by type, and function and line that made them."""
    tree = run.profile.tree
    found: Counter[tuple[str, str, int]] = Counter()
    for each in garbage(run.profile):
        name, line = "", 0
        if each.node != NO_NODE:
            name = tree.functions[tree.function_of(each.node)].name
            line = tree.line_of(each.node)
        found[each.type, name, line] += each.count
    return found


def test_garbage_is_counted_by_type(run: Run) -> None:
    by_type: Counter[str] = Counter()
    for (kind, _, _), count in places(run).items():
        by_type[kind] += count
    assert 39_000 < by_type["Order"] <= 40_100
    assert 39_000 < by_type["Line"] <= 40_100
    assert by_type["Innocent"] == 0


def test_as_many_objects_are_counted_as_were_collected(run: Run) -> None:
    collected = sum(each.collected for each in runs(run.profile))
    counted = sum(each.count for each in garbage(run.profile))
    assert abs(counted - collected) < 0.05 * collected


def test_the_line_that_made_the_garbage_is_named(run: Run) -> None:
    lines = CYCLES.splitlines()
    found = places(run)
    for kind, function, text in (
        ("Order", "make_order", "order = Order()"),
        ("Line", "add_line", "line = Line()"),
    ):
        line = next(n for n, each in enumerate(lines, 1) if each.strip() == text)
        of_kind = {place: count for place, count in found.items() if place[0] == kind}
        assert max(of_kind, key=lambda place: of_kind[place]) == (kind, function, line)
        assert found[kind, function, line] > 0.9 * sum(of_kind.values())


def test_the_diagnosis_names_who_makes_garbage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "BUSY", 0)  # a fast machine is not kept busy by it
    [finding] = [each for each in diagnose(run.profile) if each.rule == "garbage-cycles"]
    assert finding.place is not None
    assert finding.place.label in ("make_order", "add_line")
    assert "weakref" in finding.treatment


def test_a_program_without_cycles_has_no_garbage(tmp_path: Path) -> None:
    program = """
        import gc
        gc.collect()
        def work():
            return [(n, {"n": n}, [n]) for n in range(50_000)]
        for _ in range(3):
            keep = work()
    """
    run = censused(program, tmp_path)
    assert sum(each.count for each in garbage(run.profile) if each.type in ("tuple", "dict")) < 100


def test_types_that_are_garbage_themselves_keep_their_names(tmp_path: Path) -> None:
    program = """
        import gc
        def make():
            class Passing:
                pass
            node = Passing()
            node.self = node
        for _ in range(500):
            make()
            gc.collect(0)
        gc.collect()
    """
    run = censused(program, tmp_path)
    assert {"Passing", "type"} <= {each.type for each in garbage(run.profile)}


def test_the_allocator_is_given_back(tmp_path: Path) -> None:
    program = """
        import gc, wadjet
        for _ in range(3):
            with wadjet.collector.trace(cycles=True) as recording:
                type("Large", (), {})  # its memory goes back to malloc
                for _ in range(20_000):
                    node = [None]
                    node[0] = node
                del node
                gc.collect()
            found = wadjet.collector.garbage(recording.profile)
            assert sum(each.count for each in found if each.type == "list") > 19_000, found
        print("done")
    """
    from tests.observe.sampling.runs import python

    ending = python([written(tmp_path, program)], folder=tmp_path)
    assert (ending.out, ending.err) == ("done\n", "")


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="ASan must come first")
def test_with_memory_recorded_as_well_both_are_there(tmp_path: Path) -> None:
    run = censused(CYCLES, tmp_path, "--memory")
    assert sum(each.count for each in garbage(run.profile) if each.type == "Order") > 39_000
