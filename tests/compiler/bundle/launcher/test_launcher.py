"""A launcher does what python does with the same script: exit codes, output, signals, paths."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.compiler.bundle.programs import CASES, HERE, ran, under_terminal

from wadjet.compiler.bundle.launcher.building import Plan, build

ENVIRONMENTS = {
    "C": {"LC_ALL": "C"},
    "hash seed": {"PYTHONHASHSEED": "1"},
    "encoding": {"PYTHONIOENCODING": "latin-1:replace"},
    "encoding of a file": {"PYTHONIOENCODING": "cp1252"},
    "unbuffered": {"PYTHONUNBUFFERED": "1"},
    "warnings": {"PYTHONWARNINGS": "error::ImportWarning"},
    "development": {"PYTHONDEVMODE": "1"},
    "UTF-8": {"PYTHONUTF8": "1", "LC_ALL": "C"},
    "optimized": {"PYTHONOPTIMIZE": "1"},
    "path": {"PYTHONPATH": "/nowhere"},
}


def written(plan: Plan, path: Path) -> Path:
    path.write_bytes(build(plan).data)
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("launcher")
    for each in ("app.py", "neighbour.py"):
        shutil.copy(HERE / each, made)
    return made


@pytest.fixture(scope="module")
def launcher(folder: Path) -> Path:
    return written(Plan(folder / "app.py"), folder / "app")


def both(launcher: Path, *words: str, **options: object) -> None:
    script = str(launcher.with_name("app.py"))
    expected = ran([sys.executable, script, *words], **options)  # type: ignore[arg-type]
    assert ran([str(launcher), *words], **options) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_a_launcher_does_what_python_does(launcher: Path, case: str) -> None:
    both(launcher, case)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environment_counts_as_ever(launcher: Path, name: str) -> None:
    both(launcher, "state", given=ENVIRONMENTS[name])
    if name != "C":
        both(launcher, "hashes", given={"PYTHONHASHSEED": "0"} | ENVIRONMENTS[name])


def test_arguments_are_handed_on(launcher: Path) -> None:
    both(launcher, "state", "", "two words", "--help", "-c", "\udcff")


def test_signals_that_are_ignored_stay_so(launcher: Path) -> None:
    def ignore() -> None:
        for each in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGRTMIN + 3):
            signal.signal(each, signal.SIG_IGN)

    both(launcher, "dispositions", preexec_fn=ignore)
    both(launcher, "interrupted_not", preexec_fn=ignore)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_closed_streams_are_none(launcher: Path, number: int) -> None:
    def close() -> None:
        os.close(number)

    both(launcher, "exit_number", preexec_fn=close)
    both(launcher, "echo", preexec_fn=close)


def test_an_interrupt_from_outside_ends_it(launcher: Path) -> None:
    for command in ([sys.executable, str(launcher) + ".py"], [str(launcher)]):
        process = subprocess.Popen([*command, "waiting"], stdout=-1, stderr=-1)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGINT
        assert said.endswith(b"KeyboardInterrupt\n")


def test_a_terminal_is_one(launcher: Path) -> None:
    plain = [sys.executable, f"{launcher}.py"]
    for words, ready, keys in ((["state"], b"", b""), (["waiting"], b"ready", b"\x03")):
        expected = under_terminal([*plain, *words], ready, keys)
        code, said = under_terminal([str(launcher), *words], ready, keys)
        assert (code, said[-20:]) == (expected[0], expected[1][-20:])
        assert keys or said == expected[1]
