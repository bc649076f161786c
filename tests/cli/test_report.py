"""``wadjet report`` writes one HTML file and says where, or refuses in one line."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest
from tests.profiles import empty, realistic

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, OutputError, RecordingError, UsageError
from wadjet.model.store import save


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "shop.wadjet"
    save(realistic(0.3), path)
    return path


def report(*words: object) -> int:
    return main(["report", *map(str, words)])


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


def test_the_report_is_written_beside_the_recording_and_its_path_and_size_are_said(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(recording) == 0
    path = recording.with_suffix(".html")
    assert path.read_text().startswith("<!DOCTYPE html>")
    said = capsys.readouterr().out
    assert str(path) in said
    assert " kB" in said


def test_the_diagnosis_is_in_the_report(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr("wadjet.cli.report.render", lambda *all_of_it: given.append(all_of_it[2]))
    assert report(recording) == 0
    assert given[0]


def test_an_empty_recording_makes_a_report(tmp_path: Path) -> None:
    save(empty(), tmp_path / "none.wadjet")
    assert report(tmp_path / "none.wadjet") == 0


def test_a_report_that_exists_is_kept_unless_told_otherwise(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recording.with_suffix(".html")
    path.write_text("mine")
    assert report(recording) == OutputError.exit_code
    assert "--overwrite" in refusal(capsys)
    assert path.read_text() == "mine"
    assert report(recording, "--overwrite") == 0
    assert path.read_text() != "mine"


def test_the_recording_is_never_replaced_by_its_report(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = recording.read_bytes()
    assert report(recording, "-o", recording, "--overwrite") == UsageError.exit_code
    assert "replace the recording" in refusal(capsys)
    assert recording.read_bytes() == before


def test_a_file_that_is_no_recording_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert report(path) == RecordingError.exit_code
    assert "not a Wadjet recording" in refusal(capsys)
    assert report(tmp_path / "missing.wadjet") == NoInputError.exit_code
    assert "missing.wadjet" in refusal(capsys)


def test_a_folder_that_is_not_there_is_named(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(recording, "-o", recording.parent / "no" / "a.html") == OutputError.exit_code
    assert "no/a.html" in refusal(capsys)


def test_the_report_goes_to_standard_output_on_request(
    recording: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert report(recording, "-o", "-") == 0
    assert capsysbinary.readouterr().out.startswith(b"<!DOCTYPE html>")
    assert report(recording, "-o", "-", "--open") == UsageError.exit_code


@pytest.mark.parametrize("started", [True, False])
def test_open_shows_the_report_or_says_that_it_cannot(
    recording: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    started: bool,
) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return started

    monkeypatch.setattr(webbrowser, "open", browse)
    assert report(recording, "--open") == 0
    assert opened == [recording.with_suffix(".html").as_uri()]
    assert ("no browser" in capsys.readouterr().err) is not started
