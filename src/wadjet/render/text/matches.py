"""Code that was found, in the terminal: as ``grep`` prints it, with the match set off.

In a terminal each file has a heading; what is piped has file and line on each line, for
editors and other tools.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TextIO

from rich.text import Text

from wadjet.pipeline.shapes.search import Found, Hit
from wadjet.pipeline.source import Source
from wadjet.render.text.pen import Pen, terminal

_PLACE, _NUMBER, _MATCH, _NAME = "magenta", "green", "bold red", "cyan"


@dataclass(frozen=True, slots=True)
class Style:
    """How much is shown: lines around a match, and of one at most (0 for all)."""

    context: int = 0
    lines: int = 6
    captures: bool = False


class Printer:
    """Prints what was found in one file after the other."""

    def __init__(self, out: TextIO, style: Style) -> None:
        self._out = out
        self._style = style
        self._pen = Pen.of(terminal(out))
        self._heads = out.isatty()
        self._printed = False

    def show(self, found: Found) -> None:
        """Print a file with its matches."""
        source = Source(found.path, found.text)
        if self._heads:
            self._write(Text("\n" if self._printed else "").append(found.path, _PLACE))
        before = 0
        for number, parts in sorted(_lines(source, found.hits, self._style).items()):
            parted = before or (self._printed and not self._heads)
            if parted and self._style.context and number != before + 1:
                self._write(Text("--", "dim"))
            self._write(self._line(source, number, parts))
            before = number
        if self._style.captures:
            for hit in found.hits:
                self._captures(source, hit)
        self._printed = True

    def _line(self, source: Source, number: int, parts: list[tuple[int, int]]) -> Text:
        mark = ":" if parts else "-"
        line = Text() if self._heads else Text(source.path, _PLACE).append(mark, "dim")
        line.append(str(number), _NUMBER).append(mark, "dim")
        text, at = source.line(number), 0
        for start, end in sorted(parts):
            line.append(self._pen.clean(text[at : max(start, at)]))
            line.append(self._pen.clean(text[max(start, at) : end]), _MATCH)
            at = max(end, at)
        return line.append(self._pen.clean(text[at:]))

    def _captures(self, source: Source, hit: Hit) -> None:
        number, _ = source.position(hit.start)
        place = f"{number}:" if self._heads else f"{source.path}:{number}:"
        for name, texts in hit.bound.items():
            shown = self._pen.clean(", ".join(" ".join(each.split()) for each in texts))
            if self._heads:
                shown = self._pen.fit(shown, max(self._pen.width - len(place) - len(name) - 5, 20))
            self._write(Text(place, "dim").append(f" ${name}", _NAME).append(f" = {shown}"))

    def _write(self, line: Text) -> None:
        self._pen.write(line)


def as_json(found: Found, out: TextIO) -> None:
    """Write each match as a line of JSON; lines and columns count from 1."""
    source = Source(found.path, found.text)
    for hit in found.hits:
        line, column = source.position(hit.start)
        end_line, end_column = source.position(hit.end)
        fact = {
            "path": found.path,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "text": found.text[hit.start : hit.end],
            "captures": hit.bound,
        }
        out.write(json.dumps(fact) + "\n")


def _lines(source: Source, hits: tuple[Hit, ...], style: Style) -> dict[int, list[tuple[int, int]]]:
    """Return the lines to print, and the columns of each that are part of a match."""
    lines: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for hit in hits:
        (first, column), (last, end) = source.position(hit.start), source.position(hit.end)
        shown = min(last, first + style.lines - 1) if style.lines else last
        for number in range(first, shown + 1):
            start = column - 1 if number == first else _indent(source.line(number))
            lines[number].append((start, end - 1 if number == last else len(source.line(number))))
        for number in range(max(first - style.context, 1), shown + style.context + 1):
            if number <= len(source.starts):
                lines.setdefault(number, [])
    return lines


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
