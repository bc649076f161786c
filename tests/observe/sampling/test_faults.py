"""Whatever goes wrong: one line, the promised exit code, and nothing lost."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.observe.sampling.runs import (
    CPU,
    PATIENCE,
    WALL,
    Ending,
    python,
    recorded,
    stacks,
    wadjet,
    written,
)

from wadjet.model import store

USAGE, NO_INPUT, OUTPUT = 64, 66, 73


def one_line(ending: Ending, code: int, *words: str) -> None:
    """Wadjet ended with that code after one line with those words in it."""
    assert ending.status == code, ending.err
    lines = ending.err.splitlines()
    assert len(lines) == 1, ending.err
    assert all(word in lines[0] for word in words), lines[0]


def direct(*words: str, folder: Path, **options: object) -> Ending:
    """``wadjet run words``."""
    done = subprocess.run(
        wadjet(*words),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return Ending(done.returncode, done.stdout, done.stderr)


# ---- what is asked for -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--rate", "-1"], ["-1", "out of range"]),
        (["--rate", "1000000000"], ["1000000000", "10000"]),
        (["--wall-rate", "-5"], ["--wall-rate", "-5"]),
        (["--wall-rate", "10001"], ["10001"]),
        (["--rate", "0", "--wall-rate", "0"], ["needs a clock"]),
        ([], ["nothing to run"]),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_start_nothing(
    flags: list[str], words: list[str], tmp_path: Path
) -> None:
    program = ["-c", "open('ran', 'w')"] if flags else []
    one_line(direct(*flags, *program, folder=tmp_path), USAGE, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["-m", "-c"])
def test_an_option_that_lacks_its_word_says_so(option: str, tmp_path: Path) -> None:
    one_line(direct(option, folder=tmp_path), USAGE, option)


def test_a_script_that_is_not_there_is_named(tmp_path: Path) -> None:
    one_line(direct("missing.py", folder=tmp_path), NO_INPUT, "missing.py")
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_program_is_told_of_by_python(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    expected = python(["empty"], folder=tmp_path)
    run = recorded(["empty"], folder=tmp_path)
    assert (run.status, run.err) == (expected.status, expected.err)


def test_a_script_that_may_not_be_read_is_told_of_by_python(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    script = written(tmp_path, "print('x')")
    Path(script).chmod(0)
    expected = python([script], folder=tmp_path)
    run = recorded([script], folder=tmp_path)
    assert (run.status, run.err) == (expected.status, expected.err)


# ---- where it is written -----------------------------------------------------------------


def test_a_recording_that_exists_is_not_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "taken.wadjet").write_text("precious")
    ending = direct("-o", "taken.wadjet", "-c", "open('ran', 'w')", folder=tmp_path)
    one_line(ending, OUTPUT, "taken.wadjet", "--overwrite")
    assert (tmp_path / "taken.wadjet").read_text() == "precious"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("output", [".", "missing/x.wadjet", "file/x.wadjet", "/proc/x.wadjet"])
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["", "overwrite"])
def test_a_place_that_cannot_be_written_starts_nothing(
    output: str, overwrite: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    words = [*overwrite, "-o", output, "-c", "open('ran', 'w')"]
    one_line(direct(*words, folder=tmp_path), OUTPUT, output)
    assert not (tmp_path / "ran").exists()


def test_a_second_run_takes_the_next_name(tmp_path: Path) -> None:
    script = written(tmp_path, "pass", "app.py")
    for expected in ("app.wadjet", "app.2.wadjet", "app.3.wadjet"):
        assert direct("-q", script, folder=tmp_path).status == 0
        assert (tmp_path / expected).exists()


GROWING = """
import os, resource, sys, time
from pathlib import Path
from wadjet.model import store
print("started", flush=True)
while not len(store.load(Path("x.wadjet")).samples): pass
full = os.stat("x.wadjet").st_size
resource.prlimit(os.getppid(), resource.RLIMIT_FSIZE, (full, full))  # for Wadjet, not for us
end = time.monotonic() + 1.5
namespace = {}
while time.monotonic() < end:
    name = f"function_number_{time.monotonic_ns()}"
    exec(f"def {name}():\\n for _ in range(20_000): pass\\n{name}()", namespace)
print("the end", flush=True)
sys.exit(3)
"""


def test_a_disk_that_fills_up_costs_the_rest_of_the_recording_not_the_program(
    tmp_path: Path,
) -> None:
    """A limit on the size of files behaves as a full disk does."""
    words = ["-q", "--rate", "10000", "-o", "x.wadjet", "-c", GROWING]
    ending = direct(*words, folder=tmp_path)
    assert ending.out == "started\nthe end\n", ending.err
    one_line(ending, OUTPUT, "cannot write x.wadjet")
    profile = store.load(tmp_path / "x.wadjet")
    assert profile.about["complete"] is False
    assert len(profile.samples) > 0


def test_a_disk_that_is_full_from_the_start_starts_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    words = ["-q", "-o", "x.wadjet", "-c", "print('ran')"]
    ending = direct(*words, folder=tmp_path, preexec_fn=fill)
    assert ending.out == ""
    one_line(ending, OUTPUT, "cannot write x.wadjet")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_standard_error_that_is_full_costs_the_summary_only(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            wadjet("-o", "x.wadjet", "-c", "print('ran')"),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.stdout == "ran\n"
    assert store.load(tmp_path / "x.wadjet").about["complete"] is True


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_costs_what_would_go_there_only(closed: int, tmp_path: Path) -> None:
    shell = 'exec "$@" ' + {1: ">&-", 2: "2>&-"}[closed]
    words = wadjet("-o", "x.wadjet", "-c", "open('ran', 'w')")
    done = subprocess.run(
        ["sh", "-c", shell, "sh", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (tmp_path / "ran").exists()
    assert "Traceback" not in done.stderr
    assert store.load(tmp_path / "x.wadjet").about["complete"] is True


@pytest.mark.parametrize("where", ["missing", "long" * 40])
def test_the_temporary_folder_may_be_missing_or_far_away(where: str, tmp_path: Path) -> None:
    if where != "missing":
        (tmp_path / where).mkdir()
    run = recorded(["-c", "print(1)"], folder=tmp_path, env={"TMPDIR": str(tmp_path / where)})
    assert (run.status, run.out, run.err) == (0, "1\n", "")


def test_the_folder_one_is_in_may_be_gone(tmp_path: Path) -> None:
    shell = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    words = wadjet("-q", "-o", str(tmp_path / "x.wadjet"), "-c", "print('ran')")
    done = subprocess.run(
        ["sh", "-c", shell, "sh", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


# ---- ends that nobody planned ------------------------------------------------------------

BUSY = """
import os, signal, sys, threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
def recognized(): burn(0.3)
"""


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("recognized(); os._exit(4)", 4),
        ("recognized(); os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("recognized(); os.abort()", -signal.SIGABRT),
        ("threading.Thread(target=lambda: (recognized(), os._exit(5))).start()", 5),
        ("recognized(); os.execv('/bin/true', ['true'])", 0),
    ],
)
def test_samples_up_to_a_sudden_end_are_there(program: str, status: int, tmp_path: Path) -> None:
    run = recorded(["-c", BUSY + program], folder=tmp_path)
    assert (run.status, run.err) == (status, "")
    profile = run.profile
    assert profile.about["exit"] == status
    found = sum(value for stack, value in stacks(profile, CPU) if "recognized" in stack)
    assert 0.2e9 < found < 0.4e9
    assert all(each.ended > 0 for each in profile.threads)
    assert sum(each.cpu for each in profile.threads) > 0.2e9


def test_a_supervisor_that_is_killed_leaves_the_program_alone_and_a_readable_recording(
    tmp_path: Path,
) -> None:
    program = (
        BUSY
        + """
burn(1.6)  # a commit is due each second
print(os.getpid(), flush=True)
sys.stdin.readline()
burn(0.2)
print("the program's end", flush=True)
"""
    )
    with subprocess.Popen(
        wadjet("-q", "-o", "x.wadjet", "-c", program),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.kill()
        process.wait(PATIENCE)
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "the program's end\n"
        assert process.stderr.read() == ""
    profile = store.load(tmp_path / "x.wadjet")
    assert profile.about["complete"] is False
    assert sum(value for stack, value in stacks(profile, CPU) if "burn" in stack) > 0.5e9


def test_a_program_without_a_sample_leaves_a_recording_that_can_be_shown(tmp_path: Path) -> None:
    run = recorded(["-c", "pass"], folder=tmp_path, flags=["--wall-rate", "0", "--rate", "1"])
    assert run.status == 0
    show = [sys.executable, "-m", "wadjet", "show", "run.wadjet"]
    done = subprocess.run(
        show, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert "Traceback" not in done.stderr
    assert run.profile.about["counts"]


def test_an_interpreter_that_does_not_load_wadjet_is_named_as_the_cause(tmp_path: Path) -> None:
    ending = direct("-q", "--python=-I", "-c", "print('ran')", folder=tmp_path)
    assert ending.out == "ran\n"
    one_line(ending, 69, "nothing was recorded", "-I")
    assert not list(tmp_path.iterdir())


# ---- programs that take what we need -----------------------------------------------------


@pytest.mark.parametrize("last", [4096, 10**6])
def test_a_program_may_close_all_descriptors(last: int, tmp_path: Path) -> None:
    program = BUSY + f"burn(0.1)\nos.closerange(3, {last})\nrecognized()\nprint('end')"
    run = recorded(["-c", program], folder=tmp_path)
    assert (run.status, run.out, run.err) == (0, "end\n", "")
    found = sum(value for stack, value in stacks(run.profile, WALL) if "recognized" in stack)
    assert found > 0.2e9


def test_descriptors_that_took_the_place_of_ours_stay_open(tmp_path: Path) -> None:
    program = """
import os, resource
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
os.closerange(3, limit)
file = os.open("/dev/null", os.O_RDONLY)
own = [os.dup2(file, each) for each in range(limit // 2, limit // 2 + 8)]
import atexit, sys
def check():
    for each in own: os.fstat(each)
    print("all there")
atexit.register(check)
if os.fork() == 0:
    check()
    os._exit(0)
os.wait()
"""
    run = recorded(["-c", program], folder=tmp_path)
    assert (run.status, run.out) == (0, "all there\nall there\n"), run.err


HANDLED = """
import faulthandler, os, signal, sys, threading, time
got = []
signal.signal(signal.NUMBER, lambda number, frame: got.append(number))
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
burn(0.2)
for _ in range(3):
    os.kill(os.getpid(), signal.NUMBER)
    burn(0.01)
burn(0.2)
print(len(got))
"""


@pytest.mark.parametrize("name", ["SIGPROF", "SIGALRM", "SIGVTALRM", "SIGSEGV", "SIGIO", "SIGTRAP"])
def test_signals_that_a_program_handles_reach_it_and_nothing_else_does(
    name: str, tmp_path: Path
) -> None:
    run = recorded(["-c", HANDLED.replace("NUMBER", name)], folder=tmp_path)
    assert (run.status, run.out, run.err) == (0, "3\n", "")
    assert 0.3e9 < sum(value for _, value in stacks(run.profile, CPU)) < 0.8e9


TAKEN = HANDLED.replace(
    "burn(0.2)\nfor", "burn(0.2)\ngot.clear()  # until we notice, ticks come too\nfor"
)


@pytest.mark.parametrize("name", ["SIGURG", "SIGSTKFLT"])
def test_a_program_that_takes_our_signal_gets_it_and_is_told_what_that_costs(
    name: str, tmp_path: Path
) -> None:
    run = recorded(["-c", TAKEN.replace("NUMBER", name)], folder=tmp_path)
    assert (run.status, run.out, run.err) == (0, "3\n", "")
    notes = str(run.profile.about["notes"])
    assert ("the program handles SIGURG itself" in notes) == (name == "SIGURG")
    assert sum(value for _, value in stacks(run.profile, CPU)) > 0.3e9


def test_a_program_that_takes_every_signal_is_told_that_the_cpu_clock_stands_still(
    tmp_path: Path,
) -> None:
    both = "import signal\nsignal.signal(signal.SIGSTKFLT, lambda *_: None)" + TAKEN
    run = recorded(["-c", both.replace("NUMBER", "SIGURG")], folder=tmp_path)
    assert (run.status, run.err) == (0, "")
    assert "the CPU clock stands still" in str(run.profile.about["notes"])
    assert sum(value for stack, value in stacks(run.profile, WALL) if "burn" in stack) > 0.3e9


@pytest.mark.parametrize("timer", ["ITIMER_PROF", "ITIMER_REAL", "ITIMER_VIRTUAL"])
def test_a_programs_own_timers_tick_for_it(timer: str, tmp_path: Path) -> None:
    program = f"""
import signal
number = {{"ITIMER_PROF": signal.SIGPROF, "ITIMER_REAL": signal.SIGALRM,
          "ITIMER_VIRTUAL": signal.SIGVTALRM}}["{timer}"]
count = 0
def tick(number, frame):
    global count
    count += 1
signal.signal(number, tick)
signal.setitimer(signal.{timer}, 0.01, 0.01)
for _ in range(10_000_000): pass
signal.setitimer(signal.{timer}, 0)
print(count >= 10)
"""
    run = recorded(["-c", program], folder=tmp_path)
    assert (run.status, run.out, run.err) == (0, "True\n", "")


def test_without_perf_events_the_recording_says_what_it_uses_instead(tmp_path: Path) -> None:
    run = recorded(["-c", BUSY + "recognized()"], folder=tmp_path, flags=["--no-perf"])
    clocks: Any = run.profile.about["clocks"]
    clock = clocks["cpu"]
    assert (clock["engine"], "asked for" in clock["why"]) == ("timer", True)
    found = sum(value for stack, value in stacks(run.profile, CPU) if "recognized" in stack)
    assert 0.2e9 < found < 0.4e9


def test_limits_on_descriptors_leave_the_program_what_it_is_due(tmp_path: Path) -> None:
    program = """
import os, resource, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
done = threading.Event()
threads = [threading.Thread(target=done.wait) for _ in range(100)]
for thread in threads: thread.start()
files = []
try:
    while True: files.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error.strerror, len(files) >= 25)
for file in files: os.close(file)
done.set()
for thread in threads: thread.join()
"""
    run = recorded(["-c", program], folder=tmp_path)
    assert (run.status, run.out) == (0, "Too many open files True\n"), run.err
