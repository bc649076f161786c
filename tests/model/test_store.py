"""A recording comes back from its file as it went in."""

from __future__ import annotations

import sqlite3
import threading
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.profiles import METRICS, empty, profiles, realistic

from wadjet.errors import OutputError
from wadjet.model import store
from wadjet.model.profile import Function, Process, Profile, Samples, Thread

SAME_FOLDER = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def rows(profile: Profile) -> list[tuple[int, ...]]:
    samples = profile.samples
    columns = (samples.time, samples.thread, samples.node, samples.state, samples.holder)
    return list(zip(*columns, *samples.values, strict=True))


@SAME_FOLDER
@given(profile=profiles())
def test_any_profile_comes_back_as_it_went_in(profile: Profile, tmp_path: Path) -> None:
    path = tmp_path / "any.wadjet"
    store.save(profile, path, overwrite=True)
    assert store.load(path) == profile


def test_a_realistic_recording_comes_back_with_its_facts_and_sources(tmp_path: Path) -> None:
    profile = realistic()
    store.save(profile, tmp_path / "shop.wadjet")
    loaded = store.load(tmp_path / "shop.wadjet")
    assert loaded == profile
    assert loaded.about["command"] == ["python", "shop.py", "--orders", "500"]
    assert "zlib.compress" in loaded.sources["/srv/shop/shop.py"]


def test_a_recording_without_a_sample_comes_back(tmp_path: Path) -> None:
    store.save(empty(), tmp_path / "empty.wadjet")
    assert store.load(tmp_path / "empty.wadjet") == empty()


def test_names_that_are_no_text_are_kept_readable(tmp_path: Path) -> None:
    """Linux lets a file name be any bytes; Python gives those that are no text as surrogates."""
    path = tmp_path / "odd.wadjet"
    with store.Writer(path, METRICS) as writer:
        writer.process(0, Process(1, command="run caf\udce9.py"))
        writer.thread(0, Thread("worker \udcff"))
        writer.functions([Function("f\udc80", "/srv/caf\udce9.py", 1)])
        writer.sources({"/srv/caf\udce9.py": "name = '\udce9'\n"})
    loaded = store.load(path)
    assert loaded.tree.functions == (Function("f\\udc80", "/srv/caf\\udce9.py", 1),)
    assert loaded.threads[0].name == "worker \\udcff"
    assert loaded.processes[0].command == "run caf\\udce9.py"
    assert loaded.sources == {"/srv/caf\\udce9.py": "name = '\\udce9'\n"}


def one_block(time: list[int], thread: list[int]) -> Samples:
    count = len(time)
    none, state = array("i", [-1]) * count, array("b", [1]) * count
    values = (array("q", [0]) * count, array("q", [1]) * count)
    return Samples(array("q", time), array("i", thread), none, state, none, values)


@pytest.mark.parametrize(
    "blocks",
    [
        [[5, 9, 7, 8, 20]],
        [[5, 9, 20], [7, 8, 21]],
        [[100, 200], [1, 2], [3, 150]],
        [list(range(500, 1000)), list(range(500))],
        [[*range(90), 45, 46, 47, *range(90, 180), 3, *range(180, 200)]],
        [[3, 2, 1, 0]],
    ],
)
def test_samples_written_late_are_read_in_order_of_time(
    blocks: list[list[int]], tmp_path: Path
) -> None:
    path = tmp_path / "late.wadjet"
    flat = [time for block in blocks for time in block]
    with store.Writer(path, METRICS) as writer:
        writer.process(0, Process(1))
        done = 0
        for block in blocks:
            numbers = list(range(done, done + len(block)))
            writer.samples(one_block(block, numbers))
            done += len(block)
        for number in range(done):
            writer.thread(number, Thread(f"t{number}"))
    samples = store.load(path).samples
    expected = sorted((time, number) for number, time in enumerate(flat))
    assert list(zip(samples.time, samples.thread, strict=True)) == expected


def test_blocks_of_many_commits_read_as_one_recording(tmp_path: Path) -> None:
    profile = realistic()
    tree, samples = profile.tree, profile.samples
    path = tmp_path / "many.wadjet"
    with store.Writer(path, profile.metrics) as writer:
        for number, process in enumerate(profile.processes):
            writer.process(number, process)
        for number, thread in enumerate(profile.threads):
            writer.thread(number, thread)
        for number in range(len(tree.functions)):
            writer.functions(tree.functions[number : number + 1])
        writer.frames(tree.frame_function[:5], tree.frame_line[:5])
        writer.frames(tree.frame_function[5:], tree.frame_line[5:])
        writer.nodes(tree.node_parent[:9], tree.node_frame[:9])
        writer.nodes(tree.node_parent[9:], tree.node_frame[9:])
        for start in range(0, len(samples), 500):
            part = slice(start, start + 500)
            writer.samples(
                Samples(
                    samples.time[part],
                    samples.thread[part],
                    samples.node[part],
                    samples.state[part],
                    samples.holder[part],
                    tuple(column[part] for column in samples.values),
                )
            )
            writer.commit()
        writer.about(profile.about)
        writer.sources(profile.sources)
    assert store.load(path) == profile


def test_a_fact_told_twice_is_the_later_one(tmp_path: Path) -> None:
    path = tmp_path / "facts.wadjet"
    with store.Writer(path, METRICS) as writer:
        writer.about({"complete": False, "exit": None})
        writer.about({"complete": True, "exit": 3})
    assert store.load(path).about == {"complete": True, "exit": 3}


def test_frames_may_be_named_anew_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "named.wadjet"
    with store.Writer(path, METRICS) as writer:
        writer.functions([Function("libz.so+0x12"), Function("deflate")])
        writer.frames(array("i", [0, 0]), array("i", [0, 0]))
        writer.replace_frames(array("i", [1, 0]), array("i", [7, 0]))
    tree = store.load(path).tree
    assert list(tree.frame_function) == [1, 0]
    assert list(tree.frame_line) == [7, 0]


def test_a_metric_that_nothing_measured_takes_no_room(tmp_path: Path) -> None:
    profile = realistic()
    zero = array("q", bytes(8 * len(profile.samples)))
    only_wall = replace(
        profile, samples=replace(profile.samples, values=(profile.samples.values[0], zero))
    )
    store.save(only_wall, tmp_path / "wall.wadjet")
    base = sqlite3.connect(tmp_path / "wall.wadjet")
    assert base.execute("SELECT DISTINCT metric FROM value_block").fetchall() == [(0,)]
    base.close()
    assert rows(store.load(tmp_path / "wall.wadjet")) == rows(only_wall)


def test_five_minutes_of_eight_threads_fit_into_twenty_megabytes(tmp_path: Path) -> None:
    """What 840,000 samples take is known from a tenth of them: blocks do not share anything."""
    profile = realistic(seconds=30)
    store.save(profile, tmp_path / "long.wadjet")
    octets = (tmp_path / "long.wadjet").stat().st_size
    assert octets / len(profile.samples) * 840_000 < 20 * 2**20


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    writer = store.Writer(tmp_path / "twice.wadjet", METRICS)
    writer.close()
    writer.close()
    assert store.load(tmp_path / "twice.wadjet").metrics == METRICS


def test_a_path_named_like_a_memory_database_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store.save(realistic(), Path(":memory:"))
    assert store.load(Path(":memory:")) == realistic()


def test_writing_after_the_close_is_told_as_an_error(tmp_path: Path) -> None:
    writer = store.Writer(tmp_path / "closed.wadjet", METRICS)
    writer.close()
    with pytest.raises(OutputError, match=r"cannot write .*closed\.wadjet"):
        writer.about({"complete": True})


def test_a_recording_that_is_being_written_is_read_as_it_was_at_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.wadjet"
    with store.Writer(path, METRICS) as writer:

        def add(number: int) -> None:
            writer.functions([Function(f"f{number}", "a.py", number)])
            writer.frames(array("i", [number]), array("i", [number]))
            writer.nodes(array("i", [number - 1]), array("i", [number]))
            row = (array("q", [number]), array("i", [0]), array("i", [number]))
            values = tuple(array("q", [1]) for _ in METRICS)
            writer.samples(Samples(*row, array("b", [1]), array("i", [-1]), values))
            writer.commit()

        def samples(base: sqlite3.Connection, metrics: int) -> Samples:
            """Read the samples when more have been written, or are to be."""
            writing.start()
            writing.join(0.3)
            return read(base, metrics)

        read, writing = store._samples, threading.Thread(target=add, args=[1])
        writer.process(0, Process(1, 0, "grow", 0))
        writer.thread(0, Thread("MainThread", 1, 0, 0))
        add(0)
        with monkeypatch.context() as patched:
            patched.setattr(store, "_samples", samples)
            seen = store.load(path)
        writing.join()
        assert (len(seen.tree), len(seen.samples)) == (1, 1)
        seen = store.load(path)
        assert (len(seen.tree), len(seen.samples)) == (2, 2)
