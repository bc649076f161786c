"""Every workload runs, measures its own work, and reports it as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.rig import WORKLOADS

SMALL = {
    "calls": ["--rounds", "1"],
    "threads": ["--amount", "0.02"],
    "long": ["--seconds", "0.1"],
    "acc1": ["--seconds", "0.3"],
    "acc2": ["--seconds", "0.2"],
    "flutter": ["--seconds", "0.05", "--depth", "10"],
    "reuse": ["--functions", "3", "--milliseconds", "2"],
    "churn": ["--threads", "20", "--forks", "2"],
    "tasks": ["--tasks", "20", "--turns", "2"],
    "idle": ["--seconds", "0.05"],
    "allocate": [],
    "libraries": ["--loaded", "3", "--more", "3"],
    "server": ["--objects", "2000", "--requests", "500", "--treatment", "budget"],
}
PARTS = {"meter", "kernel", "constraints", "turns"}
OTHERS = {"optimized", "names", "signatures", "sidecar"}  # report something else
HEAVY = {"extensions", "imports", "kinds"}  # needs libraries that only a benchmark is worth


def run(name: str, folder: Path, *arguments: str) -> dict[str, Any]:
    report = folder / "report.json"
    script = [str(WORKLOADS / f"{name}.py"), "--report", str(report), *arguments]
    subprocess.run([sys.executable, *script], check=True, timeout=60)
    facts: dict[str, Any] = json.loads(report.read_text())
    return facts


def test_every_workload_is_tried() -> None:
    assert {path.stem for path in WORKLOADS.glob("*.py")} == SMALL.keys() | PARTS | OTHERS | HEAVY


@pytest.mark.parametrize("name", SMALL)
def test_a_workload_reports_its_own_wall_and_cpu_time(name: str, tmp_path: Path) -> None:
    report = run(name, tmp_path, *SMALL[name])
    assert report["wall"] > 0
    assert 0 <= report["cpu"] <= report["process_cpu"]


@pytest.mark.parametrize("name", ["acc1", "acc2", "reuse"])
def test_a_workload_that_knows_the_truth_accounts_for_nearly_all_its_cpu(
    name: str, tmp_path: Path
) -> None:
    report = run(name, tmp_path, *SMALL[name])
    truth = report["cpu_of"]
    assert set(report["owners"].values()) >= truth.keys()
    assert 0.5 * report["cpu"] <= sum(truth.values()) <= 1.05 * report["cpu"]


def test_churn_counts_what_it_started_and_tasks_what_was_passed(tmp_path: Path) -> None:
    churn = run("churn", tmp_path, *SMALL["churn"])
    assert (churn["threads"], churn["forks"]) == (20, 2)
    assert run("tasks", tmp_path, *SMALL["tasks"])["passed"] == 40


def test_without_a_file_the_report_goes_to_stdout() -> None:
    done = subprocess.run(
        [sys.executable, WORKLOADS / "calls.py", "--rounds", "1"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["cpu"] > 0


PROGRAM = """
import pyperf

def square(n):
    return n * n

def work(loops, amount):
    for _ in range(loops):
        sum([square(each) for each in range(amount)])

if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.metadata["description"] = "Squares."
    runner.bench_time_func("squares", work, 10_000)
"""


def test_a_program_of_pyperformance_is_run_with_passes_and_without(tmp_path: Path) -> None:
    program = tmp_path / "run_benchmark.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, WORKLOADS / "optimized.py", program, "all", "--rounds", "3"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    ratios = json.loads(done.stdout)
    assert ratios.keys() == {"squares"}
    assert len(ratios["squares"]) == 3
    assert all(each > 0 for each in ratios["squares"])


def test_loops_over_names_are_run_with_passes_and_without() -> None:
    done = subprocess.run(
        [sys.executable, WORKLOADS / "names.py", "--rounds", "1"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    ratios = json.loads(done.stdout)
    assert ratios.keys() == {"builtins", "globals", "types", "loops"}
    assert all(each[0] > 0 for cases in ratios.values() for each in cases.values())
