"""Collecting concurrently frees garbage, all of it, and nothing else."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from tests.observe.collector.graphs import World

from wadjet.errors import UnsupportedError
from wadjet.observe.collector import _collector, concurrent
from wadjet.observe.collector.budget import Budget
from wadjet.observe.collector.concurrent import Concurrent, collect
from wadjet.observe.collector.growth import Growth

pytestmark = pytest.mark.skipif(_collector.is_incremental(), reason="3.14.0 to 3.14.4")


class Node:
    """Something that can be part of a cycle."""

    other: Any


@pytest.fixture(autouse=True)
def _by_hand() -> Iterator[None]:
    """No collection comes between, and what was there before is not looked at."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def cycle() -> tuple[Node, Node]:
    first, second = Node(), Node()
    first.other, second.other = second, first
    return first, second


def old() -> None:
    """Move everything there is to the oldest generation, without a full collection."""
    gc.collect(0)
    gc.collect(1)


def finished(snapshot: _collector.Snapshot) -> int:
    """Let the child end, and have everything freed that it found; how much was."""
    assert snapshot.wait(30.0)
    freed = 0
    while snapshot.renew(1000):
        freed += gc.collect(0)
    return freed


def test_garbage_of_the_oldest_generation_is_freed() -> None:
    pairs = [cycle() for _ in range(500)]
    dead = [weakref.ref(first) for first, _ in pairs]
    old()
    del pairs
    outcome = collect()
    assert outcome.failure == ""
    assert outcome.garbage >= 1000
    assert outcome.collected >= 1000
    assert not any(ref() for ref in dead)
    assert gc.collect() == 0


def test_what_is_alive_is_let_alone() -> None:
    kept = [cycle() for _ in range(500)]
    old()
    before = [(id(a), id(b)) for a, b in kept]
    outcome = collect()
    assert outcome.failure == ""
    assert [(id(a), id(b)) for a, b in kept] == before
    assert all(a.other is b and b.other is a for a, b in kept)


def test_finalizers_and_weak_references_are_the_ordinary_collectors_affair() -> None:
    told: list[str] = []

    class Last:
        def __del__(self) -> None:
            told.append("finalized")

    node = Last()
    node.self = node  # type: ignore[attr-defined]
    ref = weakref.ref(node, lambda _: told.append("told"))
    old()
    del node
    assert collect().collected >= 1
    assert ref() is None
    assert sorted(told) == ["finalized", "told"]


def test_an_object_that_its_finalizer_revives_lives() -> None:
    revived: list[object] = []

    class Phoenix:
        def __del__(self) -> None:
            revived.append(self)

    bird = Phoenix()
    bird.self = bird  # type: ignore[attr-defined]
    old()
    del bird
    collect()
    assert len(revived) == 1
    assert revived[0].self is revived[0]  # type: ignore[attr-defined]


def test_garbage_that_came_back_through_a_weak_reference_is_kept() -> None:
    first, _ = cycle()
    ref = weakref.ref(first)
    old()
    del first, _
    snapshot = _collector.Snapshot(1000)
    back = ref()
    assert back is not None
    finished(snapshot)
    assert back.other.other is back
    snapshot.close()


def test_garbage_that_was_freed_meanwhile_is_not_touched() -> None:
    pairs = [cycle() for _ in range(2000)]
    refs = [weakref.ref(first) for first, _ in pairs]
    old()
    del pairs
    snapshot = _collector.Snapshot(10_000)
    for ref in refs:
        back = ref()
        assert back is not None
        del back.other.other, back
    filler = [[n] for n in range(5000)] + [bytes(48) for _ in range(5000)]
    old()
    assert finished(snapshot) == 0
    assert snapshot.facts()["found"] >= 4000
    assert [each[0] for each in filler[:5000]] == list(range(5000))
    snapshot.close()


def test_garbage_that_a_full_collection_freed_meanwhile_is_not_touched() -> None:
    pairs = [cycle() for _ in range(2000)]
    old()
    del pairs
    snapshot = _collector.Snapshot(10_000)
    assert gc.collect() >= 4000
    fresh = [cycle() for _ in range(2000)]
    finished(snapshot)
    assert all(a.other is b for a, b in fresh)
    snapshot.close()


def test_objects_of_every_kind_are_freed() -> None:
    def garbage() -> object:
        import asyncio
        import collections

        def closure() -> object:
            return closure

        class Kind:
            def method(self) -> None: ...

        thing = Kind()
        thing.method = thing.method  # type: ignore[method-assign]
        table: dict[str, object] = {"thing": thing}
        table["table"] = table
        row: list[object] = [table]
        row.append((row, {frozenset([1]): row}))
        queue = collections.deque([row])
        queue.append(queue)  # type: ignore[arg-type]
        generator = (each for each in [queue])
        table["generator"] = generator
        loop = asyncio.new_event_loop()
        loop.close()
        try:
            raise ValueError(row)
        except ValueError as error:
            table["error"] = error
        return table

    made = [garbage() for _ in range(20)]
    old()
    del made
    outcome = collect()
    assert outcome.failure == ""
    assert outcome.collected > 200
    assert gc.collect() == 0


@pytest.mark.parametrize("seed", range(4))
def test_random_changes_lose_nothing_and_leave_no_garbage(seed: int) -> None:
    world = World(seed)
    changed(world, rounds=12, changes=1500)


@pytest.mark.slow
def test_a_million_random_changes_lose_nothing_and_leave_no_garbage() -> None:
    world = World(2026)
    changed(world, rounds=100, changes=10_000)


def changed(world: World, rounds: int, changes: int) -> None:
    """Change the world half before and half while a child marks; check it each round."""
    for number in range(rounds):
        world.change(changes // 2)
        old()
        dead = world.alive - world.reached()
        snapshot = _collector.Snapshot(1 << 20)
        world.change(changes // 4)
        if number % 3 == 0:
            gc.collect(number % 2)
        world.change(changes // 4)
        finished(snapshot)
        snapshot.close()
        world.check()
        assert not dead & world.alive, "what was garbage when the child looked is there still"
        world.forget_dead()
    gc.collect()
    assert world.alive == world.reached()


def test_a_thread_that_changes_the_graph_all_the_while_loses_nothing() -> None:
    world = World(7)
    stop = threading.Event()
    error: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                world.change(50)
        except BaseException as problem:
            error.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    outcomes = []
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        outcomes.append(collect())
    stop.set()
    thread.join()
    assert not error
    assert not any(outcome.failure for outcome in outcomes)
    world.check()
    gc.collect()
    assert world.alive == world.reached()


def test_a_fork_that_is_refused_is_told_and_does_no_harm() -> None:
    program = """
        import gc, os, resource
        from wadjet.observe.collector.concurrent import collect
        os.setuid(65534) if os.getuid() == 0 else None
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        print(collect().failure)
        print(gc.collect() >= 0)
    """
    done = run(program)
    assert done == "the system refused a fork (Resource temporarily unavailable)\nTrue\n"


def test_short_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrent, "available_memory", lambda: 1 << 20)
    assert collect().failure.startswith("memory is short: 1 MiB are free, a copy may take ")


def test_a_child_without_memory_is_told() -> None:
    program = """
        import gc, resource
        from wadjet.observe.collector.concurrent import collect
        keep = [[n] for n in range(300_000)]
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        room = (1 << 22) * 32 + (1 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (size + room, size + room))
        print(collect().failure)
        print(len(keep))
    """
    assert run(program) == "the child ended early: killed, or without memory\n300000\n"


def test_a_child_that_is_killed_is_told() -> None:
    program = """
        import gc, os, signal, threading, time
        from wadjet.observe.collector.concurrent import collect
        keep = [[n] for n in range(2_000_000)]
        done = []
        thread = threading.Thread(target=lambda: done.append(collect()))
        thread.start()
        killed = 0
        while thread.is_alive() and not killed:
            for task in os.listdir("/proc/self/task"):
                with open(f"/proc/self/task/{task}/children") as file:
                    for child in file.read().split():
                        os.kill(int(child), signal.SIGKILL)
                        killed += 1
        thread.join()
        print(killed, done[0].failure)
    """
    assert run(program) == "1 the child ended early: killed, or without memory\n"


def test_a_child_that_takes_too_long_is_ended_and_told() -> None:
    program = """
        import os
        from wadjet.observe.collector.concurrent import collect
        keep = [[n] for n in range(1_000_000)]
        print(collect(patience=0.001).failure)
        children = [open(f"/proc/self/task/{task}/children").read()
                    for task in os.listdir("/proc/self/task")]
        print(children)
    """
    assert run(program) == "the child was still at work after 0.001 s\n['']\n"


def test_the_collector_that_collects_bit_by_bit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_collector, "is_incremental", lambda: True)
    for start in (collect, Concurrent, Growth, Budget):
        with pytest.raises(UnsupportedError, match=r"3\.14\.0 to 3\.14\.4"):
            start()


def test_a_forked_child_of_the_program_leaves_the_marking_child_alone() -> None:
    program = """
        import gc, os, warnings
        warnings.simplefilter("ignore")
        from wadjet.observe.collector import _collector
        keep = [[n] for n in range(500_000)]
        snapshot = _collector.Snapshot(10)
        if os.fork() == 0:
            del snapshot
            os._exit(0)
        os.wait()
        while not snapshot.wait(1.0):
            pass
        print(snapshot.facts()["marked"], snapshot.facts()["tracked"] > 500_000)
    """
    assert run(program) == "1 True\n"


def test_a_snapshot_is_used_until_it_is_closed() -> None:
    snapshot = _collector.Snapshot(10)
    snapshot.close()
    with pytest.raises(ValueError, match="closed"):
        snapshot.facts()
    snapshot.close()


def test_nothing_is_begun_during_a_collection() -> None:
    told: list[str] = []

    def called(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            told.append(collect().failure)

    gc.callbacks.append(called)
    try:
        gc.collect(0)
    finally:
        gc.callbacks.remove(called)
    assert told == ["a collection was under way"]


def test_the_program_hears_nothing_of_the_child() -> None:
    program = """
        import gc, os, signal
        from wadjet.observe.collector.concurrent import collect
        heard = []
        signal.signal(signal.SIGCHLD, lambda *_: heard.append("SIGCHLD"))
        keep = [[n] for n in range(100_000)]
        print(collect().failure == "", heard)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no child")
        print(sorted(os.listdir("/proc/self/fd"))[-1] < "9")
    """
    assert run(program) == "True []\nno child\nTrue\n"


def test_only_a_capsule_of_the_right_name_is_taken_for_a_function() -> None:
    with pytest.raises(ValueError, match="PyCapsule"):
        collect(keep=object())


def test_no_full_collection_comes_between_while_a_child_marks() -> None:
    kept = [[n] for n in range(50_000)]
    gc.collect()
    before = _collector.heap()[2:]
    account = concurrent._Account()
    for _ in range(5):
        heap = [[n] for n in range(2000)]
        old()
        account.hold()
        assert _collector.heap()[2:] == (before[0], 0)
    account.take_back()
    assert len(heap) + len(kept) == 52_000
    assert _collector.heap()[2] == before[0]
    assert _collector.heap()[3] >= before[1] + 5 * 2000


def test_nonsense_is_refused() -> None:
    for nonsense in ({"slice_size": 0}, {"patience": 0}):
        with pytest.raises(ValueError, match="positive"):
            collect(**nonsense)
    with pytest.raises(ValueError, match="growth"):
        Concurrent(growth=0)


def test_a_heap_that_grows_is_collected_by_the_thread() -> None:
    gc.enable()
    with Concurrent(growth=0.05, least=1000) as service:
        refs = []
        until = time.monotonic() + 20
        while not any(outcome.collected for outcome in service.outcomes):
            assert time.monotonic() < until, list(service.outcomes)
            pairs = [cycle() for _ in range(3000)]
            refs.append(weakref.ref(pairs[0][0]))
            gc.collect(1)
            del pairs
            time.sleep(0.01)
    assert threading.active_count() == 1 or "wadjet-collector" not in {
        thread.name for thread in threading.enumerate()
    }
    assert all(outcome.failure == "" for outcome in service.outcomes)


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
