"""Waiting is told with its cause, and only where it is sure and worth telling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.observe.sampling.diagnosis.scenes import (
    LIB,
    blocked,
    found,
    native,
    ready,
    rules,
    run,
    scene,
    wait,
)

from wadjet.model.finding import Level, Place
from wadjet.model.profile import Process, Profile

WORK = ("work app.py:9",)
QUEUE = (f"Queue.get {LIB}queue.py:171", f"Condition.wait {LIB}threading.py:320")
PARSE = ("main app.py:90", "parse app.py:41")


def contended(share: int, ticks: int = 400) -> Profile:
    """A worker that waits for ``share`` ticks of 100, in turns of one."""
    return scene(
        ticks,
        main=lambda tick: run(*PARSE) if tick * share % 100 < share else blocked(*PARSE),
        worker_3=lambda tick: wait("main", *WORK) if tick * share % 100 < share else run(*WORK),
    )


def test_who_waits_for_the_gil_and_who_holds_it_is_told() -> None:
    finding = found(contended(61), "gil-contention")
    assert finding is not None
    assert finding.message == (
        "61 % of the time thread `worker-3` waited for the GIL, held mostly by `parse` (app.py:41)."
    )
    assert finding.level is Level.WARNING
    assert finding.place == Place("app.py", 41, "parse")
    assert finding.weight == pytest.approx(0.61)
    assert "`parse`" in finding.treatment
    assert "ProcessPoolExecutor" in finding.treatment


def test_a_little_waiting_for_the_gil_is_not_told() -> None:
    assert found(contended(8), "gil-contention") is None


def test_much_waiting_in_a_short_recording_is_not_told() -> None:
    assert found(contended(61, ticks=20), "gil-contention") is None


def test_a_waiting_share_that_may_be_chance_is_not_told() -> None:
    """15 of 100 ticks: the bound at 95 % lies below the threshold."""
    assert found(contended(15, ticks=100), "gil-contention") is None
    assert found(contended(15, ticks=2000), "gil-contention") is not None


def test_a_library_function_that_holds_the_gil_is_told_as_its_caller() -> None:
    stack = (*PARSE, f"JSONDecoder.raw_decode {LIB}json/decoder.py:353")
    profile = scene(300, main=lambda _: run(*stack), worker=lambda _: wait("main", *WORK))
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert "held mostly by `parse` (app.py:41)" in finding.message


def test_several_holders_are_told_with_their_parts() -> None:
    names = ["a app.py:1", "b app.py:2", "c app.py:3", "d app.py:4"]
    profile = scene(
        400, main=lambda tick: run(names[tick % 4]), worker=lambda _: wait("main", *WORK)
    )
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert "`a` (app.py:1) 25 %" in finding.message
    assert len(finding.related) == 2


def test_threads_that_fare_alike_share_a_finding() -> None:
    profile = scene(
        300,
        main=lambda _: run(*PARSE),
        w1=lambda _: wait("main", *WORK),
        w2=lambda tick: wait("main", *WORK) if tick % 2 else blocked(*WORK),
        w3=lambda _: blocked(*WORK),
    )
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert "thread `w1`" in finding.message
    assert "So did 1 other thread (50 %)." in finding.message


def test_a_holder_that_is_not_known_is_not_made_up() -> None:
    profile = scene(300, main=lambda _: blocked(*PARSE), w1=lambda _: wait("main", *WORK))
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert finding.message == "100 % of the time thread `w1` waited for the GIL."
    assert finding.place is None


def test_a_holder_without_a_core_is_told_and_treated_first() -> None:
    profile = scene(
        300,
        main=lambda tick: run(*PARSE) if tick % 4 == 0 else ready(*PARSE),
        w1=lambda _: wait("main", *WORK),
    )
    samples = profile.samples
    main = [t.name for t in profile.threads].index("main")
    for row, thread in enumerate(samples.thread):
        samples.holder[row] = main if thread == main else samples.holder[row]
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert "Meanwhile the holder had no core 75 % of the time." in finding.message
    assert "what else runs on the machine" in finding.treatment


def test_threads_of_several_processes_are_told_with_their_process() -> None:
    profile = contended(61)
    profile = replace(profile, processes=(*profile.processes, Process(77)))
    finding = found(profile, "gil-contention")
    assert finding is not None
    assert "thread `worker-3` (process 1) waited" in finding.message


def sorting(held: int) -> Profile:
    """The main thread sorts for ``held`` of 20 ticks at a time; two others run in between."""

    def worker(turn: int, tick: int) -> object:
        return wait("main", *WORK) if tick % 20 < held or tick % 2 != turn else run(*WORK)

    return scene(
        600,
        sources={"app.py": "import x\n\n\n\n\n\n\n    rows.sort()\n"},
        main=lambda tick: run("rank app.py:8") if tick % 20 < held else blocked("rank app.py:8"),
        w1=lambda tick: worker(0, tick),  # type: ignore[arg-type, return-value]
        w2=lambda tick: worker(1, tick),  # type: ignore[arg-type, return-value]
    )


def test_c_code_that_keeps_the_gil_is_told_with_how_long() -> None:
    finding = found(sorting(12), "long-gil-hold")
    assert finding is not None
    assert finding.message.startswith("`rank` (app.py:8) kept the GIL for up to 1")
    assert finding.message.endswith("ms at a time without a break; others waited.")
    assert "split `rows.sort()` into smaller calls" in finding.treatment
    assert finding.weight == pytest.approx(0.6, abs=0.1)


def test_python_code_that_takes_turns_is_not_told_as_a_long_hold() -> None:
    assert found(sorting(1), "long-gil-hold") is None
    assert found(contended(61), "long-gil-hold") is None


def test_a_holder_that_had_no_core_did_not_keep_the_gil() -> None:
    """A thread that is put off its core in Python code holds the GIL, too, but cannot let go."""
    profile = sorting(12)
    main = [t.name for t in profile.threads].index("main")
    wall, cpu = profile.samples.values
    for row, thread in enumerate(profile.samples.thread):
        if thread == main and (cpu[row] and row % 9):
            cpu[row] = 0
        elif thread == main and wall[row]:
            profile.samples.state[row] = 4
    assert found(profile, "long-gil-hold") is None


def test_without_cpu_samples_no_long_hold_is_claimed() -> None:
    profile = scene(300, cpu=False, main=lambda _: run(*PARSE), w1=lambda _: wait("main", *WORK))
    assert found(profile, "long-gil-hold") is None


def test_a_turn_in_another_process_ends_no_hold() -> None:
    profile = scene(
        300,
        main=lambda _: run("rank app.py:8"),
        w1=lambda _: wait("main", *WORK),
        other=lambda tick: run("spin other.py:1") if tick % 3 == 0 else blocked("spin other.py:1"),
    )
    assert found(profile, "long-gil-hold") is None, "in one process its turns end the hold"
    threads = [replace(t, process=int(t.name == "other")) for t in profile.threads]
    apart = replace(profile, threads=tuple(threads), processes=(*profile.processes, Process(7)))
    assert found(apart, "long-gil-hold") is not None


def starved(share: int, ticks: int = 400) -> Profile:
    return scene(
        ticks,
        main=lambda tick: (
            ready("pack app.py:9") if tick * 37 % 100 < share else native("pack app.py:9")
        ),
        about={"cpus": 2},
    )


def test_threads_without_a_core_are_told() -> None:
    finding = found(starved(40), "no-core")
    assert finding is not None
    assert finding.message == (
        "Thread `main` was ready to run but found no core free 40 % of the time (2 cores)."
    )
    assert finding.level is Level.WARNING


def test_now_and_then_without_a_core_is_not_told() -> None:
    assert found(starved(8), "no-core") is None
    assert found(starved(40, ticks=30), "no-core") is None


LOCK = "class Store:\n    def put(self, item):\n        with self._lock:\n            pass\n"
LIST = LOCK.replace("self._lock", "open(self.path)")


def locked(source: str, share: int = 50) -> Profile:
    def thread(tick: int) -> object:
        put = "put app.py:3"
        return blocked(put) if tick * 37 % 100 < share else run(put)

    return scene(
        300,
        sources={"app.py": source},
        w1=thread,  # type: ignore[arg-type]
        w2=thread,  # type: ignore[arg-type]
    )


def test_a_lock_that_threads_wait_for_is_told() -> None:
    finding = found(locked(LOCK), "lock-contention")
    assert finding is not None
    assert finding.message == (
        "Thread `w1` waited 50 % of the time for a lock at `put` (app.py:3). "
        "1 other thread waited there too."
    )
    assert finding.place == Place("app.py", 3, "put")


def test_a_wait_that_is_no_lock_is_not_told_as_one() -> None:
    assert found(locked(LIST), "lock-contention") is None
    assert found(locked(LOCK, share=5), "lock-contention") is None


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (f"SocketIO.readinto {LIB}socket.py:706", "for the network"),
        (f"SSLSocket.read {LIB}ssl.py:1132", "for the network"),
        (f"Popen._wait {LIB}subprocess.py:1938", "for a child process"),
        (f"Connection._recv {LIB}multiprocessing/connection.py:379", "for another process"),
        (f"EpollSelector.select {LIB}selectors.py:468", "for work"),
    ],
)
def test_a_program_that_mostly_waits_is_told_for_what(leaf: str, words: str) -> None:
    finding = found(scene(300, main=lambda _: blocked("fetch app.py:12", leaf)), "mostly-waiting")
    assert finding is not None
    assert finding.message == (
        f"Thread `main` waited 100 % of the time {words}, mostly in `fetch` (app.py:12)."
    )
    assert finding.treatment


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("time.sleep(pause)", "in a sleep"),
        ("data = peer.recv(4096)", "for the network"),
        ("os.fsync(out)", "for a file"),
        ("status = os.system(command)", "for a child process"),
    ],
)
def test_the_line_tells_what_c_code_waits_for(line: str, words: str) -> None:
    profile = scene(300, sources={"app.py": f"{line}\n"}, main=lambda _: blocked("pause app.py:1"))
    finding = found(profile, "mostly-waiting")
    assert finding is not None
    assert f"100 % of the time {words}, " in finding.message


def test_a_wait_that_nothing_explains_gets_no_guess() -> None:
    finding = found(scene(300, main=lambda _: blocked("odd app.py:12")), "mostly-waiting")
    assert finding is not None
    assert finding.message == "Thread `main` waited 100 % of the time, mostly in `odd` (app.py:12)."
    assert "`wadjet show --metric wall --state blocked FILE`" in finding.treatment


def test_a_main_thread_that_joins_leads_to_the_thread_that_it_waits_for() -> None:
    profile = scene(
        300,
        main=lambda _: blocked("main app.py:90", f"Thread.join {LIB}threading.py:1119"),
        idle=lambda _: blocked(
            f"Queue.get {LIB}queue.py:171", f"Condition.wait {LIB}threading.py:1"
        ),
        fetcher=lambda _: blocked("fetch app.py:12", f"SocketIO.readinto {LIB}socket.py:706"),
    )
    finding = found(profile, "mostly-waiting")
    assert finding is not None
    assert "Thread `fetcher` waited 100 % of the time for the network" in finding.message


def test_an_idle_server_is_a_note_and_nothing_to_mend() -> None:
    select = f"EpollSelector.select {LIB}selectors.py:468"
    finding = found(scene(500, main=lambda _: blocked("serve app.py:7", select)), "mostly-waiting")
    assert finding is not None
    assert finding.level is Level.NOTE
    assert "under load" in finding.treatment


def test_a_busy_program_whose_main_thread_waits_is_not_told_as_waiting() -> None:
    profile = scene(
        300,
        main=lambda _: blocked("main app.py:90", f"Thread.join {LIB}threading.py:1119"),
        worker=lambda _: native("pack app.py:9"),
    )
    assert "mostly-waiting" not in rules(profile)


def test_a_program_whose_threads_want_to_run_is_not_told_as_waiting() -> None:
    """On a busy machine its threads hardly get a core; that is another finding."""
    profile = scene(
        300,
        main=lambda _: blocked("main app.py:90", f"Thread.join {LIB}threading.py:1119"),
        worker=lambda tick: ready("pack app.py:9") if tick % 10 else run("pack app.py:9"),
    )
    assert "mostly-waiting" not in rules(profile)
    assert "no-core" in rules(profile)


def test_a_program_that_runs_is_not_told_as_waiting() -> None:
    profile = scene(300, main=lambda tick: run(*PARSE) if tick % 10 < 6 else blocked(*PARSE))
    assert "mostly-waiting" not in rules(profile)
