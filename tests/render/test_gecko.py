"""gecko files are sound processed profiles, and the Firefox Profiler's own code reads them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.profiles import (
    CPU,
    CPU_PERIOD,
    METRICS,
    SHOP,
    WALL,
    Rows,
    empty,
    huge,
    profiles,
    realistic,
)
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Function, Metric, Process, Profile, State, Thread
from wadjet.model.transform import only_metric
from wadjet.render.naming import STATES

VIEWERS = Path(__file__).parents[2] / "build/viewers/node_modules/.bin"
PROFILER = shutil.which("profiler-cli", path=f"{VIEWERS}{os.pathsep}{os.environ['PATH']}")


def document(profile: Profile) -> Any:
    return json.loads(written(profile, "gecko"))


def tables(made: Any) -> Iterator[Any]:
    shared = made["shared"]
    yield from (each for name, each in shared.items() if name != "stringArray")
    for thread in made["threads"]:
        yield thread["samples"]
        yield thread["markers"]
    yield from (counter["samples"] for counter in made["counters"])


def check_index(column: list[int | None], length: int, *, missing: int | None = None) -> None:
    assert all(index == missing or (index is not None and 0 <= index < length) for index in column)


def check(made: Any) -> None:
    """Check what the format's types say: columns of one length, and indices that lead somewhere."""
    for table in tables(made):
        columns = {name: each for name, each in table.items() if isinstance(each, list)}
        assert {len(column) for column in columns.values()} == {table["length"]}
    shared, meta = made["shared"], made["meta"]
    strings, categories = len(shared["stringArray"]), len(meta["categories"])
    stacks, frames, functions = shared["stackTable"], shared["frameTable"], shared["funcTable"]
    check_index(stacks["frame"], frames["length"])
    assert all(prefix is None or prefix < own for own, prefix in enumerate(stacks["prefix"]))
    check_index(frames["func"], functions["length"])
    check_index(frames["category"], categories)
    assert set(frames["subcategory"]) <= {0}
    check_index(functions["name"], strings)
    check_index(functions["resource"], shared["resourceTable"]["length"], missing=-1)
    check_index(functions["source"], shared["sources"]["length"])
    check_index(shared["resourceTable"]["name"], strings)
    check_index(shared["sources"]["filename"], strings)
    assert all(each["subcategories"][0] == "Other" for each in meta["categories"])
    assert sum(each["color"] == "grey" for each in meta["categories"]) == 1
    schemas = {each["name"] for each in meta["markerSchema"]}
    for thread in made["threads"]:
        samples, markers = thread["samples"], thread["markers"]
        check_index(samples["stack"], stacks["length"])
        assert samples["time"] == sorted(samples["time"])
        check_index(markers["name"], strings)
        check_index(markers["category"], categories)
        assert {each["type"] for each in markers["data"]} <= schemas
        assert all(a <= b for a, b in zip(markers["startTime"], markers["endTime"], strict=True))
        assert markers["startTime"] == sorted(markers["startTime"])
    pids = {each["pid"] for each in made["threads"]}
    assert len({(each["pid"], each["processName"]) for each in made["threads"]}) == len(pids)
    for counter in made["counters"]:
        assert made["threads"][counter["mainThreadIndex"]]["pid"] == counter["pid"]
        assert counter["samples"]["time"] == sorted(counter["samples"]["time"])


def thread_named(made: Any, name: str) -> Any:
    return next(each for each in made["threads"] if each["name"] == name)


def stack_of(made: Any, index: int | None) -> list[tuple[str, int | None]]:
    """Return a stack's functions and lines, root first."""
    shared = made["shared"]
    found = []
    while index is not None:
        frame = shared["stackTable"]["frame"][index]
        name = shared["funcTable"]["name"][shared["frameTable"]["func"][frame]]
        found.append((shared["stringArray"][name], shared["frameTable"]["line"][frame]))
        index = shared["stackTable"]["prefix"][index]
    return found[::-1]


def category_of(made: Any, stack: int) -> str:
    frame = made["shared"]["stackTable"]["frame"][stack]
    name = made["meta"]["categories"][made["shared"]["frameTable"]["category"][frame]]["name"]
    assert isinstance(name, str)
    return name


@given(profile=profiles())
def test_any_profile_is_sound_and_keeps_its_weight(profile: Profile) -> None:
    made = document(profile)
    check(made)
    metric = "wall" if "wall" in measured(profile) else "cpu"
    weight = sum(sum(thread["samples"]["weight"]) for thread in made["threads"])
    assert weight == pytest.approx(total(profile, metric) / 1e6)


@given(profile=profiles())
def test_stacks_are_those_of_the_samples(profile: Profile) -> None:
    chosen = only_metric(profile, "wall" if "wall" in measured(profile) else "cpu")
    made = document(profile)
    tree, samples = chosen.tree, chosen.samples
    expected = []
    for thread in range(len(chosen.threads)):
        for owner, node in zip(samples.thread, samples.node, strict=True):
            if owner == thread:
                path = list(tree.path(node))[::-1] if node >= 0 else []
                frames = [(tree.functions[tree.function_of(n)].name, tree.line_of(n)) for n in path]
                expected.append(frames or [("(no Python frame)", 0)])
    leaves = {f"({text})" for text in STATES.values()}
    found = []
    for thread in made["threads"]:
        for stack in thread["samples"]["stack"]:
            frames = [(name, line or 0) for name, line in stack_of(made, stack)]
            own = len(frames) - (frames[-1][0] in leaves)  # no name of the strategy is such
            found.append(frames[:own])
    assert found == expected


def test_a_leaf_says_what_a_thread_did_that_did_not_run_its_python_code() -> None:
    rows = Rows()
    node = rows.stack([(Function("f", "/srv/a.py", 1), 2)])
    for when, state in enumerate(State):
        rows.wall(when, 0, node, state, -1)
    made = document(rows.profile([Process(1)], [Thread("t")]))
    stacks = made["threads"][0]["samples"]["stack"]
    assert [(stack_of(made, each)[-1][0], category_of(made, each)) for each in stacks] == [
        ("f", "Program"),
        ("f", "Program"),
        ("(runs native code)", "Native code"),
        ("(waits for the GIL)", "Waits for the GIL"),
        ("(waits for a CPU)", "Waits for a CPU"),
        ("(blocked)", "Idle"),
    ]


def test_a_native_function_that_runs_needs_no_such_leaf() -> None:
    rows = Rows()
    node = rows.stack([(Function("deflate", "libz.so", 0, "native"), 0)])
    rows.wall(1, 0, node, State.RUN_NATIVE, -1)
    rows.wall(2, 0, node, State.BLOCKED, -1)
    made = document(rows.profile([Process(1)], [Thread("t")]))
    stacks = made["threads"][0]["samples"]["stack"]
    assert [[name for name, _ in stack_of(made, each)] for each in stacks] == [
        ["deflate"],
        ["deflate", "(blocked)"],
    ]


def test_functions_are_coloured_by_whose_code_they_are() -> None:
    made = document(realistic(1.0))
    shared = made["shared"]
    names = [made["meta"]["categories"][each]["name"] for each in shared["frameTable"]["category"]]
    functions = [
        shared["stringArray"][shared["funcTable"]["name"][each]]
        for each in shared["frameTable"]["func"]
    ]
    code = dict(zip(functions, names, strict=True))
    assert code["parse"] == "Program"
    assert code["loads"] == "Library"
    assert code["deflate"] == "Native code"
    assert code["task fetch-3"] == "Program"
    assert code["(no Python frame)"] == "Other"


def test_waits_for_the_gil_are_markers_that_name_the_holder() -> None:
    rows = Rows()
    for when, state, holder in [
        (10, State.RUN_GIL, 0),
        (20, State.WAIT_GIL, 1),
        (30, State.WAIT_GIL, 1),
        (40, State.WAIT_GIL, -1),
        (50, State.BLOCKED, 1),
        (60, State.BLOCKED, -1),
    ]:
        rows.wall(when * 10**6, 0, -1, state, holder)
    made = document(rows.profile([Process(1)], [Thread("t", 1), Thread("worker", 2)]))
    markers = made["threads"][0]["markers"]
    names = [made["shared"]["stringArray"][each] for each in markers["name"]]
    assert list(zip(names, markers["startTime"], markers["endTime"], strict=True)) == [
        ("runs with the GIL", 0, 10),
        ("waits for the GIL", 10, 30),
        ("waits for the GIL", 30, 40),
        ("blocked", 40, 60),
    ]
    assert [each.get("holder") for each in markers["data"]] == [None, "worker", "not known", None]


def test_the_wall_clock_comes_with_the_cpus_that_each_process_used() -> None:
    rows = Rows()
    for tick in range(1, 21):
        for thread in range(2):
            rows.wall(tick * 10**7 - 1, thread, -1, State.RUN_NATIVE, -1)
            rows.cpu(tick * 10**7 - 1, thread, -1, State.RUN_NATIVE, 10**7)
    made = document(rows.profile([Process(5)], [Thread("a", 1), Thread("b", 2)]))
    assert all("threadCPUDelta" not in each["samples"] for each in made["threads"])
    (counter,) = made["counters"]
    assert counter["pid"] == "5"
    assert counter["samples"]["time"] == [0, 100, 200, 300]
    assert counter["samples"]["count"] == [0, 200, 200, 0]  # ms in 100 ms: two CPUs


def test_cpu_samples_say_how_much_of_a_cpu_each_thread_used() -> None:
    made = document(only_metric(realistic(1.0), "cpu"))
    for thread in made["threads"]:
        assert set(thread["samples"]["threadCPUDelta"]) == {CPU_PERIOD}
        assert set(thread["samples"]["weight"]) == {CPU_PERIOD / 1e6}


def test_processes_are_apart_even_if_their_pids_are_alike() -> None:
    profile = Rows()
    for thread in range(3):
        profile.wall(thread, thread, -1, State.BLOCKED, -1)
    threads = [Thread("MainThread", 7, 0), Thread("x", 7, 0), Thread("MainThread", 7, 1)]
    made = document(profile.profile([Process(7), Process(7)], threads))
    assert [(each["pid"], each["isMainThread"]) for each in made["threads"]] == [
        ("7", True),
        ("7", False),
        ("7.1", True),
    ]


def test_source_text_is_carried_along() -> None:
    shared = document(realistic(0.5))["shared"]
    files = [shared["stringArray"][each] for each in shared["sources"]["filename"]]
    assert shared["sources"]["content"][files.index("/srv/shop/shop.py")] == SHOP


def test_native_functions_belong_to_their_library() -> None:
    shared = document(realistic(1.0))["shared"]
    libraries = [shared["stringArray"][each] for each in shared["resourceTable"]["name"]]
    assert libraries == ["/usr/lib/libz.so.1"]
    names = [shared["stringArray"][each] for each in shared["funcTable"]["name"]]
    row = names.index("deflate")
    assert shared["funcTable"]["resource"][row] == 0
    assert shared["funcTable"]["source"][row] is None


def test_it_opens_at_the_busiest_thread_and_shows_twenty() -> None:
    rows = Rows()
    for thread in range(50):
        rows.wall(thread, thread, -1, State.BLOCKED, -1)
        rows.cpu(thread, thread, -1, State.RUN_GIL, 1 + thread)
        rows.wall(thread + 100, thread, -1, State.BLOCKED, -1)
    made = document(rows.profile([Process(1)], [Thread(f"t{n}", n) for n in range(50)]))
    assert made["meta"]["initialSelectedThreads"] == [49]
    assert made["meta"]["initialVisibleThreads"] == list(range(30, 50))


def test_a_metric_of_bytes_is_weighed_in_bytes() -> None:
    made = document(Builder([Metric("heap", "bytes", "Heap")]).sample(["f a.py:1"], heap=9).build())
    samples = made["threads"][0]["samples"]
    assert (samples["weightType"], samples["weight"]) == ("bytes", [9])
    assert made["threads"][0]["markers"]["length"] == 0


def test_cpu_samples_are_written_if_there_are_no_others() -> None:
    profile = Builder(METRICS).sample(["f a.py:1"], cpu=2_000_000).build()
    assert document(profile)["threads"][0]["samples"]["weight"] == [2.0]
    assert document(Builder([CPU]).sample([], cpu=1).build())["threads"]


def test_an_empty_recording_has_no_threads() -> None:
    made = document(empty())
    check(made)
    assert made["threads"] == []


def test_what_the_recording_notes_is_among_the_facts() -> None:
    profile = replace(realistic(0.1), about={"notes": ["perf events are not permitted"]})
    (section,) = document(profile)["meta"]["extra"]
    assert {
        "label": "Note",
        "format": "string",
        "value": "perf events are not permitted",
    } in section["entries"]


class Session:
    """The Firefox Profiler's own code, with one profile loaded."""

    def __init__(self, profile: Profile, folder: Path) -> None:
        path = folder / "profile.json"
        path.write_bytes(written(profile, "gecko"))
        self.environment = {**os.environ, "PROFILER_CLI_SESSION_DIR": str(folder / "session")}
        self.log = folder / "session" / "test.log"
        # Not `load`, which gives its daemon half a second to start.
        self.daemon = subprocess.Popen(
            [str(PROFILER), "--daemon", str(path), "--session", "test"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Session:
        # Nobody may ask before: the asker takes a daemon that is not ready for one that died,
        # and deletes its socket.
        until = time.monotonic() + 120
        while not self._loaded():
            if self.daemon.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise AssertionError(f"the profiler did not load the profile: {self._told()}")
            time.sleep(0.05)
        return self

    def _told(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def _loaded(self) -> bool:
        return "Profile loaded successfully" in self._told()

    def __exit__(self, *_: object) -> None:
        self.daemon.terminate()
        self.daemon.wait()

    def __call__(self, *words: str) -> str:
        """Return the profiler's answer."""
        done = self._ask(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(PROFILER), *words, "--session", "test"]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)


@pytest.mark.skipif(
    PROFILER is None or shutil.which("node") is None,
    reason="needs node and the Firefox Profiler: run tools/viewers",
)
class TestFirefoxProfiler:
    def test_it_finds_threads_functions_states_and_source(self, tmp_path: Path) -> None:
        with Session(realistic(), tmp_path) as ask:
            info = ask("profile", "info", "--all")
            assert "7 threads across 2 processes" in info
            assert "worker-1 [tid 4243]" in info
            ask("thread", "select", "t-1")
            spent = ask("thread", "samples", "--include-idle")
            assert "Waits for the GIL" in spent
            assert "fib - total: 1.020s" in spent
            assert "(waits for the GIL) - self: 1.100s" in spent
            parse = spent[: spent.index(". parse")].rsplit("f-", 1)[1]
            source = ask("function", "annotate", f"f-{parse}")
            assert 'total += line["price"] * line["count"]' in source
            waits = ask("thread", "markers", "--search", "waits for the GIL", "--list")
            marker = next(word.strip(",:") for word in waits.split() if word.startswith("m-"))
            assert "Held by: worker-2" in ask("marker", "info", marker)

    def test_odd_names_load(self, tmp_path: Path) -> None:
        odd = Builder([WALL]).sample(["a;b\n\0\udcff🐍 é.py:1"] * 300, thread="", wall=10**6)
        with Session(odd.build(), tmp_path) as ask:
            assert "🐍" in ask("thread", "samples", "--include-idle")

    def test_a_hundred_thousand_stacks_load(self, tmp_path: Path) -> None:
        with Session(huge(), tmp_path) as ask:
            ask("thread", "select", "t-0")
            assert "function_0" in ask("thread", "samples", "--include-idle")
