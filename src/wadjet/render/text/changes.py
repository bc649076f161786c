"""Two recordings side by side: what changed, the largest change first."""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len
from rich.text import Text

from wadjet.model.difference import Change, Difference
from wadjet.model.profile import Profile
from wadjet.model.units import amount, duration, plural
from wadjet.render.text.header import command
from wadjet.render.text.pen import ROOMY, Pen, terminal

_SHARE = 8
_FASTER, _SLOWER = "green", "red"
_BASES = {"run": "", "second": " per second", "share": " as shares of the whole"}


def compare(
    found: Difference,
    both: tuple[Profile, Profile],
    files: tuple[str, str],
    out: TextIO,
    *,
    top: int = 20,
    scope: str = "",
) -> None:
    """Print how two recordings, read from two files, differ."""
    pen = Pen.of(terminal(out))
    lines = [*_recordings(pen, both, files), Text()]
    if scope:
        lines += [*pen.wrapped(pen.prose(f"Compared: {scope}."), "", ""), Text()]
    lines += [*_verdict(pen, found), Text(), *_table(pen, found, top)]
    for line in lines:
        pen.write(line)


def _recordings(pen: Pen, both: tuple[Profile, Profile], files: tuple[str, str]) -> list[Text]:
    """Return a line for each recording, and a word if they are of different commands."""
    lines = []
    width = max(cell_len(file) for file in files)
    for word, profile, file in zip(("before", "after"), both, files, strict=True):
        facts = f"  {command(profile)}  {duration(profile.duration)}"
        name = Text.assemble((f"{word:8}", "dim"), (pen.pad(file, width), "bold"))
        lines.append(name.append(pen.fit(facts, max(pen.width - name.cell_len, 12)), style="dim"))
    if command(both[0]) != command(both[1]):
        lines.append(Text("! These are recordings of different commands.", style="yellow"))
    return lines


def _verdict(pen: Pen, found: Difference) -> list[Text]:
    """Return in a sentence how the whole changed."""
    title = f"{found.metric.title}{_BASES[found.basis]}"
    if found.basis == "share":
        words = f"{title}: the wholes are taken to be equal."
    else:
        before, after = _amount(found, found.before), _amount(found, found.after)
        words = f"{title}: {before} before, {after} after, {_signed(found, found.delta)}"
        words += f" ({_growth(found.before, found.after)})." if found.before else "."
    return pen.wrapped(Text(words, style="bold"), "", "")


def _table(pen: Pen, found: Difference, top: int) -> list[Text]:
    """Return the functions that changed most; those that chance can explain come last."""
    changed = sorted((each for each in found.changes if each.delta), key=lambda each: not each.sure)
    shown = changed[:top]
    if not shown:
        return [Text("No function's cost differs.")]
    bar = 0 if pen.width < ROOMY else 10
    wide, change = _widths(found)
    room = pen.width - 2 - (2 * bar + 3 if bar else 0) - 2 * wide - change - _SHARE - 1
    head = "".join(
        pen.pad(word, width, right=True)
        for word, width in (("before", wide), ("after", wide), ("change", change))
    )
    lines = [Text.assemble((pen.pad("Functions by change", room + 2), "bold"), (head, "dim"))]
    most = max(abs(each.delta) for each in shown)
    lines += [_row(pen, found, each, room, bar, most) for each in shown]
    lines += _rest(found, changed[top:])
    return [*lines, *_sureness(pen, changed)]


def _widths(found: Difference) -> tuple[int, int]:
    """Return the columns that an amount and a change need."""
    return (9, 10) if found.metric.unit == "ns" else (11, 12)


def _sureness(pen: Pen, changed: list[Change]) -> list[Text]:
    sure = sum(each.sure for each in changed)
    if not sure:
        words = "No function changed by more than the sampling could bring about by chance (95 %)."
    elif sure < len(changed):
        words = "Changes marked ~ may be due to the chance of sampling (95 %)."
    else:
        words = "All changes are more than the chance of sampling (95 %)."
    return [Text(), *pen.wrapped(Text(words, style="" if not sure else "dim"), "  ", "  ")]


def _row(pen: Pen, found: Difference, each: Change, room: int, bar: int, most: float) -> Text:
    style = "dim" if not each.sure else _SLOWER if each.delta > 0 else _FASTER
    where = f"{each.file}:{each.line}" if each.line else each.file
    place = min(cell_len(where), room // 2)
    mark = " " if each.sure else "~"
    wide, change = _widths(found)
    line = Text.assemble(
        (mark + " ", "dim"),
        (pen.pad(each.name, room - place - 2), "dim" if each.library or not each.sure else ""),
        ("  " + pen.pad(where, place, keep_end=True), "dim"),
        (pen.pad(_amount(found, each.before), wide, right=True), "dim"),
        (pen.pad(_amount(found, each.after), wide, right=True), ""),
        (pen.pad(_signed(found, each.delta), change, right=True), style),
        (pen.pad(_growth(each.before, each.after), _SHARE, right=True), style),
    )
    return line.append("  " + _bar(pen, each.delta / most, bar), style=style) if bar else line


def _bar(pen: Pen, change: float, width: int) -> str:
    """Return a bar to the left of the middle for less, to the right for more."""
    solid, _ = pen.glyphs.bar(abs(change), 0.0, width)
    if change < 0:
        full = pen.glyphs.blocks[-1] * max(round(abs(change) * width), 1)
        return full.rjust(width) + pen.glyphs.middle
    return " " * width + pen.glyphs.middle + solid


def _rest(found: Difference, hidden: list[Change]) -> list[Text]:
    if not hidden:
        return []
    total = sum(each.delta for each in hidden)
    words = f"  {plural(len(hidden), 'more function')}: {_signed(found, total)} together"
    return [Text(words, style="dim")]


def _amount(found: Difference, value: float) -> str:
    if found.basis == "share":
        return f"{100 * value:.1f} %"
    return amount(value, found.metric.unit) if value else "-"


def _signed(found: Difference, value: float) -> str:
    if found.basis == "share":
        return f"{100 * value:+.1f}"
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return sign + amount(abs(value), found.metric.unit)


def _growth(before: float, after: float) -> str:
    if not before:
        return "new"
    if not after:
        return "gone"
    value = 100 * (after / before - 1)
    return f"{value:+.0f} %" if abs(value) < 999.5 else f"x {after / before:.0f}"
