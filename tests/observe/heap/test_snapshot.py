"""A snapshot of this process: whole, true, and without a trace."""

from __future__ import annotations

import collections
import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from wadjet.model.graph import Flag, ObjectGraph
from wadjet.model.graph.paths import find, keeps, line
from wadjet.model.graph.totals import by_type
from wadjet.observe.heap import take


class Plain:
    def __init__(self, number: int) -> None:
        self.number = number
        self.text = f"plain {number}"


class Slotted:
    __slots__ = ("left", "right")
    left: object
    right: object


class Dicted:
    pass


def node_of(graph: ObjectGraph, thing: object) -> int:
    (node,) = find(graph, hex(id(thing)))
    return node


def names(graph: ObjectGraph, thing: object) -> dict[str, int]:
    return {each.name: each.target for each in graph.references(node_of(graph, thing))}


def test_every_object_that_the_collector_knows_is_there() -> None:
    known = gc.get_objects()
    graph = take()
    addresses = set(graph.columns.address)
    assert all(id(each) in addresses for each in known)


def test_untracked_objects_are_there_too() -> None:
    things = ["a text made here" * 2, 2**70, b"bytes" * 9, 3.25 + len(sys.argv), (1, "x" * 30)]
    graph = take()
    addresses = set(graph.columns.address)
    assert all(id(each) in addresses for each in things)


def test_keys_of_a_dict_of_strings_are_there() -> None:
    table = {f"key {number}" * 3: number for number in range(100)}
    graph = take()
    addresses = set(graph.columns.address)
    assert all(id(key) in addresses for key in table)


def sized() -> list[object]:
    plain = Dicted()
    vars(plain)["made"] = 1
    return [
        *([], [1], list(range(1000)), (), (1,), tuple(range(1000))),
        *({}, {1: 2}, {"a": 1}, dict.fromkeys(range(1000)), dict.fromkeys(map(str, range(1000)))),
        *(set(), {1, 2}, set(range(1000)), frozenset(range(100))),
        *("", "ascii", "ä" * 10, "\u20ac" * 10, "\U0001f600" * 10),
        *(0, 1, 2**29, 2**30, 2**31, 2**62, 10**100, -(10**100), True, 1.5, 1j, None),
        *(b"", b"abc", bytearray(), bytearray(b"abc" * 100), memoryview(b"abc")),
        *(collections.deque(range(500)), collections.OrderedDict(a=1)),
        *(Slotted(), print, sized, (lambda: 0), iter([]), range(10**30), slice(1, 2)),
    ]


def test_sizes_are_those_that_sys_gives() -> None:
    things = sized()
    graph = take()
    for thing in things:
        expected = sys.getsizeof(thing)
        assert graph.size(node_of(graph, thing)) == expected, repr(thing)[:60]


def test_the_values_of_an_instance_count_as_its_own() -> None:
    thing = Plain(1)
    graph = take()
    assert graph.size(node_of(graph, thing)) >= sys.getsizeof(thing) + 2 * 8


def test_attributes_have_their_names() -> None:
    thing, slotted = Plain(12345678), Slotted()
    slotted.right = thing
    graph = take()
    found = names(graph, thing)
    assert found[".number"] == node_of(graph, thing.number)
    assert found[".text"] == node_of(graph, thing.text)
    assert names(graph, slotted)[".right"] == node_of(graph, thing)


def test_items_have_their_keys_and_indices() -> None:
    thing = Plain(1)
    holders: list[tuple[object, str]] = [
        ([None, thing], "[1]"),
        ((None, None, thing), "[2]"),
        ({"a key": thing}, "['a key']"),
        ({7: thing}, "[7]"),
        (collections.deque([None, thing]), "[1]"),
        (collections.OrderedDict(a=thing), "['a']"),
        (collections.defaultdict(lambda: thing, {"b": thing}), "['b']"),
    ]
    graph = take()
    target = node_of(graph, thing)
    for holder, name in holders:
        assert names(graph, holder).get(name) == target, holder


def test_what_only_a_local_variable_holds_is_kept_by_its_frame() -> None:
    only_here = Plain(2)
    graph = take()
    way = line(graph, keeps(graph, node_of(graph, only_here)))
    assert way.startswith("thread MainThread")
    assert "test_what_only_a_local_variable_holds_is_kept_by_its_frame" in way
    assert way.endswith("local only_here")


def test_a_local_of_another_thread_is_named() -> None:
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        treasure = Slotted()
        treasure.left = Plain(77)
        ready.set()
        done.wait()

    thread = threading.Thread(target=work, name="treasurer")
    thread.start()
    ready.wait()
    try:
        graph = take()
    finally:
        done.set()
        thread.join()
    way = line(graph, keeps(graph, find(graph, "Slotted")[0]))
    assert way.startswith("thread treasurer")
    assert way.endswith("local treasure")


def test_a_closure_a_generator_and_a_traceback_are_named() -> None:
    def outer() -> Callable[[], object]:
        kept = Slotted()
        return lambda: kept

    def generate() -> Iterator[None]:
        inside = Dicted()
        yield
        print(inside)

    function, generator = outer(), generate()
    next(generator)
    graph = take()
    assert function()
    assert line(graph, keeps(graph, find(graph, "Slotted")[0])).endswith(
        "local function.__closure__[0].cell_contents"
    )
    assert line(graph, keeps(graph, find(graph, "Dicted")[0])).endswith(
        "local generator > local inside"
    )


def test_nothing_is_made_and_nothing_changes() -> None:
    things = [Plain(number) for number in range(2000)]
    refs = [sys.getrefcount(each) for each in things]
    take(), gc.collect()
    before = sum(type(each) is dict for each in gc.get_objects())
    graph = take()
    after = sum(type(each) is dict for each in gc.get_objects())
    assert after - before < 50  # the snapshot's own handful, not one an instance
    assert [sys.getrefcount(each) for each in things] == refs
    assert sum(total.count for total in by_type(graph) if total.name.endswith(".Plain")) == 2000


def test_a_snapshot_of_a_forked_child_is_the_same() -> None:
    things = [Plain(number) for number in range(500)]
    here, there = take(fork=True), take()
    for graph in (here, there):
        nodes = dict(zip(graph.columns.address, range(len(graph)), strict=True))
        assert all(graph.size(nodes[id(each)]) > 0 for each in things)
    assert abs(len(here) - len(there)) < 0.05 * len(here)
    assert abs(here.total - there.total) < 0.05 * here.total


class Liar:
    def __sizeof__(self) -> int:
        return 2**60


class Raiser:
    def __sizeof__(self) -> int:
        raise ValueError("no size")


class Honest:
    def __sizeof__(self) -> int:
        return 4096


def test_a_size_that_lies_or_raises_is_replaced() -> None:
    liar, raiser, honest = Liar(), Raiser(), Honest()
    graph = take()
    assert graph.size(node_of(graph, liar)) < 500
    assert graph.size(node_of(graph, raiser)) < 500
    assert graph.size(node_of(graph, honest)) >= 4096
    assert graph.total < 2**50


def test_a_size_that_frees_other_objects_harms_no_one() -> None:
    victims: list[object] = []

    class Killer:
        def __sizeof__(self) -> int:
            if victims:
                victims.clear()
                gc.collect()
            return 64

    killers = [Killer() for _ in range(3)]
    victims.extend(Killer() for _ in range(100))
    assert len(take()) > len(killers)


def test_garbage_is_marked() -> None:
    gc.collect()
    gc.disable()
    try:
        thing = Dicted()
        thing.me = thing  # type: ignore[attr-defined]
        dead = weakref.ref(thing)
        del thing
        graph = take()
        (node,) = find(graph, "Dicted")
        assert graph.flags(node) & Flag.GARBAGE
        assert dead() is not None
    finally:
        gc.enable()


def test_no_snapshot_is_taken_during_a_collection() -> None:
    from wadjet.errors import BusyError

    told: list[BaseException] = []

    def during(phase: str, info: object) -> None:
        try:
            take()
        except BusyError as error:
            told.append(error)

    gc.callbacks.append(during)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(during)
    assert told


@pytest.mark.parametrize("fork", [False, True])
def test_frozen_objects_are_there(fork: bool) -> None:
    thing = Plain(3)
    gc.freeze()
    try:
        graph = take(fork=fork)
    finally:
        gc.unfreeze()
    assert node_of(graph, thing)
