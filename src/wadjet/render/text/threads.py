"""The threads: how each one's time divides into states, and the CPU time it used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from wadjet.model.profile import Profile, State
from wadjet.model.totals import by_thread
from wadjet.model.units import duration, plural
from wadjet.render.text.pen import ROOMY, Pen

_STATES = (State.RUN_GIL, State.RUN_NATIVE, State.WAIT_GIL, State.RUNNABLE, State.BLOCKED)
_STYLES = ("green", "cyan", "red", "yellow", "bright_black")
_LEGEND = (
    "running with the GIL",
    "native code without it",
    "waiting for the GIL",
    "runnable, no core free",
    "blocked",
)
_NUMBER, _CPU = 6, 9


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    states: Mapping[State, int]
    cpu: int


def threads(pen: Pen, profile: Profile, top: int, *, everything: bool = True) -> list[Text]:
    """Return a line for each of the ``top`` threads, those that used most CPU first.

    Of ``everything`` they are those too that used the CPU without ever being sampled.
    """
    rows = _rows(profile, everything)
    if not rows:
        return []
    shown, hidden = rows[:top], rows[top:]
    name = min(
        max(len(row.name) for row in shown),
        11 if pen.width < 70 else 16 if pen.width < ROOMY else 28,
    )
    bar = max(pen.width - 2 - name - 2 - len(_STATES) * _NUMBER - _CPU - 1, 4)
    lines = [_head(pen, name + bar + 4)]
    lines += [_line(pen, row, name, bar) for row in shown]
    if hidden:
        rest = duration(sum(row.cpu for row in hidden))
        lines.append(Text(f"  {plural(len(hidden), 'more thread')}: {rest} CPU", style="dim"))
    return lines + _legend(pen)


def _legend(pen: Pen) -> list[Text]:
    items = [
        Text.assemble((glyph, style), (f" {words}", "dim"))
        for words, glyph, style in zip(_LEGEND, pen.glyphs.states, _STYLES, strict=True)
    ]
    return pen.flow(items, "   ", indent="  ")


def _rows(profile: Profile, everything: bool) -> list[_Row]:
    """Return the threads that there are, most CPU time first."""
    metrics = [metric.name for metric in profile.metrics]
    walls = by_thread(profile, "wall") if "wall" in metrics else {}
    spent = by_thread(profile, "cpu") if "cpu" in metrics else {}
    several = len(profile.processes) > 1
    rows = []
    for number, thread in enumerate(profile.threads):
        name = thread.name
        if several:
            name += f" {profile.processes[thread.process].pid}"
        cpu = thread.cpu or sum(spent.get(number, {}).values())
        if number in walls or number in spent or (everything and cpu):
            rows.append(_Row(name, walls.get(number, {}), cpu))
    return sorted(rows, key=lambda row: -row.cpu)


def _head(pen: Pen, indent: int) -> Text:
    line = Text.assemble((pen.pad("Threads", indent), "bold"))
    for glyph, style in zip(pen.glyphs.states, _STYLES, strict=True):
        line.append(pen.pad(glyph, _NUMBER, right=True), style=style)
    return line.append(pen.pad("CPU", _CPU, right=True), style="dim")


def _line(pen: Pen, row: _Row, name: int, bar: int) -> Text:
    shares = [row.states.get(state, 0) for state in _STATES]
    line = Text("  " + pen.pad(row.name, name) + "  ")
    for piece, style in zip(pen.glyphs.partition(shares, bar), _STYLES, strict=True):
        line.append(piece, style=style)
    if not any(shares):
        line.append(" " * bar)
    for share, style in zip(shares, _STYLES, strict=True):
        line.append(pen.pad(_percent(share, sum(shares)), _NUMBER, right=True), style=style)
    return line.append(pen.pad(duration(row.cpu), _CPU, right=True))


def _percent(part: int, whole: int) -> str:
    if not part:
        return ""
    value = 100 * part / whole
    return f"{value:.0f} %" if value >= 0.5 else "<1 %"
