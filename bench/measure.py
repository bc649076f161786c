"""One run of one program: started, waited for, and measured from outside."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Watch = Callable[[int], None]
"""Called with the pid about once a second while the program runs."""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run cost, times in seconds.

    ``report`` is what the workload wrote about itself. ``tree_cpu`` is the CPU time of
    all processes of the run, ``foreign`` how many cores others used meanwhile, ``after``
    the time from the end of the work to the end of the run. ``error`` is empty if all went
    well.
    """

    label: str
    report: dict[str, Any]
    elapsed: float = 0.0
    tree_cpu: float = 0.0
    foreign: float = 0.0
    after: float = 0.0
    output: Path = Path()
    error: str = ""

    @property
    def wall(self) -> float:
        """Time of the work alone."""
        return float(self.report["wall"])

    @property
    def cpu(self) -> float:
        """CPU time of the work alone."""
        return float(self.report["cpu"])

    @property
    def profiler_cpu(self) -> float:
        """CPU time of the profiler outside the program."""
        return max(0.0, self.tree_cpu - float(self.report["process_cpu"]))


def run(
    label: str,
    command: Sequence[str],
    report: Path,
    output: Path,
    *,
    timeout: float = 120.0,
    watch: Watch | None = None,
) -> Run:
    """Run a command whose workload writes ``report``; never raises for a failing one."""
    report.unlink(missing_ok=True)
    _remove(output)
    log = report.with_suffix(".log")
    before = _busy()
    started = time.monotonic()
    try:
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, process_group=0
            )
    except OSError as error:
        return Run(label, {}, error=f"did not start: {error.strerror}")
    status, tree_cpu = _wait(process.pid, started + timeout, watch)
    process.returncode = os.waitstatus_to_exitcode(status)
    ended = time.monotonic()
    elapsed = ended - started
    foreign = max(0.0, _busy() - before - tree_cpu) / elapsed
    facts, trouble = _outcome(report, log, process.returncode)
    after = ended - float(facts.get("done", ended))
    return Run(label, facts, elapsed, tree_cpu, foreign, after, output, trouble)


def _remove(output: Path) -> None:
    """Remove what a run left; some profilers write a folder."""
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)


def _outcome(report: Path, log: Path, code: int) -> tuple[dict[str, Any], str]:
    """Return the workload's report, or why there is none."""
    if code == 0 and report.exists():
        return json.loads(report.read_text()), ""
    lines = log.read_text(errors="replace").strip().splitlines() or ["no message"]
    return {}, f"exit code {code}: {lines[-1]}"


def _wait(pid: int, deadline: float, watch: Watch | None) -> tuple[int, float]:
    """Wait for a process, killing its group at the deadline; return (status, CPU time)."""
    handle = os.pidfd_open(pid)
    try:
        while not select.select([handle], [], [], 1.0 if watch else deadline - time.monotonic())[0]:
            if time.monotonic() >= deadline:
                os.killpg(pid, signal.SIGKILL)
                break
            if watch:
                watch(pid)
    finally:
        os.close(handle)
    _, status, usage = os.wait4(pid, 0)
    return status, usage.ru_utime + usage.ru_stime


def _busy() -> float:
    """Return the seconds that all cores worked since the start, this process excepted."""
    return machine_busy() - time.process_time()


def machine_busy() -> float:
    """Return the seconds that all cores worked since the machine was started."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _idle, _wait, irq, soft, steal = file.readline().split()[1:9]
    return sum(map(int, (user, nice, system, irq, soft, steal))) / TICKS


class MemoryPeak:
    """Watches the memory of a process and all its descendants (PSS, bytes)."""

    def __init__(self) -> None:
        self.peak = 0

    def __call__(self, pid: int) -> None:
        self.peak = max(self.peak, sum(map(_memory, _family(pid))))


def _memory(pid: int) -> int:
    """Return the proportional set size; memory shared by n processes counts 1/n in each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    parents = {int(each.name): _parent(each) for each in Path("/proc").glob("[0-9]*")}
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _parent(folder: Path) -> int:
    """Return the parent of a process of /proc, 0 if it is gone."""
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
