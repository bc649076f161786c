"""Every claim is well formed, is measured by a benchmark, and was published only if it held."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import pytest

from bench import claims
from bench.run import BENCHMARKS, select

CLAIMS = claims.load()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_is_well_formed(claim: claims.Claim) -> None:
    assert claim.text
    assert claim.unit
    assert claim.sense in ("at most", "at least")
    assert claim.bench in BENCHMARKS
    assert claim.published is None or claim.holds(claim.published)


def test_every_benchmark_is_found_by_its_name_and_by_its_claims() -> None:
    assert select([], CLAIMS) == BENCHMARKS
    assert set(select(["walk-10", "help"], CLAIMS)) == {"walk", "help"}


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SystemExit, match="no benchmark speed; there are help, startup, "):
        select(["speed"], CLAIMS)


@pytest.mark.parametrize(
    ("sense", "figure", "holds"),
    [
        ("at most", 1.0, True),
        ("at most", 1.1, False),
        ("at least", 1.0, True),
        ("at least", 0.9, False),
        ("at most", math.nan, False),
        ("at least", math.nan, False),
    ],
)
def test_a_claim_holds_up_to_its_floor_and_never_for_what_was_not_measured(
    sense: Literal["at most", "at least"], figure: float, holds: bool
) -> None:
    claim = claims.Claim("a", "a text", "help", "x", sense, floor=1.0)
    assert claim.holds(figure) is holds


TEXT = """\
# a comment
[[claim]]
id = "one"
text = "the first"
bench = "help"
unit = "x"
sense = "at most"
floor = 2

[[claim]]
id = "two"
text = "the second"
bench = "help"
unit = "x"
sense = "at most"
floor = 3
published = 2.5
"""


def test_publishing_writes_figures_and_leaves_all_else(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(TEXT)
    claims.publish({"one": 1.23456, "other": 9.0}, file)
    assert file.read_text() == TEXT.replace("floor = 2\n", "floor = 2\npublished = 1.235\n")
    claims.publish({"two": 100_000.0}, file)
    assert [claim.published for claim in claims.load(file)] == [1.235, 100_000.0]


def test_two_claims_may_not_share_an_id(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(TEXT.replace("two", "one"))
    with pytest.raises(ValueError, match="the same id"):
        claims.load(file)
