"""``wadjet show`` prints a recording, or the part that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.profiles import realistic

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, RecordingError, UsageError
from wadjet.model import store


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "shop.wadjet"
    store.save(realistic(), path)
    return path


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def show(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["show", *map(str, words)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    assert main(["show", *map(str, words)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_recording_is_shown_with_its_diagnosis(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = show(capsys, recording)
    assert "waited for the GIL" in text
    for title in ("Functions by CPU time", "Lines by CPU time", "Threads"):
        assert title in text


def test_one_thread_can_be_shown(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = show(capsys, "--thread", "packer", recording)
    assert "Shown: thread `packer`. That is 630 ms of CPU time, 23 % of all." in text
    assert "fib" not in text
    assert "worker-1" not in text


def test_threads_can_be_given_as_a_pattern(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = show(capsys, "--thread", "worker-*", "--thread", "io", recording)
    assert all(name in text for name in ("worker-1", "worker-2", "io 4242"))
    assert "packer" not in text


def test_a_thread_that_is_not_there_is_refused_with_those_that_are(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, UsageError.exit_code, "--thread", "nobody", recording)
    assert "no thread is called nobody; there are MainThread, grpc-poller, io, packer" in said


def test_what_blocks_can_be_shown(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = show(capsys, "--metric", "wall", "--state", "blocked", "--by", "function", recording)
    assert "Functions by Wall time" in text
    assert text.split("Functions by Wall time")[1].split()[2] != "fib"
    assert "Condition.wait" in text


def test_a_stretch_of_time_can_be_shown(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "from 0.5 s to 1 s" in show(capsys, "--time", "0.5:1", recording)
    assert "from 1.5 s to the end" in show(capsys, "--time", "1.5:", recording)


@pytest.mark.parametrize("span", ["1", "2:1", "a:b", "-1:2", "1:1"])
def test_a_stretch_that_is_none_is_refused(
    span: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "FROM:TO" in refused(capsys, UsageError.exit_code, f"--time={span}", recording)


def test_focus_hide_and_native(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = show(capsys, "--tree", "--focus", "^pack$", recording)
    assert "deflate" in text
    assert "Shop.serve" not in text
    text = show(capsys, "--tree", "--no-native", recording)
    assert "deflate" not in text
    assert "without native functions" in text
    assert "longest_match" not in show(capsys, "--by", "function", "--hide", "match", recording)


def test_callers_are_shown_below_what_they_call(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = show(capsys, "--callers", "raw_decode", recording)
    tree = text.split("Callers by CPU time")[1]
    assert tree.index("raw_decode") < tree.index("parse") < tree.index("Shop.serve")


def test_inverted_the_tree_starts_where_the_cost_arose(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = show(capsys, "--invert", recording).split("Callers by CPU time")[1].splitlines()
    assert " fib (recursive)" in tree[2]


def test_programs_can_read_it_as_json(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = json.loads(show(capsys, "--json", "--top", 3, recording))
    assert read["findings"][0]["rule"] == "gil-contention"
    assert (read["metric"], read["unit"], read["samples"]) == ("cpu", "ns", 2740)
    assert [each["name"] for each in read["costs"]] == ["fib", "parse", "fetch"]
    fib = read["costs"][0]
    assert fib["low"] < fib["share"] < fib["high"]
    assert read["total"] == 2_740_000_000
    assert {thread["name"] for thread in read["threads"]} >= {"worker-1", "packer"}
    assert sum(read["threads"][1]["states"].values()) == 2_000_000_000


def test_json_of_a_part_has_the_costs_of_the_part(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = json.loads(show(capsys, "--json", "--by", "line", "--thread", "packer", recording))
    assert read["scope"] == "thread `packer`"
    assert read["total"] == 630_000_000
    assert read["by"] == "line"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--metric", "memory"], "no metric 'memory'; this profile has wall, cpu"),
        (["--focus", "("], "'(' is not a regular expression"),
        (["--hide", "["], "'[' is not a regular expression"),
        (["--callers", "*"], "'*' is not a regular expression"),
        (["--top", "0"], "0 is not 1 or more"),
        (["--top", "many"], "invalid count value: 'many'"),
        (["--least", "150"], "150 is not between 0 and 100"),
        (["--state", "asleep"], "invalid choice: 'asleep'"),
        (["--by", "moon"], "invalid choice: 'moon'"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(
    words: list[str], why: str, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why in refused(capsys, UsageError.exit_code, *words, recording)


def test_a_file_that_is_none_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("not a recording")
    refused(capsys, RecordingError.exit_code, tmp_path / "notes.txt")
    refused(capsys, NoInputError.exit_code, tmp_path / "none.wadjet")
    refused(capsys, NoInputError.exit_code, tmp_path)
