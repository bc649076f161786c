"""Signatures of C callables as a table: what each takes, and how that is known.

What has types is shown with them; of what has several forms, each is below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.text import Text

from wadjet.model.units import percent, plural
from wadjet.render.text.pen import Pen, terminal

Row = Mapping[str, Any]
_STYLES = {"high": "green", "fair": "yellow", "low": "red", "none": "red"}
_EVIDENCE, _CONFIDENCE = 28, 6
_NAMED = {"code": "", "": "", "numbers": ", numbered", "documentation": ", names documented"}
_NAMED["stub"] = ", names of the stub"


def show(module: str, rows: Sequence[Row], out: TextIO) -> None:
    """Print the table of one module, and how many of its callables it knows."""
    pen = Pen.of(terminal(out))
    before = sum(row["known"] for row in rows)
    after = sum(row["signature"] is not None for row in rows)
    head = f"{module}: {plural(len(rows), 'C callable')}"
    if rows:
        known = f"{percent(before / len(rows))} known to inspect, {percent(after / len(rows))} here"
        head = f"{head}, {known}"
    pen.write(Text(pen.fit(head, pen.width), "bold"))
    room = max(pen.width - _EVIDENCE - _CONFIDENCE - 6, 30)
    for row in rows:
        pen.write(_line(pen, row, module, room))
        if len(row["forms"]) > 1:
            for form in row["forms"]:
                pen.write(Text(pen.clean(f"      {form}"), "dim"))


def _line(pen: Pen, row: Row, module: str, room: int) -> Text:
    name = row["name"].removeprefix(f"{module}.")
    known = row["forms"][0] if len(row["forms"]) == 1 else row["signature"]
    shown = pen.clean(f"{name}{known or ' ?'}").ljust(room)  # never cut: it is what was asked for
    at = min(len(name), len(shown))
    confidence = row["confidence"]
    return Text.assemble(
        "  ",
        (shown[:at], "" if known else "dim"),
        (shown[at:], "cyan" if known else "dim"),
        "  ",
        (pen.pad(f"{row['evidence']}{_NAMED.get(row['names'], '')}", _EVIDENCE), "dim"),
        "  ",
        (pen.pad("" if confidence == "none" else confidence, _CONFIDENCE), _STYLES[confidence]),
    )
