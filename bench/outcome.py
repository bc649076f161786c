"""What a benchmark hands back: tables to print, figures for the claims, and the raw runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.stats import Spread


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title, and a note on how to read it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``figures`` go by the ids of claims; ``raw`` is whatever JSON can hold."""

    tables: tuple[Table, ...]
    figures: dict[str, float] = field(default_factory=dict)
    raw: dict[str, object] = field(default_factory=dict)


def between(ratio: Spread | None, places: int = 3) -> str:
    """Write a spread as ``1.012 (1.003-1.020)``."""
    if ratio is None:
        return "-"
    return f"{ratio.median:.{places}f} ({ratio.low:.{places}f}-{ratio.high:.{places}f})"
