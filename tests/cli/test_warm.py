"""``wadjet warm`` starts, runs, shows and stops."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WADJET = [sys.executable, "-m", "wadjet", "warm"]


@pytest.fixture
def warm(tmp_path: Path):  # type: ignore[no-untyped-def]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    environment["XDG_RUNTIME_DIR"] = str(tmp_path)

    def run(*words: str, command: list[str] = WADJET) -> tuple[int, str, str]:
        done = subprocess.run(
            [*command, *words], capture_output=True, text=True, env=environment, cwd=tmp_path
        )
        return done.returncode, done.stdout, done.stderr

    yield run
    run("stop")


def test_a_server_from_start_to_stop(warm, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert warm("status") == (1, "no server is running\n", "")
    assert warm("run", "-c", "print('cold')") == (0, "cold\n", "")
    assert warm("start", "--preload", "csv,json") == (0, "ready\n", "")
    assert warm("start", "--preload", "json,csv")[1].startswith("a server of this Python")
    assert warm("status")[1].endswith(f" {sys.executable}: csv, json\n")
    code = "import os, sys; print('csv' in sys.modules, sys.argv)"
    assert warm("run", "-c", code, "-x") == (0, "True ['-c', '-x']\n", "")
    assert warm("client", "-o", "py") == (0, "", "")
    assert warm("-c", code, command=["./py"]) == (0, "True ['-c']\n", "")
    assert (tmp_path / "py").stat().st_size < 20_000
    assert warm("stop") == (0, "", "")
    assert warm("status")[0] == 1
    assert warm("-c", code, command=["./py"]) == (0, "False ['-c']\n", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["start", "--idle", "0"], 64, "--idle 0 is no time"),
        (["start", "--preload", "nowhere"], 69, "No module named 'nowhere'"),
        (["run"], 64, "nothing to run"),
        (["sit"], 64, "sit"),
    ],
)
def test_what_cannot_be_is_said(warm, words: list[str], code: int, said: str) -> None:  # type: ignore[no-untyped-def]
    status, _, told = warm(*words)
    assert status == code
    assert said in told
