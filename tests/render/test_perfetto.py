"""Perfetto traces parse by the published protocol, and say what the samples said."""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from hypothesis import given
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as protocol
from tests.profiles import CPU, METRICS, WALL, Rows, empty, huge, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Function, Process, Profile, State, Thread
from wadjet.model.transform import only_metric

NEEDS_STATE = protocol.TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
TABLES = {
    "event_names": "name",
    "debug_annotation_names": "name",
    "debug_annotation_string_values": "str",
    "function_names": "str",
    "source_paths": "str",
}


@dataclass
class Slice:
    name: str
    start: int
    depth: int
    notes: dict[str, str]
    end: int = -1


@dataclass
class Trace:
    """A trace, read as Perfetto's importer reads it: by sequence, every id looked up."""

    packets: Any
    interned: dict[Any, Any] = field(default_factory=dict)
    tracks: dict[int, Any] = field(default_factory=dict)
    slices: dict[int, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[int, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    samples: list[Any] = field(default_factory=list)
    measures: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        begun = set()
        events = []
        for packet in self.packets:
            sequence = packet.trusted_packet_sequence_id
            cleared = packet.sequence_flags & protocol.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
            assert bool(cleared) == (sequence not in begun)
            assert packet.sequence_flags & NEEDS_STATE
            begun.add(sequence)
            for table, each in packet.interned_data.ListFields():
                for row in each:
                    assert row.iid > 0
                    assert (sequence, table.name, row.iid) not in self.interned
                    self.interned[sequence, table.name, row.iid] = row
            if packet.HasField("track_descriptor"):
                self.describe(packet.track_descriptor)
            elif packet.HasField("track_event"):
                self.resolve(sequence, packet.track_event)
                events.append((packet.timestamp, sequence, packet.track_event))
            elif packet.HasField("stack_sample"):
                self.samples.append((packet.timestamp, sequence, packet.stack_sample))
                self.stack(sequence, packet.stack_sample.callstack_iid)
            else:
                defaults = packet.trace_packet_defaults.stack_sample_defaults
                self.measures[sequence] = defaults
        for event in sorted(events, key=lambda each: each[0]):  # stable, as the importer's sort
            self.replay(*event)
        assert all(each.end >= 0 for row in self.slices.values() for each in row)

    def describe(self, descriptor: Any) -> None:
        assert descriptor.uuid not in self.tracks
        assert not descriptor.parent_uuid or descriptor.parent_uuid in self.tracks
        self.tracks[descriptor.uuid] = descriptor

    def text(self, sequence: int, table: str, iid: int) -> str:
        value = getattr(self.interned[sequence, table, iid], TABLES[table])
        return value.decode() if isinstance(value, bytes) else str(value)

    def resolve(self, sequence: int, event: Any) -> None:
        """Look ids up when the packet is read: they must be known by then."""
        assert event.track_uuid in self.tracks
        if event.type == event.TYPE_SLICE_BEGIN:
            self.text(sequence, "event_names", event.name_iid)

    def replay(self, time: int, sequence: int, event: Any) -> None:
        row = self.slices[event.track_uuid]
        opened = [each for each in row[-400:] if each.end < 0]
        if event.type == event.TYPE_SLICE_BEGIN:
            notes = {
                self.text(sequence, "debug_annotation_names", each.name_iid): self.text(
                    sequence, "debug_annotation_string_values", each.string_value_iid
                )
                for each in event.debug_annotations
            }
            name = self.text(sequence, "event_names", event.name_iid)
            row.append(Slice(name, time, len(opened), notes))
        elif event.type == event.TYPE_SLICE_END:
            opened[-1].end = time
            assert opened[-1].start < time
        else:
            assert event.type == event.TYPE_COUNTER
            assert self.tracks[event.track_uuid].HasField("counter")
            self.counts[event.track_uuid].append((time, event.double_counter_value))

    def stack(self, sequence: int, iid: int) -> list[tuple[str, str, int]]:
        """Return a callstack's functions, files and lines, root first."""
        frames = []
        for each in self.interned[sequence, "callstacks", iid].frame_ids:
            frame = self.interned[sequence, "frames", each]
            file = frame.source_path_iid
            path = self.text(sequence, "source_paths", file) if file else ""
            name = self.text(sequence, "function_names", frame.function_name_id)
            frames.append((name, path, frame.line_number))
        return frames

    @cached_property
    def threads(self) -> dict[int, Any]:
        return {uuid: each.thread for uuid, each in self.tracks.items() if each.HasField("thread")}

    def of_thread(self, name: str) -> int:
        return next(uuid for uuid, each in self.threads.items() if each.thread_name == name)

    def below(self, parent: int, name: str) -> int:
        return next(
            uuid
            for uuid, each in self.tracks.items()
            if each.parent_uuid == parent and each.name == name
        )


def traced(profile: Profile) -> Trace:
    message = protocol.Trace.FromString(gzip.decompress(written(profile, "perfetto")))
    assert unknown_fields(message) == 0
    return Trace(message.packet)


def unknown_fields(message: Any) -> int:
    count = len(UnknownFieldSet(message))
    for field_, value in message.ListFields():
        if field_.message_type is not None:
            children = [value] if isinstance(value, Message) else value
            count += sum(map(unknown_fields, children))
    return count


def spans(trace: Trace, track: int) -> list[tuple[str, int, int, int]]:
    return [(each.name, each.depth, each.start, each.end) for each in trace.slices[track]]


@given(profile=profiles())
def test_any_profile_parses_and_its_samples_are_there(profile: Profile) -> None:
    trace = traced(profile)
    for sequence, defaults in trace.measures.items():
        name = defaults.source.removeprefix("python.")
        rows = [each for each in trace.samples if each[1] == sequence]
        assert sum(sample.primary_weight for _, _, sample in rows) == total(profile, name)
        chosen = only_metric(profile, name)
        tree = profile.tree
        for row, (time, _, sample) in enumerate(rows):
            node = chosen.samples.node[row]
            path = list(tree.path(node))[::-1] if node >= 0 else []
            frames = [(tree.functions[tree.function_of(n)], tree.line_of(n)) for n in path]
            expected = [(each.name, each.file, line) for each, line in frames]
            assert time == chosen.samples.time[row]
            stack = trace.stack(sequence, sample.callstack_iid)
            assert stack == (expected or [("(no Python frame)", "", 0)])
    assert len(trace.samples) == sum(
        sum(map(bool, profile.samples.values[profile.metric_index(name)]))
        for name in measured(profile)
    )


def test_time_drawn_is_time_measured() -> None:
    profile = realistic()
    trace = traced(profile)
    drawn = sum(
        each.end - each.start
        for track in trace.threads
        for each in trace.slices[trace.below(track, "State")]
    )
    assert drawn == pytest.approx(total(profile, "wall"), rel=0.02)  # the first is cut at 0
    framed = sum(
        value
        for node, value in zip(profile.samples.node, profile.samples.values[0], strict=True)
        if node >= 0
    )
    roots = sum(
        each.end - each.start
        for track in trace.threads
        for each in trace.slices[track]
        if each.depth == 0
    )
    assert roots == pytest.approx(framed, rel=0.02)


def test_calls_go_on_while_only_what_they_call_changes() -> None:
    builder = Builder([WALL])
    for time, stack in [
        (10, ["main a.py:1", "f a.py:5"]),
        (20, ["main a.py:2", "f a.py:6", "g a.py:9"]),
        (30, ["main a.py:2", "h a.py:7"]),
        (50, ["main a.py:2"]),  # nothing is known of 30 to 40
        (60, []),
    ]:
        builder.sample(stack, time=time, wall=10)
    trace = traced(builder.build())
    assert spans(trace, trace.of_thread("MainThread")) == [
        ("main", 0, 0, 30),
        ("f", 1, 0, 20),
        ("g", 2, 10, 20),
        ("h", 1, 20, 30),
        ("main", 0, 40, 50),
    ]


def test_recursion_nests() -> None:
    profile = Builder([WALL]).sample(["f a.py:1"] * 300, time=10, wall=10).build()
    trace = traced(profile)
    assert [each.depth for each in trace.slices[trace.of_thread("MainThread")]] == list(range(300))


def test_states_are_a_track_of_their_own_and_waits_name_the_holder() -> None:
    rows = Rows()
    for time, state, holder in [
        (10, State.RUN_GIL, 0),
        (20, State.WAIT_GIL, 1),
        (30, State.WAIT_GIL, 1),
        (40, State.UNKNOWN, -1),
        (50, State.BLOCKED, -1),
    ]:
        rows.wall(time, 0, -1, state, holder, 10)
    trace = traced(rows.profile([Process(1)], [Thread("t", 1), Thread("worker", 2)]))
    states = trace.below(trace.of_thread("t"), "State")
    assert spans(trace, states) == [
        ("runs with the GIL", 0, 0, 10),
        ("waits for the GIL", 0, 10, 30),
        ("blocked", 0, 40, 50),
    ]
    assert trace.slices[states][1].notes == {"held by": "worker"}
    process = next(uuid for uuid, each in trace.tracks.items() if each.HasField("process"))
    held = trace.below(process, "GIL held by")
    assert spans(trace, held) == [("t", 0, 0, 10), ("worker", 0, 10, 30)]


def test_counters_say_how_many_cpus_were_used_and_how_many_threads_waited() -> None:
    rows = Rows()
    for thread in range(2):
        for tick in range(1, 21):
            state = State.WAIT_GIL if thread else State.RUN_GIL
            rows.wall(tick * 10**7 - 1, thread, -1, state, 0)
            rows.cpu(tick * 10**7 - 1, thread, -1, State.RUN_GIL, 5 * 10**6)
    trace = traced(rows.profile([Process(1)], [Thread("a", 1), Thread("b", 2)]))
    process = next(uuid for uuid, each in trace.tracks.items() if each.HasField("process"))
    waiting = trace.counts[trace.below(process, "Threads waiting for the GIL")]
    used = trace.counts[trace.below(process, "CPUs in use")]
    assert waiting == used == [(0, 1.0), (10**8, 1.0), (2 * 10**8, 0.0)]


def test_frames_are_told_apart_by_kind() -> None:
    rows = Rows()
    kinds = [
        Function("task 1", "", 0, "task"),
        Function("f", "a.py", 1),
        Function("deflate", "libz.so", 0, "native"),
    ]
    rows.cpu(1, 0, rows.stack([(each, each.line) for each in kinds]), State.RUN_GIL)
    trace = traced(rows.profile([Process(1)], [Thread("t", 1)]))
    frames = [each for (_, table, _), each in trace.interned.items() if table == "frames"]
    assert {each.kind_str or each.kind for each in frames} == {
        "task",
        protocol.Frame.KIND_INTERPRETED,
        protocol.Frame.KIND_NATIVE,
    }


def test_processes_and_threads_of_equal_or_no_number_are_apart() -> None:
    rows = Rows()
    threads = [Thread("a", 7, 0), Thread("b", 7, 1), Thread("c", 0, 1)]
    for number in range(len(threads)):
        rows.wall(number, number, -1, State.BLOCKED, -1)
    trace = traced(rows.profile([Process(7), Process(7)], threads))
    pids = [each.process.pid for each in trace.tracks.values() if each.HasField("process")]
    tids = [each.tid for each in trace.threads.values()]
    assert len(set(pids)) == 2
    assert len(set(tids)) == 3
    assert 0 not in pids + tids


def test_names_of_any_kind_survive() -> None:
    builder = Builder(METRICS)
    builder.sample(["a;b\n\0🐍 é.py:1"], thread="", time=10, wall=10, cpu=0)
    builder.sample(["f \udcff.py:1"], thread="", time=20, cpu=1)
    trace = traced(builder.build())
    assert spans(trace, trace.of_thread("thread"))[0][0] == "a;b\n\0🐍"


def test_cpu_time_alone_is_drawn_as_well() -> None:
    profile = Builder([CPU]).sample(["f a.py:1"], time=5, cpu=5).build()
    trace = traced(profile)
    assert spans(trace, trace.of_thread("MainThread")) == [("f", 0, 0, 5)]


def test_an_empty_recording_has_nothing_but_a_measure() -> None:
    trace = traced(empty())
    assert not trace.samples
    assert not trace.tracks


def test_a_hundred_thousand_stacks_are_all_there() -> None:
    data = gzip.decompress(written(only_metric(huge(), "cpu"), "perfetto"))
    message = protocol.Trace.FromString(data)
    stacks = {row.iid for packet in message.packet for row in packet.interned_data.callstacks}
    assert len(stacks) == len(set(only_metric(huge(), "cpu").samples.node))
