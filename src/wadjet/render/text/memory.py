"""Memory: how much there was over time, and whose it was."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from rich.text import Text

from wadjet.model.memory import (
    ALLOCATED,
    AVERAGE,
    LIVE,
    PEAK,
    Moment,
    is_recorded,
    life,
    peak_time,
    pools,
    resident,
    timeline,
)
from wadjet.model.profile import Metric, Profile
from wadjet.model.totals import fold
from wadjet.model.units import amount, duration, size
from wadjet.render.text.costs import Table, table
from wadjet.render.text.pen import Pen
from wadjet.render.text.tables import lines_of_code

_HEIGHT = 4
_LABEL = 11
_PARTS = {
    "arenas": "Python's small objects",
    "heap": "C's allocators",
    "files": "libraries and files",
    "mapped": "mapped by the program",
    "recorder": "recording",
}
_FEW = 3  # moments that make no curve
_LEAST = 1 << 16  # bytes; less is not worth a table
_SHARE = 0.005  # nor is a line with less than this of them


def memory(pen: Pen, profile: Profile, top: int) -> Iterator[list[Text]]:
    """Yield the chart, and the ``top`` lines of the program for each question about memory."""
    if not is_recorded(profile):
        return
    yield [*_chart(pen, profile), *_resident(pen, profile)]
    for metric, title in (
        (PEAK, "At the peak"),
        (LIVE, "Never given back"),
        (ALLOCATED, "Asked for in all"),
    ):
        yield _charged(pen, profile, metric, title, top)


def _charged(pen: Pen, profile: Profile, metric: Metric, title: str, top: int) -> list[Text]:
    whole = fold(profile, metric.name).total
    if whole < _LEAST:
        return []
    costs = table(profile, metric.name, "own", top=top)
    costs = replace(costs, rows=tuple(row for row in costs.rows if row.self >= _SHARE * whole))
    title += f": {amount(whole, metric.unit)}"
    lives = _lives(profile, costs) if metric is ALLOCATED else ()
    return lines_of_code(pen, costs, metric, title, lives)


def _lives(profile: Profile, costs: Table) -> tuple[str, ...]:
    """Return a column that says how long the memory of each row lived on the average."""
    if AVERAGE.name not in {metric.name for metric in profile.metrics}:
        return ()
    every = table(profile, AVERAGE.name, "own", top=None).rows
    if not every:  # it was not recorded over time
        return ()
    averages = {(row.where, row.name): row.self for row in every}
    lives = [life(profile, averages.get((row.where, row.name), 0), row.self) for row in costs.rows]
    return ("lived", *(_lived(each) for each in lives)) if None not in lives else ()


def _lived(life: float | None) -> str:
    return duration(life) if life else "brief"


def _chart(pen: Pen, profile: Profile) -> list[Text]:
    """Return what was live and what was resident over time; nothing for a short moment."""
    moments, end = timeline(profile), profile.duration
    if len(moments) < _FEW or not end:
        return []
    width = min(pen.width, 100) - _LABEL - 3
    columns = _columns(_with_peak(profile, moments), end, width)
    most = max(max(pair) for pair in columns) or 1
    drawn = [pen.glyphs.column(live / most, resident / most, _HEIGHT) for live, resident in columns]
    legend = f"   {pen.glyphs.columns[-1]} asked for and live   {pen.glyphs.rest} resident"
    lines = [Text.assemble(("Memory over time", "bold"), (legend, "dim"))]
    for row, cells in enumerate(zip(*drawn, strict=True)):
        label = size(most) if row == 0 else "0" if row == _HEIGHT - 1 else ""
        line = Text(pen.pad(label, _LABEL, right=True) + f" {pen.glyphs.middle}", style="dim")
        line.append("".join(cells), style="cyan")
        line.rstrip()
        lines.append(line)
    last = duration(end)
    axis = " " * (_LABEL + 2) + "0 s" + last.rjust(width - 3)
    return [*lines, Text(axis, style="dim")]


def _resident(pen: Pen, profile: Profile) -> list[Text]:
    """Return in words what was in memory at the end, where that is known."""
    parts = resident(profile)
    total = parts.pop("total", 0)
    if not total:
        return []
    sizes = sorted(parts.items(), key=lambda item: -item[1])
    words = [f"{_PARTS.get(part, part)} {size(each)}" for part, each in sizes if each]
    text = f"In memory at the end: {size(total)} ({', '.join(words)})."
    return pen.wrapped(Text(text + _pools(profile), style="dim"), "  ", "  ")


def _pools(profile: Profile) -> str:
    """Return in words what Python's arenas were used for at the end."""
    facts = pools(profile)
    if not facts.get("arenas"):
        return ""
    free = facts["available"] + facts["unused"]
    words = f" Python's arenas: {size(facts['used'])} live, {size(free)} free"
    sparse = facts["sparse"]
    return words + (f"; {sparse} of {facts['arenas']} all but empty." if sparse else ".")


def _with_peak(profile: Profile, moments: list[Moment]) -> list[Moment]:
    """Add the peak, which lies between two readings."""
    time = peak_time(profile)
    if time is None:
        return moments
    place = bisect_right(moments, time, key=lambda moment: moment.time)
    near = moments[min(place, len(moments) - 1)]
    peak = Moment(time, fold(profile, PEAK.name).total, near.resident)
    return [*moments[:place], peak, *moments[place:]]


def _columns(moments: list[Moment], end: int, width: int) -> list[tuple[int, int]]:
    """Return the most that was live and resident in each of ``width`` stretches.

    A moment holds until the next one. A process that has ended has nothing resident.
    """
    columns = [(0, 0)] * width
    starts = [Moment(0, moments[0].live, moments[0].resident), *moments]
    stop = Moment(end, 0, 0)
    for moment, after in pairwise([*starts, stop]):
        first = min(moment.time * width // end, width - 1)
        last = max(first, min((after.time - 1) * width // end, width - 1))
        for column in range(first, last + 1):
            live, resident = columns[column]
            columns[column] = (max(live, moment.live), max(resident, moment.resident))
    return columns
