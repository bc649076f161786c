"""pprof files are what the published profile.proto says, and go's pprof reads them."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from hypothesis import given
from tests.profiles import CPU, METRICS, WALL, empty, huge, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Function, Profile, State, TreeBuilder

SCHEMA = Path(__file__).parents[1] / "cases/pprof/profile.binpb"
GO = shutil.which("go")


def _message() -> Any:
    files = descriptor_pb2.FileDescriptorSet.FromString(SCHEMA.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    found = pool.FindMessageTypeByName("perftools.profiles.Profile")
    return message_factory.GetMessageClass(found)


MESSAGE = _message()


def parsed(profile: Profile) -> Any:
    return MESSAGE.FromString(gzip.decompress(written(profile, "pprof")))


def types(made: Any) -> list[tuple[str, str]]:
    text = made.string_table
    return [(text[each.type], text[each.unit]) for each in made.sample_type]


def labels(made: Any, sample: Any) -> dict[str, str | int]:
    text = made.string_table
    return {text[each.key]: text[each.str] if each.str else each.num for each in sample.label}


def stack(made: Any, sample: Any) -> list[tuple[str, int]]:
    """Return the sample's functions and lines, root first."""
    functions = {each.id: made.string_table[each.name] for each in made.function}
    places = {
        each.id: (functions[each.line[0].function_id], each.line[0].line) for each in made.location
    }
    return [places[each] for each in reversed(sample.location_id)]


def unknown_fields(message: Any) -> int:
    count = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type is not None:
            children = [value] if isinstance(value, Message) else value
            count += sum(map(unknown_fields, children))
    return count


@given(profile=profiles())
def test_any_profile_obeys_the_published_schema_and_keeps_its_weight(profile: Profile) -> None:
    made = parsed(profile)
    assert unknown_fields(made) == 0
    assert made.string_table[0] == ""
    for index, (name, unit) in enumerate(types(made)):
        found = sum(sample.value[index] for sample in made.sample)
        if unit == "nanoseconds":
            assert found == total(profile, name)
        else:
            values = profile.samples.values[profile.metric_index(name.removesuffix("_samples"))]
            assert found == sum(map(bool, values))


@given(profile=profiles())
def test_every_reference_leads_somewhere(profile: Profile) -> None:
    made = parsed(profile)
    functions = {each.id for each in made.function}
    mappings = {each.id for each in made.mapping}
    locations = {each.id for each in made.location}
    assert 0 not in functions | mappings | locations
    assert len(functions) == len(made.function)
    assert len(mappings) == len(made.mapping)
    assert len(locations) == len(made.location)
    assert {each.mapping_id for each in made.location} <= mappings
    assert {line.function_id for each in made.location for line in each.line} <= functions
    for sample in made.sample:
        assert sample.location_id
        assert set(sample.location_id) <= locations
        assert len(sample.value) == len(made.sample_type)


@given(profile=profiles())
def test_stacks_threads_and_states_are_those_of_the_samples(profile: Profile) -> None:
    made = parsed(profile)
    tree, samples = profile.tree, profile.samples
    expected: dict[Any, int] = defaultdict(int)
    for row in range(len(samples)):
        path = [] if samples.node[row] < 0 else list(tree.path(samples.node[row]))[::-1]
        frames = [(tree.functions[tree.function_of(n)].name, tree.line_of(n)) for n in path]
        thread = profile.threads[samples.thread[row]]
        key = (tuple(frames or [("(no Python frame)", 0)]), thread.name, thread.tid)
        expected[key] += sum(values[row] for values in samples.values)
    found: dict[Any, int] = defaultdict(int)
    spent = [index for index, (_, unit) in enumerate(types(made)) if unit != "count"]
    for sample in made.sample:
        marks = labels(made, sample)
        name = marks["thread"] or ""  # an empty name cannot be told from a number label's
        found[tuple(stack(made, sample)), name, marks["thread_id"]] += sum(
            sample.value[index] for index in spent
        )
    assert found == expected


def test_each_metric_has_a_count_and_a_value() -> None:
    assert types(parsed(realistic(0.2))) == [
        ("wall_samples", "count"),
        ("wall", "nanoseconds"),
        ("cpu_samples", "count"),
        ("cpu", "nanoseconds"),
    ]
    only_wall = Builder(METRICS).sample(["f a.py:1"], wall=1).build()
    assert types(parsed(only_wall)) == [("wall_samples", "count"), ("wall", "nanoseconds")]


def test_it_opens_with_cpu_time_and_knows_when_and_how_often() -> None:
    made = parsed(realistic(2.0))
    text = made.string_table
    assert text[made.default_sample_type] == "cpu"
    assert (text[made.period_type.type], made.period) == ("cpu", 1_000_000)
    assert made.time_nanos == 1_700_000_000_250_000_000
    assert made.duration_nanos == 2_000_000_000


def test_notes_of_the_recording_are_comments() -> None:
    profile = Builder([CPU]).sample(["f a.py:1"], cpu=1).build(notes=["no perf"])
    made = parsed(profile)
    assert [made.string_table[each] for each in made.comment] == ["no perf"]


def test_labels_name_thread_process_and_state() -> None:
    made = parsed(realistic(1.0))
    seen = [labels(made, sample) for sample in made.sample]
    assert {
        "thread": "packer",
        "thread_id": 4245,
        "process": "python shop.py --orders 500 (pid 4242)",
        "process_id": 4242,
        "state": "runs native code",
    } in seen
    assert any(each["state"] == "waits for the GIL" for each in seen)


def test_native_functions_belong_to_their_library_and_the_rest_to_the_program() -> None:
    made = parsed(realistic(1.0))
    files = {each.id: made.string_table[each.filename] for each in made.mapping}
    assert files == {1: "python shop.py --orders 500", 2: "/usr/lib/libz.so.1"}
    names = {each.id: made.string_table[each.name] for each in made.function}
    home = {names[each.line[0].function_id]: files[each.mapping_id] for each in made.location}
    assert home["deflate"] == "/usr/lib/libz.so.1"
    assert home["parse"] == "python shop.py --orders 500"


def test_what_no_sample_needs_is_left_out() -> None:
    tree = TreeBuilder()
    tree.node(-1, Function("unused", "a.py"), 1)
    profile = Builder([WALL]).sample([], wall=1).build()
    made = parsed(Profile(**{**fields(profile), "tree": tree.build()}))
    assert "unused" not in made.string_table


def fields(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in Profile.__dataclass_fields__}


def test_names_that_are_not_utf_8_become_escapes() -> None:
    made = parsed(Builder([CPU]).sample(["f \udcff.py:1"], cpu=1).build())
    assert "\\udcff.py" in made.string_table


def test_an_empty_recording_makes_a_valid_file() -> None:
    made = parsed(empty())
    assert unknown_fields(made) == 0
    assert not made.sample


def test_the_same_profile_makes_the_same_bytes() -> None:
    assert written(realistic(0.2), "pprof") == written(realistic(0.2), "pprof")


def test_a_hundred_thousand_stacks_are_all_there() -> None:
    profile = huge(stacks=100_000, samples=100_000)
    made = parsed(profile)
    assert len({tuple(sample.location_id) for sample in made.sample}) == 100_000
    assert len(measured(profile)) == 2


@pytest.mark.skipif(GO is None, reason="needs go, for `go tool pprof`")
class TestGoToolPprof:
    def pprof(self, profile: Profile, folder: Path, *words: str) -> str:
        path = folder / "profile.pb.gz"
        path.write_bytes(written(profile, "pprof"))
        command = [str(GO), "tool", "pprof", *words, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "rror" not in done.stderr
        return done.stdout

    def test_it_finds_the_hottest_function(self, tmp_path: Path) -> None:
        top = self.pprof(realistic(), tmp_path, "-top", "-nodecount=1")
        assert "Type: cpu" in top
        assert top.splitlines()[-1].split()[-1] == "fib"

    def test_states_can_be_focused(self, tmp_path: Path) -> None:
        words = ("-top", "-sample_index=wall", "-tagfocus=state=waits for the GIL")
        profile = realistic()
        rows = zip(profile.samples.state, profile.samples.values[0], strict=True)
        waited = sum(value for state, value in rows if state == State.WAIT_GIL)
        assert f"accounting for {waited / 1e9:.2f}s" in self.pprof(profile, tmp_path, *words)

    def test_names_in_angle_brackets_are_left_alone(self, tmp_path: Path) -> None:
        profile = Builder([CPU]).sample(["<module> a.py:1", "f.<locals>.<lambda> a.py:2"], cpu=1)
        traces = self.pprof(profile.build(), tmp_path, "-traces")
        assert "<module>" in traces
        assert "f.<locals>.<lambda>" in traces

    def test_an_empty_recording_is_accepted(self, tmp_path: Path) -> None:
        assert "accounting for 0, 0% of 0 total" in self.pprof(empty(), tmp_path, "-top")
