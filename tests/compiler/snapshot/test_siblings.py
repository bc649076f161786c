"""A snapshot of several images: each start is one of them, and no stranger knows which."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from tests.compiler.snapshot.images import call, freeze, frozen

COUNT = 4
WHERE = ["-c", "import json; print(id(json), hash('word'))"]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return frozen(tmp_path / "py", "python", "--preload", "json", "--images", COUNT)


def others(made: Path) -> list[Path]:
    return sorted(Path(f"{made}.images").iterdir())


def test_each_image_has_addresses_and_a_hash_seed_of_its_own(made: Path) -> None:
    starts = [call([each, *WHERE], cwd=made.parent) for each in others(made)]
    assert {(each.status, each.err) for each in starts} == {(0, "")}
    found = [each.out.split() for each in starts]
    for column in zip(*found, strict=True):
        assert len(set(column)) == COUNT - 1


def test_a_start_chooses_one_of_them(made: Path) -> None:
    starts = {call([made, *WHERE], cwd=made.parent).out for _ in range(60)}
    assert {call([each, *WHERE], cwd=made.parent).out for each in others(made)} < starts
    assert len(starts) == COUNT


def test_it_is_called_by_the_name_that_was_said(made: Path) -> None:
    code = ["-c", "import sys; print(sys.argv, sys.orig_argv[1:], sys.executable)", "a", "-b"]
    plain = call([sys.executable, *code], cwd=made.parent)
    assert {call([made, *code], cwd=made.parent) for _ in range(12)} == {plain}


def test_only_its_owner_can_read_them(made: Path) -> None:
    paths = [made, Path(f"{made}.images"), *others(made)]
    assert {each.stat().st_mode & 0o777 for each in paths} == {0o700}


def test_where_one_is_missing_a_start_that_needs_it_is_cold(made: Path) -> None:
    missing = others(made)[0]
    missing.unlink()
    starts = [call([made, "-c", "print(1)"], cwd=made.parent) for _ in range(60)]
    assert {(each.status, each.out) for each in starts} == {(0, "1\n")}
    said = (
        f"wadjet: cold start of {made}: it cannot run {missing}; "
        "make it anew with `wadjet snapshot`\n"
    )
    assert {each.err for each in starts} == {"", said}


def test_verify_knows_all_of_them(made: Path) -> None:
    verify = [sys.executable, "-m", "wadjet", "snapshot", "verify", made]
    assert call(verify, cwd=made.parent).status == 0
    first, second, _ = others(made)
    first.unlink()
    shutil.copy(frozen(made.with_name("other"), "python", "--preload", "decimal"), second)
    ended = call(verify, cwd=made.parent)
    assert ended.status == 1
    missing, other = ended.out.splitlines()
    assert missing.startswith(f"{first}: cannot read")
    assert other == f"{second}: it was made of something else"


@pytest.mark.parametrize("count", [1, 2])
def test_a_new_snapshot_takes_the_place_of_all_of_them(made: Path, count: int) -> None:
    former = others(made)
    frozen(made, "python", "--overwrite", "--images", count)
    assert not any(each.exists() for each in former)
    assert Path(f"{made}.images").exists() == (count > 1)
    assert call([made, "-c", "print(1)"], cwd=made.parent).err == ""


def test_one_that_fails_leaves_those_that_were_there(made: Path) -> None:
    former = others(made)
    failed = freeze(made, "python", "--preload", "nowhere", "--overwrite", "--images", 3)
    assert failed.status == 65
    assert others(made) == former
    assert call([made, "-c", "print(1)"], cwd=made.parent).err == ""


def test_what_is_not_made_leaves_nothing(tmp_path: Path) -> None:
    assert freeze(tmp_path / "py", "python", "--preload", "nowhere", "--images", 2).status == 65
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", ["0", "-1", "65", "many"])
def test_a_number_that_cannot_be_is_refused(count: str, tmp_path: Path) -> None:
    ended = freeze(tmp_path / "py", "python", f"--images={count}")
    assert ended.status == 64
    assert ended.err.count("\n") <= 2
    assert list(tmp_path.iterdir()) == []
