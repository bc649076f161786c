"""The results page says when, where, and which claims hold."""

from __future__ import annotations

import math

from bench.claims import Claim
from bench.outcome import Outcome, Table
from bench.page import Results, page

CLAIMS = (
    Claim("small", "it is small", "help", "MB", "at most", 2.0),
    Claim("many", "there are many", "help", "stacks", "at least", 100_000),
    Claim("lost", "it was lost", "help", "x", "at most", 1.0),
    Claim("other", "not measured", "walk", "x", "at most", 1.0),
)
RESULTS = Results(
    date="2026-01-02",
    machine={"processor": "an old one"},
    outcomes={
        "help": Outcome(
            (Table("Sizes", ("a", "b"), (("x|y", "1"),), "A note."),),
            {"small": 1.234567, "many": 123_456.0, "lost": math.nan},
        )
    },
    missing={"austin": "did not start: too old"},
    foreign=0.0312,
)


def test_the_page_tells_the_circumstances() -> None:
    text = page(RESULTS, CLAIMS)
    assert "- date: 2026-01-02" in text
    assert "- processor: an old one" in text
    assert "- austin: did not start: too old" in text
    assert "0.03 cores" in text


def test_the_page_tells_which_claims_hold_and_nothing_of_others() -> None:
    text = page(RESULTS, CLAIMS)
    assert "| small | it is small | 1.23 | at most 2 MB | yes |" in text
    assert "| many | there are many | 123,456 | at least 100,000 stacks | yes |" in text
    assert "| lost | it was lost | nan | at most 1 x | NO |" in text
    assert "not measured" not in text


def test_tables_become_markdown() -> None:
    assert "## Sizes\n\n| a | b |\n| --- | --- |\n| x\\|y | 1 |\n\nA note.\n" in page(
        RESULTS, CLAIMS
    )
