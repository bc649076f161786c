"""The call tree: callers above callees, what costs most first."""

from __future__ import annotations

from rich.text import Text

from wadjet.model.origin import homes
from wadjet.model.profile import Metric, Profile
from wadjet.model.totals import fold
from wadjet.model.units import amount, percent, plural
from wadjet.render.text.calltree import Branch, branches
from wadjet.render.text.costs import foreign, place
from wadjet.render.text.pen import Pen
from wadjet.render.text.tables import heat
from wadjet.render.text.view import View

_PERCENT, _AMOUNT = 8, 10


def tree(pen: Pen, profile: Profile, metric: Metric, view: View) -> list[Text]:
    """Return the branches that are worth ``view.least`` of the whole or more."""
    whole = fold(profile, metric.name).total
    title = f"{'Callers' if view.upward else 'Call tree'} by {metric.title}"
    head = pen.pad("total", _PERCENT, right=True)
    head += "" if view.upward else pen.pad("self", _PERCENT, right=True)
    lines = [Text(title, style="bold"), Text(head, style="dim")]
    lines += [
        _line(pen, profile, metric, branch, whole, view)
        for branch in branches(profile, metric.name, threshold=view.least, whole=view.upward)
    ]
    return [*lines, Text(f"  branches below {percent(view.least)} are left out", style="dim")]


def _line(
    pen: Pen, profile: Profile, metric: Metric, branch: Branch, whole: int, view: View
) -> Text:
    line = _figures(pen, metric, branch, whole, view)
    line.append(_guides(pen, branch), style="bright_black")
    name = branch.function.name + (" (recursive)" if branch.recursive else "")
    room = pen.width - line.cell_len
    line.append(pen.fit(name, room), style="dim" if foreign(branch.function) else "")
    where = place(branch.function, branch.line, homes(profile.about))
    skipped = f"  past {plural(branch.skipped, 'frame')}" if branch.skipped else ""
    room = pen.width - line.cell_len - 2
    if where and room >= 12:
        line.append("  " + pen.fit(where, room), style="dim")
    if len(skipped) < pen.width - line.cell_len:
        line.append(skipped, style="dim italic")
    return line


def _figures(pen: Pen, metric: Metric, branch: Branch, whole: int, view: View) -> Text:
    share, own = branch.total / whole, branch.self / whole
    line = Text().append(pen.pad(f"{100 * share:.1f} %", _PERCENT, right=True), style=heat(share))
    if not view.upward:
        text = f"{100 * own:.1f} %" if branch.self else ""
        line.append(pen.pad(text, _PERCENT, right=True), style=heat(own))
    line.append(pen.pad(amount(branch.total, metric.unit), _AMOUNT, right=True), style="dim")
    return line.append("  ")


def _guides(pen: Pen, branch: Branch) -> str:
    """Return the lines that lead to the branch; of a deep one the innermost only."""
    glyphs = pen.glyphs
    if len(branch.last) < 2:
        return ""
    levels = ["  " if last else glyphs.trunk for last in branch.last[1:-1]]
    levels.append(glyphs.last if branch.last[-1] else glyphs.branch)
    most = max((pen.width - 60) // 2, 8)
    if len(levels) > most:
        return glyphs.cut + "".join(levels[-most:])
    return "".join(levels)
