"""``wadjet export`` writes whole files, says how to open them, and refuses in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.profiles import realistic

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, OutputError, RecordingError, UsageError
from wadjet.model.store import save
from wadjet.render.table import FORMATS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "shop.wadjet"
    save(realistic(0.3), path)
    return path


@pytest.fixture
def recording(made: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.wadjet"
    path.write_bytes(made.read_bytes())
    return path


def export(*words: object) -> int:
    return main(["export", *map(str, words)])


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_beside_the_recording(
    name: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", name) == 0
    path = recording.with_name("shop" + FORMATS[name].suffix)
    assert path.stat().st_size > 100
    said = capsys.readouterr().out
    assert str(path) in said
    assert FORMATS[name].help in said


def test_no_two_formats_share_a_file() -> None:
    assert len({each.suffix for each in FORMATS.values()}) == len(FORMATS)


def test_a_file_that_exists_is_kept_unless_told_otherwise(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = recording.with_name("out")
    target.write_text("precious")
    assert export(recording, "--to", "json", "-o", target) == OutputError.exit_code
    assert "exists; choose another --output or pass --overwrite" in refusal(capsys)
    assert target.read_text() == "precious"
    assert export(recording, "--to", "json", "-o", target, "--overwrite") == 0
    assert json.loads(target.read_text())["format"] == "wadjet-profile"


def test_a_failure_halfway_leaves_no_file_and_keeps_the_old_one(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wadjet.render import collapsed

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collapsed, "write_text", broken)
    target = recording.with_name("out")
    target.write_text("precious")
    words = (recording, "--to", "collapsed", "-o", target, "--overwrite")
    assert export(*words) == OutputError.exit_code
    assert target.read_text() == "precious"
    assert {path.name for path in recording.parent.iterdir()} == {"out", "shop.wadjet"}


def test_the_recording_itself_is_never_replaced(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = recording.read_bytes()
    words = (recording, "--to", "json", "-o", recording, "--overwrite")
    assert export(*words) == UsageError.exit_code
    assert "would replace the recording" in refusal(capsys)
    assert recording.read_bytes() == before


def test_a_full_disk_is_said_in_one_line(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "-o", "/dev/full") == OutputError.exit_code
    assert "cannot write /dev/full (No space left on device); free some space" in refusal(capsys)


@pytest.mark.parametrize("target", ["/no/such/folder/x", "."])
def test_an_output_that_cannot_be_is_refused(
    target: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "-o", target) == OutputError.exit_code
    assert target in refusal(capsys)


def test_standard_output_gets_the_format_and_nothing_else(recording: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wadjet", "export", recording, "--to", "json", "-o", "-"],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["format"] == "wadjet-profile"
    assert done.stderr == b""


def test_a_binary_format_is_not_poured_into_a_terminal(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert export(recording, "--to", "pstats", "-o", "-") == UsageError.exit_code
    assert "binary" in refusal(capsys)


def test_a_reader_that_goes_away_is_no_error(recording: Path) -> None:
    command = f'"{sys.executable}" -m wadjet export "{recording}" --to json -o - | head -c 1'
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"{", b"")


def test_a_metric_leaves_the_others_out(recording: Path) -> None:
    target = recording.with_name("out")
    assert export(recording, "--to", "speedscope", "--metric", "wall", "-o", target) == 0
    names = [each["name"] for each in json.loads(target.read_text())["profiles"]]
    assert names
    assert all(name.endswith("Wall time") for name in names)


def test_a_metric_that_was_not_recorded_is_refused_with_those_that_were(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "--metric", "bytes") == UsageError.exit_code
    assert "no metric 'bytes'; this profile has wall, cpu" in refusal(capsys)


def test_threads_are_chosen_by_pattern_or_tid(recording: Path) -> None:
    target = recording.with_name("out")
    words = ("--to", "speedscope", "--thread", "worker-*", "--thread", "4245")
    assert export(recording, *words, "--metric", "wall", "-o", target) == 0
    names = [each["name"].split()[0] for each in json.loads(target.read_text())["profiles"]]
    assert names == ["worker-1", "worker-2", "packer"]


def test_a_thread_that_was_not_recorded_is_refused_with_those_that_were(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "--thread", "nobody") == UsageError.exit_code
    text = refusal(capsys)
    assert "no thread is called nobody" in text
    assert "MainThread, grpc-poller, io, packer, worker-1, worker-2" in text


def test_a_part_can_be_chosen_as_in_show(recording: Path) -> None:
    target = recording.with_name("out")
    words = ("--focus", "^parse$", "--state", "running", "--metric", "wall", "-o", target)
    assert export(recording, "--to", "collapsed", *words) == 0
    assert {line.split(" ")[0] for line in target.read_text().splitlines()} == {"parse"}


def test_a_wrong_regular_expression_is_refused(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "--focus", "(") == UsageError.exit_code
    assert "not a regular expression" in refusal(capsys)


def test_thread_first_is_refused_where_it_would_do_nothing(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, "--to", "json", "--thread-first") == UsageError.exit_code
    assert "--thread-first" in refusal(capsys)


def test_a_missing_and_a_foreign_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tmp_path / "none.wadjet", "--to", "json") == NoInputError.exit_code
    assert "none.wadjet" in refusal(capsys)
    (tmp_path / "notes.txt").write_text("hello")
    assert export(tmp_path / "notes.txt", "--to", "json") == RecordingError.exit_code
    assert "not a Wadjet recording" in refusal(capsys)


def test_the_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        export("--help")
    text = capsys.readouterr().out
    assert all(f"  {each.name} " in text and each.help in text for each in FORMATS.values())
