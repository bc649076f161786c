"""The call tree: callers above callees, what costs most first."""

from __future__ import annotations

from rich.text import Text

from wadjet.model.profile import Metric, Profile
from wadjet.model.totals import fold
from wadjet.model.units import amount, percent, plural
from wadjet.render.text.calltree import Branch, branches
from wadjet.render.text.costs import foreign, place
from wadjet.render.text.pen import Pen
from wadjet.render.text.tables import heat

_PERCENT, _AMOUNT = 8, 10


def tree(pen: Pen, profile: Profile, metric: Metric, threshold: float) -> list[Text]:
    """Return the branches that are worth ``threshold`` of the whole or more."""
    whole = fold(profile, metric.name).total
    head = pen.pad("total", _PERCENT, right=True) + pen.pad("self", _PERCENT, right=True)
    return [
        Text(f"Call tree by {metric.title}", style="bold"),
        Text(head, style="dim"),
        *(
            _line(pen, profile, metric, branch, whole)
            for branch in branches(profile, metric.name, threshold=threshold)
        ),
        Text(f"  branches below {percent(threshold)} are left out", style="dim"),
    ]


def _line(pen: Pen, profile: Profile, metric: Metric, branch: Branch, whole: int) -> Text:
    share, own = branch.total / whole, branch.self / whole
    line = Text.assemble(
        (pen.pad(f"{100 * share:.1f} %", _PERCENT, right=True), heat(share)),
        (pen.pad(f"{100 * own:.1f} %" if branch.self else "", _PERCENT, right=True), heat(own)),
        (pen.pad(amount(branch.total, metric.unit), _AMOUNT, right=True), "dim"),
        "  ",
        (_guides(pen, branch), "bright_black"),
    )
    room = pen.width - line.cell_len
    name = branch.function.name + (" (recursive)" if branch.recursive else "")
    line.append(pen.fit(name, room), style="dim" if foreign(branch.function) else "")
    where = place(branch.function, branch.line, str(profile.about.get("cwd") or ""))
    if branch.skipped:
        where += f" (past {plural(branch.skipped, 'frame')})"
    room = pen.width - line.cell_len - 2
    if where and room >= 12:
        line.append("  " + pen.fit(where, room), style="dim")
    return line


def _guides(pen: Pen, branch: Branch) -> str:
    """Return the lines that lead to the branch; of a deep one the innermost only."""
    glyphs = pen.glyphs
    levels = [("   " if last else glyphs.trunk) for last in branch.last[1:-1]]
    levels += [glyphs.last if branch.last[-1] else glyphs.branch] if len(branch.last) > 1 else []
    most = max((pen.width - 60) // len(glyphs.trunk), 6)
    if len(levels) > most:
        return f"{len(levels) - most} {glyphs.ellipsis} " + "".join(levels[-most:])
    return "".join(levels)
