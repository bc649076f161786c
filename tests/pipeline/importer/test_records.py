"""What was kept while importing makes a profile with all of it, and nothing else."""

from __future__ import annotations

import json
import platform
import sys

from wadjet.model.imports import STAGE
from wadjet.model.profile import State
from wadjet.pipeline.importer.records import Records, profile_of

KEPT = Records(
    started=12.5,
    threads=("MainThread", "worker"),
    nodes=((-1, "json", True), (0, "find", False), (-1, "no.such.module", True)),
    rows=((5, 0, 1, 4), (9, 1, 2, 3), (20, 0, 0, 11)),
)


def test_every_thread_is_there_until_the_end() -> None:
    profile = profile_of(KEPT)
    assert [(each.name, each.tid, each.started, each.ended) for each in profile.threads] == [
        ("MainThread", 1, 0, 20),
        ("worker", 2, 0, 20),
    ]
    [process] = profile.processes
    assert (process.pid, process.ended) == (1, 20)
    assert [each.process for each in profile.threads] == [0, 0]


def test_a_stage_is_below_its_module_and_a_module_has_its_file() -> None:
    tree = profile_of(KEPT).tree
    assert [len([*tree.path(node)]) for node in range(len(tree))] == [1, 2, 1]
    functions = [tree.functions[tree.function_of(node)] for node in range(len(tree))]
    assert [(each.name, each.file, each.line, each.kind) for each in functions] == [
        ("json", json.__file__, 0, "python"),
        ("find", STAGE, 0, "native"),
        ("no.such.module", "", 0, "python"),
    ]


def test_each_time_is_its_threads_and_its_nodes() -> None:
    samples = profile_of(KEPT).samples
    assert samples.time.tolist() == [5, 9, 20]
    assert samples.thread.tolist() == [0, 1, 0]
    assert samples.node.tolist() == [1, 2, 0]
    assert [each.tolist() for each in samples.values] == [[4, 3, 11]]
    assert set(samples.holder) == {-1}
    assert set(samples.state) == {State.RUN_GIL}


def test_it_tells_what_was_run_and_when() -> None:
    about = profile_of(KEPT).about
    assert about["command"] == sys.orig_argv
    assert about["started"] == 12.5
    assert about["python"] == platform.python_version()


def test_nothing_makes_an_empty_profile() -> None:
    profile = profile_of(Records(0.0, (), (), ()))
    assert profile.processes[0].ended == 0
    assert len(profile.samples.time) == len(profile.tree) == len(profile.threads) == 0
