"""``wadjet.memory()`` records what a block asks for, and nothing else."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import wadjet
from wadjet.errors import BusyError
from wadjet.model import charge, memory, store
from wadjet.model.totals import fold

MB = 1_000_000


def kept(size: int) -> bytearray:
    return bytearray(size)


def of(profile: wadjet.Session, metric: str, function: str) -> int:
    """What the lines of a function of this file are charged with."""
    rows = charge.by_line(profile.profile, metric)
    return sum(value for place, value in rows if place.label == function)


def test_a_block_s_requests_are_all_counted() -> None:
    with wadjet.memory(exact=True) as recording:
        held = [kept(3 * MB), kept(2 * MB)]
        del held[0]
        held += [kept(MB)]
    assert of(recording, "allocated", "kept") == pytest.approx(6 * MB, rel=0.01)
    assert of(recording, "peak", "kept") == pytest.approx(5 * MB, rel=0.01)
    assert of(recording, "live", "kept") == pytest.approx(3 * MB, rel=0.01)
    assert memory.is_exact(recording.profile)


def test_sampled_figures_are_near_the_truth() -> None:
    with wadjet.memory() as recording:
        held = [kept(MB) for _ in range(100)]
    assert len(held) == 100
    bound = 4.5 * (100 * MB * memory.mean(recording.profile)) ** 0.5
    assert abs(of(recording, "live", "kept") - 100 * MB) < bound


def test_what_was_there_before_is_not_seen() -> None:
    before = [kept(5 * MB)]
    with wadjet.memory(exact=True) as recording:
        before.clear()
    assert fold(recording.profile, "live").total < MB
    assert fold(recording.profile, "peak").total < MB


def test_wadjet_s_own_requests_are_not_the_program_s() -> None:
    with wadjet.memory(exact=True) as recording:
        time.sleep(0.5)  # long enough for some readings
    assert fold(recording.profile, "allocated").total < 100_000


def test_a_second_recording_starts_anew() -> None:
    for _ in range(2):
        with wadjet.memory(exact=True) as recording:
            held = kept(4 * MB)
        assert fold(recording.profile, "live").total == pytest.approx(4 * MB, rel=0.02)
        del held


def test_one_recording_at_a_time() -> None:
    with (
        wadjet.memory(),
        pytest.raises(BusyError),
        wadjet.memory(),
    ):
        pass


def test_the_clocks_can_run_too(tmp_path: Path) -> None:
    path = tmp_path / "both.wadjet"
    with wadjet.memory(rate=1000, wall_rate=100, output=path) as recording:
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            kept(100_000)
    profile = store.load(path)
    assert fold(profile, "cpu").count > 50
    assert fold(profile, "allocated").total > 10 * MB
    out = io.StringIO()
    recording.show(out)
    assert "Memory over time" in out.getvalue()


def test_the_recording_says_that_c_s_requests_were_not_seen() -> None:
    with wadjet.memory() as recording:
        pass
    notes = recording.profile.about["notes"]
    assert isinstance(notes, list)
    assert any("C libraries" in str(note) for note in notes)


def test_what_is_kept_survives_the_recording_and_other_threads_can_free_it() -> None:
    """Run apart: a crash would take the tests with it."""
    code = """
    import gc, threading, wadjet
    held = []
    with wadjet.memory(exact=True):
        held.append([bytearray(1000) for _ in range(20_000)])
    thread = threading.Thread(target=held.clear)
    thread.start(); thread.join()
    with wadjet.memory():
        held.append([bytearray(1000) for _ in range(20_000)])
    held.clear(); gc.collect()
    print("well")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("well\n", "")
