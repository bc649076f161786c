"""The reader believes nothing that a program at the other end may have scribbled."""

from __future__ import annotations

import gc
import os
import struct
from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.core.rings import (
    DROPPED,
    END,
    EVALUATOR,
    PAGE,
    SAME,
    THREAD,
    TRUNCATED,
    WALL,
    Ring,
    code,
    definition,
    library,
    note,
    read,
    record,
    sample,
    task,
    thread,
)

from wadjet.observe.sampling._sampling import Reader, Tree

HUGE = 2**32 - 1
numbers = st.one_of(
    st.integers(0, 40),
    st.sampled_from([HUGE, HUGE - 7, 2**31, 2**31 - 1, 2**28 + 1, 2**24 + 1, 65536, 65535]),
    st.integers(0, HUGE),
)
signed = numbers.map(lambda n: n - 2**32 if n >= 2**31 else n)
wide = st.one_of(numbers, st.sampled_from([2**64 - 1, 2**64 - 40, 2**63, 2**63 - 1]))
texts = st.one_of(st.binary(max_size=20), st.sampled_from([b"a\0b", b"\xff\xfe", b"f" * 500]))
sizes = st.none() | numbers
long_sizes = st.none() | wide
clocks = st.integers(-(2**63), 2**63 - 1)
counts = st.none() | st.tuples(numbers, numbers, numbers)

samples = st.builds(
    sample,
    numbers,
    st.lists(st.tuples(numbers, signed), max_size=6),
    st.lists(wide, max_size=4),
    st.lists(st.builds(definition, texts, texts, signed, sizes), max_size=3),
    clock=st.integers(0, 4),
    state=st.integers(0, 8),
    flags=st.integers(0, 3),
    time=clocks,
    weight=clocks,
    holder=numbers,
    counts=counts,
)
records = st.one_of(
    samples,
    st.builds(code, numbers, texts, texts, st.binary(max_size=30), signed, counts),
    st.builds(thread, numbers, kind=st.sampled_from([THREAD, END]), name=texts, size=sizes),
    st.builds(library, texts, wide, wide, long_sizes),
    st.builds(note, texts, long_sizes),
    st.builds(task, texts, wide, wide, long_sizes),
    st.builds(record, st.sampled_from([0, 8, HUGE]), st.binary(max_size=64), sizes),
    st.builds(record, st.integers(1, 7), st.binary(max_size=64), sizes),
)
"""Records that may be right in every way but one."""


def columns_agree(ring: Ring) -> None:
    """Read a ring; whatever came out points only to what came out as well."""
    found = read(ring)
    kind, a, _, parent, frame, time, thread, node, state, holder, *values = found.columns
    frames, nodes, samples = len(kind) // 4, len(parent) // 4, len(time) // 8
    assert len(found.functions) % 3 == 0
    assert all(number.lstrip("-").isdigit() for number in found.functions[2::3])
    assert samples == found.samples
    limits = {0: len(found.functions) // 3, 1: len(found.libraries), 2: len(found.functions) // 3}
    for each, at in zip(array("i", kind), array("i", a), strict=True):
        assert -1 <= at < limits[each]
    assert all(-1 <= each < number for number, each in enumerate(array("i", parent)))
    assert all(0 <= each < frames for each in array("i", frame))
    assert all(-1 <= each < nodes for each in array("i", node))
    assert all(0 <= each <= 5 for each in array("b", state))
    told = {event[1] for event in found.events if event[0] != "note"}
    assert set(array("i", thread)) <= told, "a sample is of a thread that nobody told of"
    assert set(array("i", holder)) - {-1} <= told
    assert {len(each) // 8 for each in values} == {samples}


@given(st.lists(records, max_size=30))
@example([note(b"", 2**64 - 1)])
@example([library(b"x", 0, 1, 2**64 - 1)])
@example([sample(2**24 + 1)])
@example([code(2**28)])
@example([code(1, b"a\0b", b"c\0d"), sample(0, [(1, 0)])])
def test_records_that_make_no_sense_are_passed_over(chain: list[bytes]) -> None:
    columns_agree(Ring(b"".join(chain)[: PAGE - 64]))


@given(st.binary(max_size=4096))
def test_noise_is_read_without_harm(noise: bytes) -> None:
    columns_agree(Ring(noise))


@given(st.lists(records, min_size=1, max_size=8), st.data())
def test_a_record_cut_short_or_flipped_is_read_without_harm(
    chain: list[bytes], data: st.DataObject
) -> None:
    whole = bytearray(b"".join(chain))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    columns_agree(Ring(bytes(whole[: data.draw(st.integers(0, len(whole)))])))


@given(head=wide, tail=wide, content=st.binary(max_size=256), claimed=st.none() | wide)
@example(head=2**63, tail=0, content=struct.pack("<II", 2**31, 1), claimed=None)
@example(head=2**64 - 1, tail=4, content=b"", claimed=None)
@example(head=8, tail=2**64 - 8, content=struct.pack("<II", 16, 6), claimed=None)
def test_a_scribbled_head_or_tail_is_read_without_harm(
    head: int, tail: int, content: bytes, claimed: int | None
) -> None:
    ring = Ring(content, head=head, tail=tail, claimed=claimed)
    if claimed in (None, PAGE):
        columns_agree(ring)
    else:
        refused(ring.file())


def test_the_capacity_may_be_overwritten_while_the_ring_is_read() -> None:
    tree, file = Tree(), Ring(sample() + sample()).file()
    spare = os.dup(file)
    reader = Reader(tree, file, 0)
    os.pwrite(spare, struct.pack("<Q", 2**62), 8)
    assert reader.drain() == 2
    reader.close()
    os.close(spare)


def refused(file: int) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        Reader(Tree(), file, 0)
    os.close(file)  # it is still ours


@pytest.mark.parametrize(
    "ring",
    [
        Ring(magic=0),
        Ring(claimed=2 * PAGE),
        Ring(claimed=0),
        Ring(capacity=PAGE + 4096, claimed=PAGE),
        Ring(capacity=3 * PAGE),
        Ring(capacity=4096),
        Ring(capacity=0),
    ],
    ids=repr,
)
def test_a_file_that_is_no_ring_is_refused(ring: Ring) -> None:
    refused(ring.file())


def test_a_descriptor_that_is_no_file_is_refused() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        Reader(Tree(), -1, 0)
    ends = os.pipe()
    refused(ends[0])
    os.close(ends[1])


def test_a_ring_is_read_across_its_end() -> None:
    words = [f"word {i}" for i in range(100)]
    chain = b"".join(note(word.encode()) for word in words)
    for tail in (PAGE - 8, PAGE - 24, 3 * PAGE - 800):
        events = read(Ring(chain, tail=tail)).events
        assert events == [("note", word) for word in words]


def test_a_full_ring_is_read_to_the_last_record() -> None:
    one = note(b"12345678")
    chain = one * (PAGE // len(one))
    rest = PAGE - len(chain)
    assert read(Ring(chain, head=len(chain))).events == [("note", "12345678")] * (PAGE // len(one))
    assert rest < len(one)


def test_the_reader_waits_for_a_record_that_is_not_committed() -> None:
    tree, file = Tree(), Ring(note(b"a") + bytes(24) + note(b"b")).file()
    spare = os.dup(file)
    reader = Reader(tree, file, 0)
    reader.drain()
    assert reader.events() == [("note", "a")]
    os.pwrite(spare, note(b"xxxxxxxx"), PAGE + len(note(b"a")))
    reader.drain()
    assert reader.events() == [("note", "xxxxxxxx"), ("note", "b")]
    reader.close()
    os.close(spare)


def test_what_was_read_is_wiped_for_the_next_round() -> None:
    file = Ring(note(b"secret")).file()
    spare = os.dup(file)
    reader = Reader(Tree(), file, 0)
    reader.drain()
    assert not any(os.pread(spare, PAGE, PAGE))
    reader.close()
    os.close(spare)


def stacks(*chain: bytes) -> list[str]:
    """The samples' stacks, root first."""
    found = read(Ring(b"".join(chain)))
    kind, a, b, parent, frame, _, _, node, *_ = found.columns
    names, files = found.functions[1::3], found.libraries
    kinds, which, places = array("i", kind), array("i", a), array("q", b)
    parents, frames = array("i", parent), array("i", frame)

    def spell(each: int) -> str:
        at = frames[each]
        if kinds[at] == 1:
            return f"{files[which[at]] if which[at] >= 0 else '?'}+{places[at]}"
        return f"{names[which[at]]}:{places[at]}"

    def path(each: int) -> list[str]:
        return [] if each < 0 else [*path(parents[each]), spell(each)]

    return [" > ".join(path(each)) for each in array("i", node)]


def test_frames_with_an_id_find_their_name_and_their_line() -> None:
    table = bytes([0x80 | 11 << 3 | 1, 0, 0, 0x80 | 12 << 3 | 0, 0, 0])  # two units, then one
    chain = code(1, name=b"work", table=table, line=10), code(2, name=b"main", line=3)
    places = [[(1, 0), (2, -2)], [(1, 4), (2, -2)], [(1, 99), (2, -2)]]
    assert stacks(*chain, *(sample(0, each) for each in places)) == [
        "main:3 > work:11",
        "main:3 > work:13",
        "main:3 > work:10",
    ]


def test_an_id_that_was_never_given_is_shown_as_lost() -> None:
    assert stacks(sample(0, [(7, 0)])) == ["<lost>:0"]


def test_frames_without_an_id_are_described_in_the_sample() -> None:
    described = definition(b"f.py", "naïve".encode(), 8)
    assert stacks(sample(0, [(0, 0), (0, -1), (0, 1)], [], [described])) == [
        "<unknown>:0 > <unknown>:0 > naïve:8"
    ]


def test_a_name_with_a_zero_in_it_spoils_no_other() -> None:
    chain = code(1, name=b"a\0b"), code(2, file=b"x\0y", name=b"c")
    assert stacks(*chain, sample(0, [(1, 0), (2, 0)])) == ["c:1 > a:1"]


def test_native_frames_lie_where_python_is_evaluated() -> None:
    chain = code(1, name=b"inner"), code(2, name=b"outer"), library(b"lib.so", 1000, 2000)
    entry = 0x80000000
    both = sample(0, [(1 | entry, 0), (2 | entry, 0)], [1100, EVALUATOR, 1200, EVALUATOR, 5])
    assert stacks(*chain, both) == ["?+5 > outer:1 > lib.so+200 > inner:1 > lib.so+100"]


def test_of_two_libraries_at_one_address_the_later_one_counts() -> None:
    chain = library(b"old.so", 1000, 2000), library(b"new.so", 1500, 1600)
    assert stacks(*chain, sample(0, [], [1550]), sample(0, [], [1650])) == [
        "new.so+50",
        "old.so+650",
    ]


def test_a_sample_that_repeats_refers_to_its_own_threads_last_wall_sample() -> None:
    chain = code(1, name=b"a"), code(2, name=b"b"), code(3, name=b"c")
    samples = (
        sample(0, [(1, 0)], clock=WALL),
        sample(1, [(2, 0)], clock=WALL),
        sample(0, [(3, 0)]),  # of the other clock: not what is referred to
        sample(0, flags=SAME, clock=WALL),
        sample(1, flags=SAME, clock=WALL),
    )
    assert stacks(*chain, *samples) == ["a:1", "b:1", "c:1", "a:1", "b:1"]


def test_a_stack_too_deep_to_keep_says_so_at_its_root() -> None:
    assert stacks(code(1), sample(0, [(1, 0)], flags=TRUNCATED)) == ["<deeper frames>:0 > f:1"]


def test_a_thread_is_told_of_even_if_its_own_record_was_dropped() -> None:
    found = read(Ring(sample(3) + thread(0, name=b"late") + thread(3, name=b"named")))
    assert [event[:2] for event in found.events] == [("thread", 0), ("thread", 1), ("thread", 0)]
    assert found.events[2][5] == "named"


def test_the_holder_is_the_thread_that_the_program_numbered_so() -> None:
    found = read(Ring(thread(5) + thread(2) + sample(2, holder=6) + sample(2, holder=9)))
    assert list(array("i", found.columns[9])) == [0, -1]


def test_two_processes_share_a_tree_and_have_threads_of_their_own() -> None:
    tree = Tree()
    chain = code(1, name=b"same") + thread(0) + sample(0, [(1, 0)])
    readers = [Reader(tree, Ring(chain).file(), 0) for _ in range(2)]
    assert [reader.drain() for reader in readers] == [1, 1]
    functions, _, frames, nodes, rows = tree.take()
    assert functions == ["f.py", "same", "1"]
    assert len(frames[0]) == len(nodes[0]) == 4
    assert list(array("i", rows[1])) == [0, 1]
    for reader in readers:
        reader.close()


def test_a_thread_that_was_expected_has_the_number_it_was_given_whenever_it_comes() -> None:
    tree = Tree()
    reader = Reader(tree, Ring(sample(0) + thread(4) + sample(4)).file(), 0)
    assert [reader.expect(88), reader.expect(77)] == [0, 1]  # the record tells of 77
    reader.drain()
    assert [event[1] for event in reader.events()] == [2, 1]
    assert list(array("i", tree.take()[4][1])) == [2, 1]
    reader.close()


def test_an_expected_thread_comes_once_and_the_next_of_its_id_is_another() -> None:
    reader = Reader(Tree(), Ring(thread(0) + thread(1)).file(), 0)
    assert reader.expect(77) == 0
    reader.drain()
    assert [event[1] for event in reader.events()] == [0, 1]
    with pytest.raises(OverflowError):
        reader.expect(-1)
    reader.close()


def test_counts_are_by_clock_and_of_what_was_dropped() -> None:
    file = Ring(sample() + sample(clock=WALL) + sample(clock=WALL)).file()
    os.pwrite(file, struct.pack("<Q", 17), DROPPED)
    reader = Reader(Tree(), file, 0)
    reader.drain()
    assert reader.counts()[:2] == (1, 2)
    assert reader.counts()[-1] == 17
    reader.close()


def test_a_closed_reader_refuses_every_question_and_closes_again_without_harm() -> None:
    reader = Reader(Tree(), Ring().file(), 0)
    reader.close()
    reader.close()
    for ask in (reader.drain, reader.events, reader.counts):
        with pytest.raises(ValueError, match="the reader is closed"):
            ask()


def test_a_reader_keeps_its_tree_and_closes_its_file_when_it_is_let_go() -> None:
    file = Ring(sample()).file()
    reader = Reader(Tree(), file, 0)
    gc.collect()
    assert reader.drain() == 1
    del reader
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_a_tree_gives_each_thing_once() -> None:
    tree = Tree()
    reader = Reader(tree, Ring(code(1) + sample(0, [(1, 0)])).file(), 0)
    reader.drain()
    assert tree.take()[0] == ["f.py", "f", "1"]
    functions, libraries, frames, nodes, rows = tree.take()
    assert not any([functions, libraries, *frames, *nodes, *rows])
    reader.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tree(1),  # type: ignore[call-arg]
        lambda: Tree(size=1),  # type: ignore[call-arg]
        lambda: Reader(),  # type: ignore[call-arg]
        lambda: Reader(None, 0, 0),  # type: ignore[arg-type]
        lambda: Reader(Tree(), "0", 0),  # type: ignore[arg-type]
        lambda: Reader(Tree(), 0, 1.5),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_raise_type_errors(make: object) -> None:
    assert callable(make)
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_start_that_no_clock_shows_raises_overflow_error(number: int) -> None:
    with pytest.raises(OverflowError):
        Reader(Tree(), 0, number)
