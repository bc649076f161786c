"""``wadjet heap``: of a file, of another process, and of what is neither."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wadjet
from wadjet.cli.__main__ import main

PROGRAM = """\
import sys, time
class Session:
    def __init__(self):
        self.data = "x" * 1000
SESSIONS = {number: Session() for number in range(500)}
if "agent" in sys.argv:
    import wadjet.agent
print("ready", flush=True)
if "agent" in sys.argv:
    sys.stdin.read()
while True:
    time.sleep(0.001)
"""


class Visitor:
    """What the snapshots here look for."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    visitors = [Visitor() for _ in range(1000)]
    path = tmp_path_factory.mktemp("heap") / "here.heap"
    wadjet.heap().save(path)
    assert visitors
    return path


@pytest.fixture(params=["agent", "remote"])
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    if request.param == "remote" and not hasattr(sys, "remote_exec"):
        pytest.skip("this Python runs no code for others")
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, script, request.param], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.kill()


def test_a_snapshot_is_shown(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heap", str(snapshot)]) == 0
    shown = capsys.readouterr().out
    assert "Types by their own size" in shown
    assert "What keeps memory alive" in shown
    assert "dict" in shown


def test_what_keeps_a_type_is_named(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heap", "--keeps", "Visitor", str(snapshot)]) == 0
    shown = capsys.readouterr().out
    assert "1,000 objects of Visitor" in shown
    assert "local visitors[0]" in shown


def test_another_process_is_looked_at(program: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heap", "--keeps", "Session", str(program)]) == 0
    assert "__main__.SESSIONS[0]" in capsys.readouterr().out


def test_a_program_that_is_recorded_can_be_looked_at_where_that_was_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "program.py").write_text(
        "import os, sys\n"
        "class Session: pass\n"
        "SESSIONS = {number: Session() for number in range(500)}\n"
        "print(os.getpid(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    words = [sys.executable, "-m", "wadjet", "run", "-q", "--heap", "program.py"]
    with subprocess.Popen(
        words, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert main(["heap", "--keeps", "Session", str(int(process.stdout.readline()))]) == 0
        assert "__main__.SESSIONS[0]" in capsys.readouterr().out
        process.communicate()
        assert process.returncode == 0


def test_the_snapshot_of_a_process_can_be_kept(
    program: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.heap"
    assert main(["heap", str(program), "-o", str(path)]) == 0
    capsys.readouterr()
    assert main(["heap", "--top", "1000", str(path)]) == 0
    assert "__main__.Session" in capsys.readouterr().out
    assert main(["heap", str(program), "-o", str(path)]) == 73
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing.heap"], 66, "cannot read missing.heap"),
        (["999999999"], 66, "there is no process 999999999"),
        ([__file__], 65, "is not a snapshot of a heap"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_with_one_line(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["heap", *words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_type_that_is_not_there_is_refused(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["heap", "--keeps", "NoSuchType", str(snapshot)]) == 64
    assert "no object is a 'NoSuchType'" in capsys.readouterr().err


def test_a_process_that_cannot_be_asked_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        assert main(["heap", str(process.pid)]) == 69
        process.kill()
    assert "import wadjet.agent" in capsys.readouterr().err


def test_references_that_lead_nowhere_are_refused_with_one_line(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(snapshot.read_bytes())
    for column in (b"up", b"edge", b"dominator"):
        place = data.index(column.ljust(24, b"\0"), 64)
        _, count, offset = struct.unpack_from("<QQQ", data, place + 24)
        data[offset : offset + 4 * count] = b"\xff" * (4 * count)
    (tmp_path / "damaged.heap").write_bytes(data)
    said = []
    for view in (["--keeps", "Visitor"], ["--cycles"], ["--duplicates"], [], ["--json"]):
        code = main(["heap", *view, str(tmp_path / "damaged.heap")])
        error = capsys.readouterr().err
        assert (code, len(error.splitlines())) in {(0, 0), (65, 1)}
        said.append(error)
    assert "lead nowhere" in said[0]


@pytest.mark.parametrize(
    "view", [["--keeps", "Visitor"], ["--cycles"], ["--duplicates"], [], ["--diff"], ["--outlived"]]
)
def test_every_view_is_there_for_programs_too(
    view: list[str], snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [str(snapshot)] * {"--diff": 1, "--outlived": 2}.get("".join(view[:1]), 0)
    assert main(["heap", *view, *others, "--json", str(snapshot)]) == 0
    json.loads(capsys.readouterr().out)
    assert main(["heap", *view, *others, str(snapshot)]) == 0
    assert capsys.readouterr().out.strip()


def test_a_page_is_written_beside_the_snapshot(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["heap", "--to", "html", str(snapshot)]) == 0
    assert snapshot.with_suffix(".html").read_text().startswith("<!DOCTYPE html>")
    assert main(["heap", "--to", "html", str(snapshot)]) == 73
    assert "exists" in capsys.readouterr().err
