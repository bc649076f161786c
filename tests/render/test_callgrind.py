"""callgrind files follow the published grammar, and callgrind_annotate sums them up rightly."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.profiles import CPU, METRICS, Rows, empty, huge, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Function, Process, Profile, State, Thread
from wadjet.model.totals import by_function, by_node

ANNOTATE = shutil.which("callgrind_annotate")

Costs = list[int]


@dataclass
class Read:
    """A callgrind file, read by its grammar. Functions are known by their number."""

    header: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    events: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    own: dict[tuple[str, int], Costs] = field(default_factory=dict)
    calls: dict[tuple[str, int, str], tuple[int, Costs]] = field(default_factory=dict)

    def whole(self, function: str, event: str) -> int:
        """Return what a function's callers spent on it."""
        index = self.events.index(event)
        return sum(
            costs[index] for (*_, callee), (_, costs) in self.calls.items() if callee == function
        )

    def named(self, name: str) -> str:
        return next(number for number, each in self.names.items() if each == name)


def read(profile: Profile) -> Read:
    lines = written(profile, "callgrind").decode().split("\n")
    assert lines[0] == "# callgrind format"
    found = Read()
    place: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    calls = 0
    for line in lines[1:]:
        if match := re.fullmatch(
            r"(version|creator|cmd|pid|positions|event|events|summary|totals): (.*)", line
        ):
            found.header[match[1]].append(match[2])
            if match[1] == "events":
                found.events = match[2].split()
                assert all(re.fullmatch("[A-Za-z][A-Za-z0-9]*", each) for each in found.events)
        elif match := re.fullmatch(r"(c?)(ob|fl|fi|fn)=\((\d+)\)(?: (.+))?", line):
            kind = "fl" if match[2] == "fi" else match[2]
            if match[4]:
                names[kind, match[3]] = match[4]
            assert (kind, match[3]) in names
            place[match[1] + kind] = match[3]
        elif match := re.fullmatch(r"calls=(\d+) (\d+)", line):
            calls = int(match[1])
            assert calls > 0
        elif re.fullmatch(r"\d+( \d+)+", line):
            number, *costs = map(int, line.split())
            assert len(costs) == len(found.events)
            if calls:
                found.calls[place["fn"], number, place["cfn"]] = calls, costs
            else:
                found.own[place["fn"], number] = costs
            calls = 0
        else:
            assert line == ""
    found.names = {number: name for (kind, number), name in names.items() if kind == "fn"}
    return found


@given(profile=profiles())
def test_any_profile_keeps_its_weight(profile: Profile) -> None:
    made = read(profile)
    assert set(made.events) == set(measured(profile) or ["wall"])
    for index, event in enumerate(made.events):
        assert sum(costs[index] for costs in made.own.values()) == total(profile, event)
    totals = " ".join(str(total(profile, event)) for event in made.events)
    assert made.header["summary"] == made.header["totals"] == [totals]


@given(profile=profiles())
def test_what_its_callers_spent_on_a_function_is_its_total(profile: Profile) -> None:
    made = read(profile)
    for event in made.events:
        known = by_function(profile.tree, by_node(profile, event))
        expected = sorted(each.total for each in known.values())
        frameless = sum(
            value
            for node, value in zip(
                profile.samples.node,
                profile.samples.values[profile.metric_index(event)],
                strict=True,
            )
            if node < 0
        )
        found = [made.whole(function, event) for function in made.names]
        assert sorted(filter(None, found)) == sorted(filter(None, [*expected, frameless]))


def test_costs_and_calls_are_by_line() -> None:
    profile = (
        Builder([CPU])
        .sample(["main a.py:3", "work a.py:8"], cpu=10)
        .sample(["main a.py:4", "work a.py:8"], cpu=20)
        .sample(["main a.py:4", "work a.py:9"], cpu=30)
        .sample(["main a.py:5"], cpu=1)
        .build()
    )
    made = read(profile)
    main, work, thread = made.named("main"), made.named("work"), made.named("MainThread")
    assert made.own == {(main, 5): [1], (work, 8): [30], (work, 9): [30]}
    assert made.calls == {
        (thread, 0, main): (4, [61]),
        (main, 3, work): (1, [10]),
        (main, 4, work): (2, [50]),
    }


def test_recursion_is_not_charged_twice() -> None:
    made = read(Builder([CPU]).sample(["f a.py:1"] * 50, cpu=7).build())
    f = made.named("f")
    assert made.whole(f, "cpu") == 7
    assert made.calls[f, 1, f] == (1, [0])


def test_cpu_time_is_the_first_event_if_measured() -> None:
    assert read(realistic(0.2)).events == ["cpu", "wall"]
    assert read(Builder(METRICS).sample(["f a.py:1"], wall=1).build()).events == ["wall"]


def test_functions_that_look_alike_are_told_apart_by_line() -> None:

    rows = Rows()
    for line in (5, 9):
        rows.cpu(line, 0, rows.stack([(Function("<lambda>", "a.py", line), line)]), State.RUN_GIL)
    made = read(rows.profile([Process(1)], [Thread("t")]))
    assert {"<lambda>:5", "<lambda>:9"} <= set(made.names.values())


def test_native_functions_are_in_their_library() -> None:
    text = written(realistic(1.0), "callgrind").decode()
    assert re.search(
        r"ob=\(\d+\) /usr/lib/libz.so.1\nc?f[il]=\(\d+\) \?\?\?\nc?fn=\(\d+\) deflate", text
    )


def test_an_empty_recording_is_a_file_without_cost() -> None:
    made = read(empty())
    assert (made.own, made.calls) == ({}, {})
    assert made.header["totals"] == ["0"]


def test_a_hundred_thousand_stacks_are_summed() -> None:
    profile = huge()
    made = read(profile)
    index = made.events.index("cpu")
    assert sum(costs[index] for costs in made.own.values()) == total(profile, "cpu")


@pytest.mark.skipif(ANNOTATE is None, reason="needs valgrind, for callgrind_annotate")
class TestCallgrindAnnotate:
    def annotate(self, profile: Profile, folder: Path, *words: str) -> str:
        path = folder / "callgrind.out"
        path.write_bytes(written(profile, "callgrind"))
        command = [str(ANNOTATE), "--auto=no", "--threshold=100", *words, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        assert done.stderr == ""
        return done.stdout

    def costs(self, text: str) -> dict[str, list[int]]:
        rows = re.findall(
            r"^ *([\d,]+)(?: +\([ \d.]+%\))? +([\d,]+)(?: +\([ \d.]+%\))? +(\S.*)$",
            text,
            re.MULTILINE,
        )
        return {name: [int(each.replace(",", "")) for each in pair] for *pair, name in rows}

    def test_it_finds_the_totals_and_the_hottest_function(self, tmp_path: Path) -> None:
        profile = realistic()
        found = self.costs(self.annotate(profile, tmp_path))
        assert found["PROGRAM TOTALS"] == [total(profile, "cpu"), total(profile, "wall")]
        hottest = by_function(profile.tree, by_node(profile, "cpu"))
        name, cost = max(hottest.items(), key=lambda item: item[1].self)
        function = profile.tree.functions[name]
        assert found[f"{function.file}:{function.name} [python]"][0] == cost.self

    def test_its_inclusive_costs_are_the_totals_of_functions(self, tmp_path: Path) -> None:
        profile = realistic()
        found = self.costs(self.annotate(profile, tmp_path, "--inclusive=yes"))
        for number, cost in by_function(profile.tree, by_node(profile, "wall")).items():
            function = profile.tree.functions[number]
            if function.kind != "native":
                assert found[f"{function.file or '???'}:{function.name} [python]"][1] == cost.total

    def test_it_draws_callers_and_callees(self, tmp_path: Path) -> None:
        tree = self.annotate(realistic(), tmp_path, "--inclusive=yes", "--tree=both")
        assert re.search(
            r"< /srv/shop/shop.py:Shop.serve \([\d,]+x\) \[python\]\n.*\* +/srv/shop/shop.py:parse",
            tree,
        )

    @settings(max_examples=15)
    @given(profile=profiles(max_samples=5))
    def test_it_understands_any_profile(
        self, profile: Profile, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        if len(profile.samples):
            self.annotate(profile, tmp_path_factory.mktemp("any"))
