"""The garbage collector's runs, as `wadjet run --collector` records them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.observe.sampling.runs import Run, recorded, written

import wadjet
from wadjet.model.collection import METRICS, is_traced, runs

ASKED = """
    import gc

    class Node:
        pass

    def garbage(count):
        for _ in range(count):
            node = Node()
            node.self = node

    def tidy():
        garbage(500)
        gc.collect()

    gc.disable()
    keep = [[] for _ in range(100_000)]
    for _ in range(4):
        tidy()
    try:
        gc.collect(0)
    finally:
        print(len(gc.callbacks))
"""

AUTOMATIC = """
    def build():
        return [[n] for n in range(300_000)]

    build()
"""


def traced(program: str, folder: Path, *flags: str) -> Run:
    run = recorded([written(folder, program)], folder=folder, flags=["--collector", *flags])
    assert run.status == 0, run.err
    return run


def named(run: Run, node: int) -> str:
    tree = run.profile.tree
    return tree.functions[tree.function_of(node)].name


def test_each_collection_that_is_asked_for_is_an_event_with_its_stack(tmp_path: Path) -> None:
    run = traced(ASKED, tmp_path)
    found = [each for each in runs(run.profile) if not each.automatic]
    full = [each for each in found if each.generation == 2 and named(run, each.node) == "tidy"]
    assert len(full) == 4
    for each in full:
        assert each.count == 1
        assert each.collected >= 500
        assert each.examined >= 100_000
        assert each.pause > 0
        assert "tidy" in run.profile.tree.describe(each.node)
    assert [each.generation for each in found][-1] == 0


def test_the_metrics_of_collections_are_there_only_when_asked_for(tmp_path: Path) -> None:
    with_them = traced(ASKED, tmp_path).profile
    without = recorded([written(tmp_path, "pass")], folder=tmp_path, name="b.wadjet").profile
    assert with_them.metrics[-len(METRICS) :] == METRICS
    assert [metric.name for metric in without.metrics] == ["wall", "cpu"]
    assert is_traced(with_them)
    assert not is_traced(without)
    assert runs(without) == []


def test_automatic_collections_are_told_from_those_asked_for(tmp_path: Path) -> None:
    run = traced(AUTOMATIC, tmp_path)
    found = runs(run.profile)
    of_build = [each for each in found if "build" in run.profile.tree.describe(each.node)]
    assert of_build
    assert all(each.automatic for each in of_build)
    assert sum(each.count for each in of_build if each.generation == 0) >= 50


def test_every_run_is_counted_though_short_ones_are_added_up(tmp_path: Path) -> None:
    program = """
        import gc
        def build():
            return [[n] for n in range(400_000)]
        gc.collect()
        before = [each["collections"] for each in gc.get_stats()]
        build()
        after = [each["collections"] for each in gc.get_stats()]
        print(*(b - a for a, b in zip(before, after)))
    """
    run = traced(program, tmp_path)
    wanted = [int(word) for word in run.out.split()]
    inside = [e for e in runs(run.profile) if "build" in run.profile.tree.describe(e.node)]
    found = [sum(each.count for each in inside if each.generation == g) for g in range(3)]
    for got, true in zip(found, wanted, strict=True):
        assert abs(got - true) <= 2 + true // 50  # the sum at the border of ``build``


def test_the_callback_goes_when_the_recording_ends() -> None:
    import gc

    before = list(gc.callbacks)
    with wadjet.sample(collector="runs") as recording:
        assert len(gc.callbacks) == len(before) + 1
        gc.collect()
    assert gc.callbacks == before
    asked = [each for each in runs(recording.profile) if not each.automatic]
    assert [each.generation for each in asked] == [2]


def test_a_forked_child_is_recorded_by_a_callback_of_its_own(tmp_path: Path) -> None:
    program = """
        import gc, os
        gc.disable()
        pid = os.fork()
        if pid == 0:
            gc.collect(1)
            print(len(gc.callbacks), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        gc.collect(0)
    """
    run = traced(program, tmp_path, "--children")
    assert run.out == "1\n"
    profile = run.profile
    assert len(profile.processes) == 2
    found = {(profile.threads[e.thread].process, e.generation) for e in runs(profile)}
    assert found >= {(0, 0), (1, 1)}


def test_a_program_that_clears_the_callbacks_runs_on(tmp_path: Path) -> None:
    program = """
        import gc
        gc.collect()
        gc.callbacks.clear()
        gc.collect()
        print("done")
    """
    run = traced(program, tmp_path)
    assert run.out == "done\n"
    assert len([each for each in runs(run.profile) if not each.automatic]) == 1


def test_a_callback_with_nonsense_does_no_harm() -> None:
    import gc

    with wadjet.sample(collector="runs") as recording:
        ours: Any = gc.callbacks[-1]
        nonsense: list[tuple[object, ...]] = [(), ("start",), ("start", 3), (None, {})]
        for arguments in [*nonsense, ("stop", {"collected": "x"})]:
            assert ours(*arguments) is None
    assert recording.profile is not None
