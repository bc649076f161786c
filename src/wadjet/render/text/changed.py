"""How a text has changed, as a unified diff that ``patch`` and ``git apply`` take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import TextIO

from rich.text import Text

from wadjet.render.text.pen import Pen, terminal

_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # as patches have it: a form feed ends none
_STYLES = {"+++": "bold", "---": "bold", "@": "cyan", "+": "green", "-": "red"}


def show(path: str, before: str, after: str, out: TextIO) -> None:
    """Print the difference of two texts of one file."""
    console = terminal(out)
    if not out.isatty():
        out.writelines(_lines(path, before, after))
        return
    pen = Pen.of(console)
    for line in _lines(path, before, after):
        style = next((style for mark, style in _STYLES.items() if line.startswith(mark)), "")
        pen.write(Text(pen.clean(line.rstrip("\r\n")), style))


def _lines(path: str, before: str, after: str) -> Iterator[str]:
    name = path.removeprefix("./").lstrip("/")
    old: list[str] = _LINE.findall(before)
    new: list[str] = _LINE.findall(after)
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
