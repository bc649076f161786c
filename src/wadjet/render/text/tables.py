"""Tables of the hottest places: functions, files, modules, and lines with their source."""

from __future__ import annotations

from math import ceil

from rich.cells import cell_len
from rich.text import Text

from wadjet.model.profile import Metric
from wadjet.model.units import amount, percent, plural
from wadjet.render.text.costs import Cost, Table
from wadjet.render.text.pen import ROOMY, Pen

_PERCENT, _ERROR = 8, 6
_NO_ERROR = 1e-5  # of a metric that counts everything
_HEAT = ((0.20, "bold red"), (0.05, "yellow"), (0.0, "green"))


def heat(share: float) -> str:
    """Return the style of a share: the more, the hotter."""
    return next(style for least, style in _HEAT if share >= least)


def _amount_width(metric: Metric) -> int:
    return 9 if metric.unit == "ns" else 11


def _error_width(costs: Table) -> int:
    """Return the width of the errors' column: there is none where everything was counted."""
    return _ERROR if any(row.share.error >= _NO_ERROR for row in costs.rows) else 0


def places(pen: Pen, costs: Table, metric: Metric) -> list[Text]:
    """Return functions, files or modules with self cost, bar and total.

    Bars are as long as the largest total, so that a flat profile can be read, too.
    """
    bar = 10 if pen.width < ROOMY else 20
    wide, error = _amount_width(metric), _error_width(costs)
    numbers = 2 + bar + _PERCENT + error + wide + _PERCENT
    if pen.width >= ROOMY:
        numbers += wide
    room = pen.width - 2 - numbers - 1
    where = min(max((cell_len(row.where) for row in costs.rows), default=0), room // 2)
    name = room - where - (2 if where else 0)
    head = [(pen.pad("self", bar + _PERCENT, right=True), "dim")]
    head += [(pen.pad(pen.glyphs.error if error else "", error, right=True), "dim")]
    head += [(" " * wide + pen.pad("total", _PERCENT, right=True), "dim")]
    title = pen.pad(f"{_nouns(costs)[1].capitalize()} by {metric.title}", room + 4)
    lines = [Text.assemble((title, "bold"), *head)]
    most = max((row.total for row in costs.rows), default=0) or 1
    for row in costs.rows:
        label = Text(pen.pad(row.name, name), style="" if not row.library else "dim")
        if where:
            label.append("  " + pen.pad(row.where, where, keep_end=True), style="dim")
        lines.append(
            Text.assemble("  ", label, "  ", *_numbers(pen, row, costs, metric, bar, most))
        )
    return lines + _rest(costs)


def _numbers(
    pen: Pen, row: Cost, costs: Table, metric: Metric, bar: int, most: int
) -> list[str | tuple[str, str]]:
    """Return the bar and the figures of a row, with their styles."""
    total = row.total / costs.whole if costs.whole else 0.0
    wide = _amount_width(metric)
    style = heat(row.share.value)
    solid, rest = pen.glyphs.bar(row.self / most, row.total / most, bar)
    cells: list[str | tuple[str, str]] = [
        (solid, style),
        (rest, "bright_black"),
        " " * (bar - cell_len(solid) - cell_len(rest)),
        (pen.pad(_tenths(row.share.value), _PERCENT, right=True), style),
        (pen.pad(_error(pen, row), _error_width(costs), right=True), "dim"),
        pen.pad(amount(row.self, metric.unit) if row.self else "", wide, right=True),
        pen.pad(_tenths(total), _PERCENT, right=True),
    ]
    if pen.width >= ROOMY:
        cells.append((pen.pad(amount(row.total, metric.unit), wide, right=True), "dim"))
    return cells


def _tenths(share: float) -> str:
    return f"{100 * share:.1f} %"


def _error(pen: Pen, row: Cost) -> str:
    """Return the error in points, never made to look smaller than it is; none if exact."""
    if row.share.error < _NO_ERROR:
        return ""
    points = ceil(1000 * row.share.error) / 10
    return f"{pen.glyphs.error}{points:.1f}" if points < 10 else f"{pen.glyphs.error}{ceil(points)}"


def _nouns(costs: Table) -> tuple[str, str]:
    """Return what a row is, and what several are."""
    odd = {"own": ("line", "lines"), "library": ("library", "libraries")}
    return odd.get(costs.by, (costs.by, f"{costs.by}s"))


def _rest(costs: Table) -> list[Text]:
    hidden = costs.count - len(costs.rows)
    left = costs.whole - sum(row.self for row in costs.rows)
    if hidden <= 0 or not costs.whole:
        return []
    one, many = _nouns(costs)
    words = f"  {plural(hidden, f'more {one}', f'more {many}')}: {percent(left / costs.whole)}"
    return [Text(words, style="dim")]


def lines_of_code(
    pen: Pen, costs: Table, metric: Metric, title: str = "", more: tuple[str, ...] = ()
) -> list[Text]:
    """Return lines with self cost and their source text.

    ``more`` is another column: its head, and a cell for each row.
    """
    widest = max((cell_len(row.where) for row in costs.rows), default=0)
    title = title or f"Lines by {metric.title}"
    wide, error = _amount_width(metric), _error_width(costs)
    where = max(min(widest, 24 if pen.width < ROOMY else 36), cell_len(title) - 2)
    title = pen.pad(title, where + 2)
    head = pen.pad("self", _PERCENT, right=True)
    head += pen.pad(pen.glyphs.error if error else "", error, right=True)
    beside = max((cell_len(cell) + 2 for cell in more), default=0)
    head += pen.pad(more[0] if more else "", wide + beside, right=True)
    lines = [Text.assemble((title, "bold"), (head.rstrip(), "dim"))]
    room = pen.width - 2 - where - _PERCENT - error - wide - beside - 3
    for row, cell in zip(costs.rows, more[1:] or [""] * len(costs.rows), strict=True):
        style = heat(row.share.value)
        source = (pen.fit(row.text, room), "") if row.text else (pen.fit(row.name, room), "dim")
        lines.append(
            Text.assemble(
                "  ",
                (pen.pad(row.where, where, keep_end=True), "dim" if row.library else ""),
                (pen.pad(_tenths(row.share.value), _PERCENT, right=True), style),
                (pen.pad(_error(pen, row), error, right=True), "dim"),
                pen.pad(amount(row.self, metric.unit), wide, right=True),
                (pen.pad(cell, beside, right=True), "dim"),
                "  ",
                source,
            )
        )
    return lines + _rest(costs)
