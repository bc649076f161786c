"""Of each seeded leak the true holder is named first, and its clean twin shows nothing."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from tests.observe.heap.leaks import CACHE, Finalized, Leak, Treasure, clear, leaks

from wadjet.model.graph import ObjectGraph
from wadjet.model.graph.difference import holders, outlived
from wadjet.model.graph.paths import find, groups, line
from wadjet.observe.heap import take

ALL = leaks()


@pytest.fixture(autouse=True)
def tidy() -> Any:
    clear()
    gc.collect()
    yield
    clear()
    gc.collect()


def end(kept: object) -> None:
    if isinstance(kept, tuple):
        kept[1].set()
        kept[0].join()


def ways(graph: ObjectGraph) -> list[str]:
    return [line(graph, each.path) for each in groups(graph, find(graph, "Treasure"))]


@pytest.mark.parametrize(
    "leak",
    [pytest.param(each, marks=[pytest.mark.slow] * (each.variant > 0)) for each in ALL],
    ids=str,
)
def test_the_holder_is_named_first(leak: Leak) -> None:
    kept = leak.make(Treasure())
    graph = take()
    end(kept)
    found = ways(graph)
    assert found
    assert leak.holder in found[0], found
    assert ("held from C" in found[0]) == (leak.kind == "foreign"), found


@pytest.mark.slow
@pytest.mark.parametrize("leak", ALL, ids=str)
def test_a_clean_twin_holds_nothing(leak: Leak) -> None:
    kept = leak.make(Treasure())
    end(kept)
    del kept
    clear()
    gc.collect()
    assert not find(take(twins=False), "Treasure")


def test_what_outlives_its_round_is_named_and_nothing_else() -> None:
    before = take(twins=False)
    CACHE["kept"] = [Treasure() for _ in range(50)]
    passing = [Treasure() for _ in range(50)]
    after = take(twins=False)
    passing.clear()
    later = take(twins=False)
    late = holders(later, outlived(before, after, later))
    first = line(later, late[0].path)
    assert first.endswith("CACHE['kept']")
    assert sum(later.kind(node).name == "Treasure" for node in outlived(before, after, later)) == 50


def test_garbage_that_waits_for_the_collector_is_held_by_nobody() -> None:
    gc.disable()
    try:
        before = take(twins=False)
        thing = Finalized(Treasure())
        address = id(thing)
        del thing
        after = take(twins=False)
        made = outlived(before, after, after)
        late = " ".join(line(after, each.path) for each in holders(after, made))
        assert find(after, hex(address))[0] in made
        assert "not collected" not in late
        assert "Finalized" not in late
    finally:
        gc.enable()


def test_what_a_running_thread_keeps_goes_by_the_threads_name() -> None:
    gate, before = threading.Event(), take(twins=False)
    thread = threading.Thread(target=gate.wait, name="keeper")
    thread.start()
    after = take(twins=False)
    gate.set()
    thread.join()
    late = [line(after, each.path) for each in holders(after, outlived(before, after, after))]
    assert "threading._active[<thread keeper>]" in " ".join(late)
