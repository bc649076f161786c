"""What every section of the screen draws with: glyphs, width, and text made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from wadjet.render.text.glyphs import ASCII, UNICODE, Glyphs

ROOMY = 100
"""From this width on there is room for more columns."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_KEPT = re.compile(r"(?<=\d) (?=%|[num]?s\b)")
_HARD = "\ue000"  # a space at which no line ends, while lines are made
_CODE = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws for one console, of which it knows the width and the character set."""

    console: Console
    glyphs: Glyphs
    width: int

    @classmethod
    def of(cls, console: Console) -> Pen:
        """Return the pen for a console."""
        glyphs = ASCII if console.options.ascii_only else UNICODE
        return cls(console, glyphs, max(console.width, 60))

    def clean(self, text: str) -> str:
        """Return ``text`` so that it can be printed: no control characters, no surprises."""
        text = _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)
        if self.glyphs is ASCII:
            text = text.encode("ascii", "backslashreplace").decode()
        return text

    def fit(self, text: str, width: int, *, keep_end: bool = False) -> str:
        """Return ``text`` cleaned and cut to at most ``width`` cells."""
        text = self.clean(text)
        if cell_len(text) <= width:
            return text
        mark = self.glyphs.ellipsis
        room = max(width - cell_len(mark), 0)
        if keep_end:
            start = len(text) - room
            while cell_len(text[start:]) > room:
                start += 1
            return mark + text[start:]
        return set_cell_size(text, room).rstrip() + mark

    def pad(self, text: str, width: int, *, right: bool = False, keep_end: bool = False) -> str:
        """Return ``text`` in exactly ``width`` cells, to the right if asked."""
        text = self.fit(text, width, keep_end=keep_end)
        space = " " * (width - cell_len(text))
        return space + text if right else text + space

    def prose(self, text: str, style: str = "") -> Text:
        """Return a sentence with its `code` set off from the rest."""
        made = Text(style=style)
        at = 0
        text = self.clean(text)
        for match in _CODE.finditer(text):
            made.append(text[at : match.start()])
            made.append(match[1] if self.console.color_system else match[0], style="bold")
            at = match.end()
        return made.append(text[at:])

    def wrapped(self, text: Text, first: str, rest: str, style: str = "") -> list[Text]:
        """Return ``text`` as lines that fit, behind ``first`` and then ``rest``."""
        text.plain = _KEPT.sub(_HARD, text.plain)
        lines = text.wrap(self.console, min(self.width, 100) - len(rest))
        marked = []
        for number, line in enumerate(lines):
            line.rstrip()
            line.plain = line.plain.replace(_HARD, " ")
            marked.append(Text.assemble((first if number == 0 else rest, style), line))
        return marked

    def flow(self, items: Iterable[Text], gap: str, *, indent: str = "") -> list[Text]:
        """Return items side by side, on as many lines as they need; none is broken."""
        lines: list[Text] = []
        for item in items:
            if lines and lines[-1].cell_len + cell_len(gap) + item.cell_len < self.width:
                lines[-1].append(gap).append_text(item)
            else:
                lines.append(Text(indent).append_text(item))
        return lines

    def write(self, line: Text) -> None:
        """Print a line as it is: what is too long for the terminal is the terminal's to wrap."""
        self.console.print(line, no_wrap=True, overflow="ignore", crop=False)


def terminal(out: TextIO) -> Console:
    """Return a console that adds nothing to what is printed on ``out``."""
    # In a notebook rich would show a page instead of printing to ``out``.
    return Console(file=out, highlight=False, markup=False, emoji=False, force_jupyter=False)
