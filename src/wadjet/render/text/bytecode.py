"""A program's tree with the byte code that each node becomes beside it, in the terminal."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from typing import TextIO

from rich.text import Text

from wadjet.pipeline.listing import Instruction, Part, Row
from wadjet.render.text.pen import Pen, terminal

_LINE, _NODE, _MEANING, _OFFSET, _NAME = "green", "bold", "cyan", "dim", "magenta"
_WIDEST = 64
_MEANINGS = frozenset(
    ["local", "cell", "free", "global", "implicit", "builtin", "shadowed", "uncertain", "class"]
)


def show(parts: Iterable[Part], out: TextIO) -> None:
    """Print parts, each under its name."""
    pen = Pen.of(terminal(out))
    for number, part in enumerate(parts):
        if number:
            pen.write(Text(""))
        lines = [_line(pen, row) for row in part.rows]
        room = min(max(line.cell_len for line in lines) + 2, max(pen.width // 2, 30), _WIDEST)
        pen.write(Text(pen.clean(part.name), style="bold underline"))
        previous = 0
        for line, row in zip(lines, part.rows, strict=True):
            at = getattr(row.node, "lineno", 0)
            shown = str(at) if at and at != previous else ""
            previous = at or previous
            _show(
                pen,
                Text().append(f"{shown:>5} ", _LINE).append_text(line),
                row.instructions,
                room + 6,
            )


def _line(pen: Pen, row: Row) -> Text:
    kind, _, rest = row.label.partition(" ")
    what, _, meaning = rest.rpartition(" ")
    if meaning not in _MEANINGS or isinstance(row.node, ast.Constant):
        what, meaning = rest, ""
    line = Text("  " * row.depth).append(kind, _NODE)
    if what:
        line.append(" " + pen.fit(what, 40))
    return line.append(f" {meaning}", _MEANING) if meaning else line


def _show(pen: Pen, line: Text, instructions: list[Instruction], room: int) -> None:
    """Print a node; its first instruction stands beside it, the others below that."""
    line.truncate(room - 1, overflow="ellipsis" if pen.glyphs.ellipsis == "…" else "crop")
    if not instructions:
        pen.write(line)
    for each in instructions:
        line.append(" " * max(room - line.cell_len, 0))
        line.append(f"{each.offset:>4} ", _OFFSET).append(each.name, _NAME)
        argument = pen.fit(each.argument, max(pen.width - line.cell_len - 1, 8))
        pen.write(line.append(f" {argument}" if argument else ""))
        line = Text()


def as_json(path: str, parts: Iterable[Part], out: TextIO) -> None:
    """Write a line of JSON for each node; lines and bytes count as in ``ast``."""
    for part in parts:
        for row in part.rows:
            node = row.node
            fact = {
                "path": path,
                "code": part.name,
                "depth": row.depth,
                "node": type(node).__name__,
                "label": row.label,
                "line": getattr(node, "lineno", None),
                "column": getattr(node, "col_offset", None),
                "end_line": getattr(node, "end_lineno", None),
                "end_column": getattr(node, "end_col_offset", None),
                "instructions": [
                    {"offset": each.offset, "name": each.name, "argument": each.argument}
                    for each in row.instructions
                ],
            }
            out.write(json.dumps(fact) + "\n")
