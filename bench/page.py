"""The results page: Markdown from the outcomes of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.claims import Claim
from bench.outcome import Outcome, Table


@dataclass(frozen=True, slots=True)
class Results:
    """Everything one run of the benchmark found. ``foreign`` is in cores."""

    date: str
    machine: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    missing: Mapping[str, str]
    foreign: float

    @property
    def figures(self) -> dict[str, float]:
        """All figures by the ids of claims."""
        return {
            claim: figure
            for outcome in self.outcomes.values()
            for claim, figure in outcome.figures.items()
        }


def page(results: Results, claims: Sequence[Claim]) -> str:
    """Return the page."""
    tables = [each for outcome in results.outcomes.values() for each in outcome.tables]
    parts = [_head(results), markdown(verdicts(claims, results.figures)), *map(markdown, tables)]
    return "\n".join(parts)


def _head(results: Results) -> str:
    lines = [
        "# Benchmark",
        "",
        "Wadjet beside its peers, on programs that know the truth about themselves. This page is",
        "written by `make bench ARGS=--publish`, which makes these figures on any machine;",
        "`bench/README.md` says how they are measured.",
        "",
        f"- date: {results.date}",
        *(f"- {name}: {fact}" for name, fact in results.machine.items()),
        f"- other programs used {results.foreign:.2f} cores during the median run",
        *(f"- {program}: {reason}" for program, reason in results.missing.items()),
        "",
    ]
    return "\n".join(lines)


def verdicts(claims: Sequence[Claim], figures: Mapping[str, float]) -> Table:
    """Return a table of the claims that were measured and whether they hold."""
    rows = [
        (
            claim.id,
            claim.text,
            written(figures[claim.id]),
            f"{claim.sense} {claim.floor:,g} {claim.unit}",
            "yes" if claim.holds(figures[claim.id]) else "NO",
        )
        for claim in claims
        if claim.id in figures
    ]
    return Table("Claims", ("claim", "what", "measured", "promised", "holds"), tuple(rows))


def written(figure: float) -> str:
    """Write a figure with three digits, a large one in full."""
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}"


def markdown(table: Table) -> str:
    """Return a table as Markdown."""
    lines = [f"## {table.title}", ""]
    lines += [_row(table.columns), _row("---" for _ in table.columns)]
    lines += [_row(row) for row in table.rows]
    return "\n".join([*lines, "", *([table.note, ""] if table.note else [])])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
