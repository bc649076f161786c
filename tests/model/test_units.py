"""Figures are short, and never nothing where there is something."""

from __future__ import annotations

import pytest

from wadjet.model.units import amount, duration, percent, plural, size


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 s"),
        (1, "1 ns"),
        (999, "999 ns"),
        (1000, "1.00 us"),
        (9_994, "9.99 us"),
        (9_996, "10.0 us"),
        (99_960, "100 us"),
        (999_400, "999 us"),
        (999_600, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (999_600_000, "1.00 s"),
        (59_940_000_000, "59.9 s"),
        (99_400_000_000, "99.4 s"),
        (100_000_000_000, "1 min 40 s"),
        (3_599_000_000_000, "59 min 59 s"),
        (3_600_000_000_000, "1 h 00 min"),
        (-1_500_000, "-1.50 ms"),
    ],
)
def test_durations_keep_three_digits(ns: int, text: str) -> None:
    assert duration(ns) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.004, "0.4 %"),
        (0.0096, "1 %"),
        (0.615, "62 %"),
        (1, "100 %"),
    ],
)
def test_percentages_have_a_decimal_below_one_only(share: float, text: str) -> None:
    assert percent(share) == text


def test_sizes_counts_and_plurals() -> None:
    assert [size(n) for n in (0, 1023, 1024, 5 * 2**30)] == ["0 B", "1023 B", "1.0 KiB", "5.0 GiB"]
    assert amount(1234567, "count") == "1,234,567"
    assert (plural(0, "thread"), plural(1, "thread"), plural(1200, "thread")) == (
        "0 threads",
        "1 thread",
        "1,200 threads",
    )
