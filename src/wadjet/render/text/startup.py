"""A start in the terminal: its phases, and the imports that cost most."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from wadjet.model.profile import Profile
from wadjet.model.startup import Cost, modules, phases, whole
from wadjet.model.units import count, duration, percent, size
from wadjet.render.text.pen import Pen

_COLUMNS = (10, 6, 13, 11, 13)


def startup(pen: Pen, profile: Profile, top: int) -> list[list[Text]]:
    """Return the sections: phases in their order, and the ``top`` imports by time."""
    total = whole(profile)
    made = [_table(pen, "phase", phases(profile), total)]
    if found := modules(profile):
        more = len(found) - top
        made.append(_table(pen, "import, with its own", found[:top], total))
        if more > 0:
            made[-1].append(Text(f"  {count(more)} more", style="dim"))
    return made


def _table(pen: Pen, title: str, rows: Sequence[Cost], total: Cost) -> list[Text]:
    room = pen.width - sum(_COLUMNS) - 1
    heads = ("time", "", "system calls", "read", "page faults")
    columns = "".join(pen.pad(h, w, right=True) for h, w in zip(heads, _COLUMNS, strict=True))
    lines = [Text(pen.pad(title, room) + columns, style="bold")]
    for each in rows:
        cells = (
            duration(each.time),
            percent(each.time / total.time) if total.time else "",
            count(each.calls) if total.calls else "",
            size(each.read) if total.calls else "",
            count(each.faults),
        )
        shown = "".join(pen.pad(c, w, right=True) for c, w in zip(cells, _COLUMNS, strict=True))
        lines.append(Text(pen.pad(each.name, room, keep_end=True) + shown))
    return lines
