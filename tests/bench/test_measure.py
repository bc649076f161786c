"""A run is measured from outside, and one that fails says why in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench import measure

GOOD = """
import json, sys, time
end = time.process_time() + 0.05
while time.process_time() < end: pass
facts = {"wall": 1.0, "cpu": 0.5, "process_cpu": time.process_time()}
open(sys.argv[1], "w").write(json.dumps(facts))
"""


def run(folder: Path, code: str, timeout: float = 60.0) -> measure.Run:
    report = folder / "report.json"
    command = [sys.executable, "-c", code, str(report)]
    return measure.run("a run", command, report, folder / "output", timeout=timeout)


def test_a_run_has_the_programs_own_figures_and_those_of_the_whole_tree(tmp_path: Path) -> None:
    found = run(tmp_path, GOOD)
    assert not found.error
    assert (found.wall, found.cpu) == (1.0, 0.5)
    assert found.tree_cpu >= 0.05
    assert found.elapsed >= 0.05
    assert found.profiler_cpu < found.tree_cpu


def test_a_failing_program_is_told_with_its_last_line(tmp_path: Path) -> None:
    found = run(tmp_path, "raise SystemExit('out of luck')")
    assert found.error == "exit code 1: out of luck"
    assert found.report == {}


def test_a_program_that_writes_no_report_has_failed(tmp_path: Path) -> None:
    assert run(tmp_path, "pass").error == "exit code 0: no message"


def test_a_command_that_does_not_exist_did_not_start(tmp_path: Path) -> None:
    found = measure.run("none", ["/nowhere/tool"], tmp_path / "r.json", tmp_path / "o")
    assert found.error == "did not start: No such file or directory"


def test_a_run_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)  # the child holds it open for as long as it lives
    child = "import signal; signal.pause()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    found = run(tmp_path, code, timeout=0.3)
    os.close(write)
    assert found.error.startswith("exit code -9")
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b""


def test_an_old_report_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"wall": 1}')
    assert run(tmp_path, "pass").report == {}


def test_the_memory_of_a_process_and_its_children_is_counted() -> None:
    child = "import sys; data = bytearray(30_000_000); print(flush=True); sys.stdin.read()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    peak = measure.MemoryPeak()
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        peak(process.pid)
        process.communicate()
    assert peak.peak > 30_000_000


def test_a_process_that_is_gone_has_no_memory() -> None:
    peak = measure.MemoryPeak()
    peak(2**22 + 1)
    assert peak.peak == 0
