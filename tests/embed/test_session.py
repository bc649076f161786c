"""``wadjet.sample()`` records the block it is put around, and harms nothing on its way."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

import wadjet
from wadjet.errors import BusyError, OutputError, UsageError
from wadjet.model import store
from wadjet.model.profile import Profile
from wadjet.model.totals import by_function, by_node, fold


def spin(seconds: float) -> None:
    """Use CPU time, whatever else runs on the machine."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


def spin_and_fail() -> None:
    spin(0.1)
    raise ZeroDivisionError


def shares(profile: Profile, metric: str = "cpu") -> dict[str, float]:
    """The self cost of each function of this file, as a part of 1."""
    whole = fold(profile, metric).total
    sums = by_function(profile.tree, by_node(profile, metric))
    functions = profile.tree.functions
    return {functions[number].name: cost.self / whole for number, cost in sums.items()}


def ours(profile: Profile) -> list[str]:
    """The nodes that are Wadjet's own functions."""
    tree = profile.tree
    nodes = [(node, tree.functions[tree.function_of(node)]) for node in range(len(tree))]
    return [tree.describe(node) for node, each in nodes if "/wadjet/" in each.file]


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_block_is_recorded_and_shown_in_every_way(tmp_path: Path) -> None:
    with wadjet.sample() as recording:
        spin(0.2)
    assert shares(recording.profile)["spin"] > 0.8
    out = io.StringIO()
    recording.show(out)
    assert "spin" in out.getvalue()
    assert recording.report(tmp_path / "a.html").read_bytes().startswith(b"<!DOCTYPE html>")
    saved = store.load(recording.save(tmp_path / "a.wadjet"))
    assert shares(saved) == shares(recording.profile)


def test_only_what_the_block_does_is_recorded() -> None:
    spin(0.05)
    with wadjet.sample() as recording:
        time.sleep(0.1)
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
    assert "spin" not in shares(recording.profile, "wall")
    assert fold(recording.profile, "cpu").total < 50_000_000


def test_the_text_goes_to_standard_output_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    with wadjet.sample() as recording:
        spin(0.01)
    recording.show()
    assert "samples" in capsys.readouterr().out


def test_all_threads_are_recorded_but_none_of_ours() -> None:
    with wadjet.sample() as recording:
        worker = threading.Thread(target=spin, args=(0.2,), name="worker")
        worker.start()
        worker.join()
        assert threading.active_count() == len(threading.enumerate()) == 1
    names = {thread.name for thread in recording.profile.threads}
    assert names == {"MainThread", "worker"}
    assert not ours(recording.profile)


def test_what_writing_the_recording_costs_is_not_told_as_wadjets_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(value: object) -> str:
        if isinstance(value, dict):  # what clocks there are, written once they run
            spin(0.15)  # a dear look at a deep stack may cost the next ten
        return write(value)

    write = json.dumps
    monkeypatch.setattr("wadjet.model.store.json.dumps", slow)
    with wadjet.sample() as recording:
        pass
    assert "spin" in shares(recording.profile, "wall")
    assert not ours(recording.profile)


def test_what_starting_and_stopping_cost_goes_to_the_with_statement() -> None:
    with wadjet.sample() as recording:
        pass
    assert not ours(recording.profile)


def test_the_diagnosis_comes_with_it() -> None:
    with wadjet.sample() as recording:
        pass
    assert "few-samples" in {finding.rule for finding in recording.findings}


def test_it_can_be_started_and_stopped_by_hand() -> None:
    recording = wadjet.sample(rate=0)
    assert recording.start() is recording
    spin(0.05)
    recording.stop()
    recording.stop()
    assert recording.profile.samples.values[0]
    assert not fold(recording.profile, "cpu").count


def test_a_session_records_once() -> None:
    with wadjet.sample() as recording:
        pass
    with pytest.raises(RuntimeError, match="records once"):
        recording.start()


def test_what_is_being_recorded_cannot_be_read_yet() -> None:
    recording = wadjet.sample()
    with pytest.raises(RuntimeError, match="has not been started"):
        recording.stop()
    with pytest.raises(RuntimeError, match="has to stop"):
        recording.show()
    with recording, pytest.raises(RuntimeError, match="has to stop"):
        recording.show()


def test_an_exception_goes_on_its_way_and_the_recording_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    recording = wadjet.sample(output=path)
    with pytest.raises(ZeroDivisionError), recording:
        spin_and_fail()
    assert shares(recording.profile)["spin"] > 0.5
    assert store.load(path).about["complete"] is True


def test_a_second_recording_at_one_time_is_refused_and_the_first_goes_on() -> None:
    refused = []

    def elsewhere() -> None:
        with pytest.raises(BusyError) as caught:
            wadjet.sample().start()
        refused.append(caught.value)

    with wadjet.sample() as recording:
        elsewhere()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        spin(0.1)
    assert [error.slug for error in refused] == ["busy", "busy"]
    assert shares(recording.profile)["spin"] > 0.5


def test_a_refused_recording_leaves_the_file_that_it_would_have_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    path.write_text("mine")
    with wadjet.sample(), pytest.raises(BusyError):
        wadjet.sample(output=path, overwrite=True).start()
    assert path.read_text() == "mine"


def test_recordings_can_follow_each_other() -> None:
    for _ in range(3):
        with wadjet.sample() as recording:
            spin(0.05)
        assert shares(recording.profile)["spin"] > 0.5


def test_a_thread_other_than_the_main_one_can_record() -> None:
    found: list[Profile] = []

    def record() -> None:
        with wadjet.sample() as recording:
            spin(0.1)
        found.append(recording.profile)

    thread = threading.Thread(target=record, name="recorder")
    thread.start()
    thread.join()
    assert "recorder" in {thread.name for thread in found[0].threads}
    assert shares(found[0])["spin"] > 0.5


def test_a_generator_is_recorded_while_it_waits_between_values() -> None:
    def values() -> Iterator[int]:
        with wadjet.sample() as recording:
            yield 1
            spin(0.05)
            yield 2
        recordings.append(recording)

    recordings: list[wadjet.Session] = []
    for _ in values():
        spin(0.05)
    assert fold(recordings[0].profile, "cpu").total > 80_000_000


def test_a_generator_that_is_dropped_stops_recording() -> None:
    def values() -> Generator[int, None, None]:
        with wadjet.sample():
            yield 1

    dropped = values()
    next(dropped)
    dropped.close()
    with wadjet.sample():
        pass


def test_a_file_that_exists_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        wadjet.sample(output=path).start()
    assert path.read_text() == "mine"
    with wadjet.sample(output=path, overwrite=True) as recording:
        pass
    assert store.load(path).about["complete"] is True
    page = recording.report(tmp_path / "a.html")
    with pytest.raises(OutputError, match="exists"):
        recording.report(page)
    assert recording.report(page, overwrite=True) == page


def test_a_report_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with wadjet.sample() as recording:
        pass
    with pytest.raises(OutputError, match="cannot write"):
        recording.report(tmp_path / "none" / "a.html")


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        wadjet.sample(output=tmp_path / "none" / "a.wadjet").start()
    with wadjet.sample():
        pass


def test_a_rate_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="1000000000"):
        wadjet.sample(rate=10**9)
    with pytest.raises(UsageError, match="clock"):
        wadjet.sample(rate=0, wall_rate=0)


def test_the_output_is_where_it_was_asked_for_wherever_the_block_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with wadjet.sample(output="a.wadjet"):
        monkeypatch.chdir("/")
    assert store.load(tmp_path / "a.wadjet").about["complete"] is True


def test_a_recording_without_a_file_leaves_none_behind(tmp_path: Path) -> None:
    code = """
        import tempfile, wadjet
        tempfile.tempdir = {folder!r}
        with wadjet.sample() as recording:
            sum(range(100000))
        recording.profile
        kept = wadjet.sample().start()
    """
    done = run(code.format(folder=str(tmp_path)))
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_within_the_block_has_its_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    done = run(f"import wadjet; wadjet.sample(output={str(path)!r}).start(); sum(range(10**6))")
    assert (done.returncode, done.stderr) == (0, "")
    assert store.load(path).about["complete"] is True


def test_what_was_recorded_until_the_process_was_killed_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    code = f"""
        import os, signal, time, wadjet
        def spin():
            while True:
                sum(range(1000))
                if time.monotonic() > end:
                    os.kill(os.getpid(), signal.SIGKILL)
        end = time.monotonic() + 2
        with wadjet.sample(output={str(path)!r}):
            spin()
    """
    assert run(code).returncode == -signal.SIGKILL
    profile = store.load(path)
    assert profile.about["complete"] is False
    assert shares(profile, "wall")["spin"] > 0.5


def test_a_forked_child_leaves_the_recording_to_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    code = f"""
        import os, sys, wadjet, warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        with wadjet.sample(output={str(path)!r}) as recording:
            child = os.fork()
            if child:
                assert os.waitpid(child, 0)[1] == 0
        if not child:
            try:
                recording.profile
            except RuntimeError as error:
                print(error)
            with wadjet.sample() as own:
                sum(range(10**6))
            print(len(own.profile.threads))
            sys.exit()
        print(recording.profile.about["complete"])
    """
    done = run(code, "-X", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "the recording is the parent process's\n1\nTrue\n"
    assert store.load(path).about["complete"] is True


def test_forks_while_the_file_is_written_do_it_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.wadjet"
    code = f"""
        import os, time, wadjet, warnings
        from wadjet.observe.sampling import inprocess
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        inprocess.SAVE, inprocess.POLL = 0, 0.001
        with wadjet.sample(rate=5000, output={str(path)!r}) as recording:
            for _ in range(60):
                if not os.fork():
                    raise SystemExit
                for _ in range(20):
                    sum(range(2000))
                os.wait()
        print(len(recording.profile.samples) > 0)
    """
    done = run(code)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True\n")
    assert store.load(path).about["complete"] is True


def test_a_program_under_wadjet_run_is_told_that_it_is_recorded(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "wadjet", "run", "-q", "-o", str(tmp_path / "a.wadjet")),
            *("-c", "import wadjet; wadjet.sample().start()"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "BusyError: `wadjet run` is recording this program already" in done.stderr


def test_a_disk_that_fills_up_is_told_when_the_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wadjet.observe.sampling.recording import Recording

    def full(_: Recording) -> None:
        raise OutputError("cannot write a.wadjet (disk full)")

    monkeypatch.setattr(Recording, "save", full)
    with pytest.raises(OutputError, match="disk full"), wadjet.sample():
        spin(0.01)
    with pytest.raises(ZeroDivisionError) as caught, wadjet.sample():
        spin_and_fail()
    assert caught.value.__notes__ == ["wadjet: cannot write a.wadjet (disk full)"]
    monkeypatch.undo()
    with wadjet.sample():
        pass


def test_importing_the_package_imports_nothing_of_it() -> None:
    done = run("import sys, wadjet; print([m for m in sys.modules if m.startswith('wadjet.')])")
    assert done.stdout == "[]\n"
    assert "sample" in dir(wadjet)
    with pytest.raises(AttributeError, match="no attribute 'smaple'"):
        wadjet.smaple  # noqa: B018


def test_source_that_was_never_a_file_is_kept() -> None:
    import linecache

    text = "def loop(end):\n    while clock() < end:\n        pass\n"
    name = "<cell 1>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    namespace: dict[str, Any] = {"clock": time.thread_time}
    exec(compile(text, name, "exec"), namespace)
    with wadjet.sample() as recording:
        namespace["loop"](time.thread_time() + 0.05)
    assert recording.profile.sources[name] == text
