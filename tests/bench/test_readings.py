"""The output of every profiler, recorded from the program in tests/cases/peers, is understood."""

from __future__ import annotations

import cProfile
from pathlib import Path

import pytest

from bench import readings
from wadjet.model import store
from wadjet.model.profile import Builder, Metric

PEERS = Path(__file__).parents[1] / "cases" / "peers"
OWNERS = {name: name for name in ("burn", "press")}
CHAIN = ("<module>", "burn", "inner")


@pytest.mark.parametrize(
    ("read", "file", "rate"),
    [
        (readings.read_py_spy, "py-spy.txt", 20),
        (readings.read_austin, "austin3.txt", 20),
        (readings.read_austin, "austin4.mojo", 20),
    ],
)
def test_both_threads_get_their_half_second(read: readings.Reader, file: str, rate: int) -> None:
    stacks = read(PEERS / file, rate)
    times = readings.charge(stacks, OWNERS)
    assert times == pytest.approx({"burn": 0.53, "press": 0.53}, abs=0.08)
    assert CHAIN in stacks


def test_pyinstrument_sees_the_main_thread_and_its_frames_sum_to_the_whole() -> None:
    stacks = readings.read_pyinstrument(PEERS / "pyinstrument.json", 20)
    assert readings.charge(stacks, OWNERS) == pytest.approx({"burn": 0.484}, abs=0.001)
    assert stacks[CHAIN] == pytest.approx(0.1025, abs=0.001)


def test_scalenes_percentages_become_seconds() -> None:
    owners = {"inner": "burn", "press": "press"}
    times = readings.charge(readings.read_scalene(PEERS / "scalene.json", 100), owners)
    assert times == pytest.approx({"burn": 0.262, "press": 0.262}, abs=0.001)


def test_pstats_gives_cumulative_time(tmp_path: Path) -> None:
    profiler = cProfile.Profile(lambda: next(ticks))
    ticks = iter(range(100))

    def outer() -> None:
        inner()

    def inner() -> None:
        pass

    profiler.runcall(outer)
    profiler.dump_stats(tmp_path / "out")
    stacks = readings.read_pstats(tmp_path / "out", 0)
    assert stacks[("outer",)] == 3
    assert stacks[("inner",)] == 1


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    builder = Builder([Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time")])
    builder.sample(["main a.py:1", "burn a.py:2"], cpu=1_000_000_000)
    builder.sample(["main a.py:1", "burn a.py:3"], cpu=2_000_000_000)
    builder.sample(["main a.py:1"], wall=10_000_000_000)
    profile = builder.build(counts={"cpu": 2, "wall": 1, "dropped": 7})
    store.save(profile, tmp_path / "a.wadjet")
    return tmp_path / "a.wadjet"


def test_a_recordings_cpu_time_is_in_seconds_by_name(recording: Path) -> None:
    assert readings.read_wadjet(recording, 0) == {("main", "burn"): pytest.approx(3.0)}


def test_a_recordings_samples_are_counted_whatever_their_clock(recording: Path) -> None:
    counts = {("main", "burn"): 2, ("main",): 1}
    assert readings.count_recording(recording) == counts
    assert readings.dropped(recording) == "7 dropped"


def test_time_belongs_to_the_outermost_owner() -> None:
    stacks = {("main", "a", "b"): 1.0, ("main", "b"): 2.0, ("main",): 4.0}
    assert readings.charge(stacks, {"a": "A", "b": "B"}) == {"A": 1.0, "B": 2.0}


def test_an_unknown_mojo_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"MOJ\x04")
    with pytest.raises(ValueError, match="version 4 is not known"):
        readings.read_austin(tmp_path / "new", 0)


@pytest.mark.parametrize(
    ("data", "number"),
    [(b"\x00", 0), (b"\x3f", 63), (b"\x41", -1), (b"\x80\x01", 64), (b"\x9d\x82\x02", 16541)],
)
def test_mojo_numbers_have_six_bits_first_and_then_seven(data: bytes, number: int) -> None:
    reader = readings.Mojo(b"MOJ\x03" + data)
    assert reader.number() == number
