"""``pytest --wadjet`` records a test run, and costs nothing without the flag."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wadjet.model import store
from wadjet.model.profile import Profile
from wadjet.model.spans import costs

TESTS = """\
import time
import pytest

def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))

@pytest.fixture
def made():
    spin(0.1)

def test_spins(made):
    spin(0.1)

def test_sleeps():
    time.sleep(0.2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_shop.py").write_text(TESTS)
    return tmp_path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "COLUMNS": "88", "NO_COLOR": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def hottest(profile: Profile) -> dict[str, str]:
    found = {test.name: cost.hottest for test, cost in costs(profile).items()}
    return {name: function.name for name, function in found.items() if function}


def test_a_run_is_recorded_with_what_each_test_cost(folder: Path) -> None:
    done = run(folder, "--wadjet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wadjet: recorded to pytest.wadjet" in done.stdout
    assert "test_shop.py::test_sleeps" in done.stdout
    profile = store.load(folder / "pytest.wadjet")
    assert profile.about["command"] == ["pytest", "-p", "no:cacheprovider", "--wadjet"]
    assert profile.about["exit"] == 0
    spent = {test.name: cost for test, cost in costs(profile).items()}
    spins, sleeps = spent["test_shop.py::test_spins"], spent["test_shop.py::test_sleeps"]
    assert spins.cpu > 3 * sleeps.cpu
    assert sleeps.wall > 3 * sleeps.cpu
    assert hottest(profile)["test_shop.py::test_spins"] == "spin"
    assert hottest(profile)["test_shop.py::test_sleeps"] == "test_sleeps"


def test_stacks_start_at_the_test_and_not_within_pytest(folder: Path) -> None:
    run(folder, "--wadjet")
    tree = store.load(folder / "pytest.wadjet").tree
    stacks = [tree.describe(node) for node in range(len(tree))]
    own = [each for each in stacks if each.startswith("test_shop.py::test_spins")]
    assert any("> test_spins (" in each and "> spin (" in each for each in own)
    assert any("> made (" in each and "> spin (" in each for each in own)
    assert not [each for each in own if "/pluggy/" in each and "> spin (" in each]


def test_without_the_flag_nothing_of_the_engine_is_imported(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "import sys\n"
        "def pytest_sessionfinish():\n"
        "    print('LOADED', sorted(m for m in sys.modules if m.startswith('wadjet')))\n"
    )
    done = run(folder, "-s", "-q")
    assert "LOADED ['wadjet', 'wadjet.embed', 'wadjet.embed.pytest_plugin']" in done.stdout
    assert not list(folder.glob("*.wadjet"))


def test_the_file_can_be_named_and_is_replaced(folder: Path) -> None:
    for _ in range(2):
        done = run(folder, "--wadjet", "--wadjet-output=runs.wadjet", "--wadjet-rate=500")
        assert "recorded to runs.wadjet" in done.stdout
    assert sorted(path.name for path in folder.glob("*.wadjet")) == ["runs.wadjet"]


def test_a_failing_run_keeps_its_exit_code_and_is_recorded(folder: Path) -> None:
    (folder / "test_fails.py").write_text("def test_fails():\n    assert 0\n")
    done = run(folder, "--wadjet")
    assert done.returncode == 1
    assert store.load(folder / "pytest.wadjet").about["exit"] == 1


def test_a_run_that_is_killed_leaves_what_was_recorded(folder: Path) -> None:
    (folder / "test_dies.py").write_text(
        "import os, time\n"
        "def test_dies():\n"
        "    time.sleep(1.5)\n"
        f"    os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    assert run(folder, "--wadjet", "test_dies.py").returncode == -signal.SIGKILL
    profile = store.load(folder / "pytest.wadjet")
    assert profile.about["complete"] is False
    assert len(profile.samples)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--wadjet-rate=1000000",), "--rate 1000000 is out of range"),
        (("--wadjet-output=none/a.wadjet",), "cannot write"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, options: tuple[str, ...], complaint: str
) -> None:
    done = run(folder, "--wadjet", *options)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_workers_of_xdist_are_joined_to_one_recording(folder: Path) -> None:
    pytest.importorskip("xdist")
    done = run(folder, "--wadjet", "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in folder.glob("*.wadjet")) == ["pytest.wadjet"]
    profile = store.load(folder / "pytest.wadjet")
    assert len(profile.processes) == 2
    assert hottest(profile)["test_shop.py::test_spins"] == "spin"
    assert hottest(profile)["test_shop.py::test_sleeps"] == "test_sleeps"
