"""Bars and marks for the terminal: Unicode where it can be shown, ASCII where it cannot.

>>> UNICODE.bar(0.5, 0.8, 10), ASCII.bar(0.5, 0.8, 10)
(('█████', '▒▒▒'), ('#####', '---'))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What to draw with.

    ``blocks`` are the filled parts of a cell, in equal steps, and ``columns`` those of a
    cell that fills from below.
    """

    blocks: str
    columns: str
    rest: str
    states: str
    levels: str
    arrow: str
    branch: str
    last: str
    trunk: str
    cut: str
    middle: str
    ellipsis: str
    dot: str
    error: str

    def bar(self, part: float, whole: float, width: int) -> tuple[str, str]:
        """Return a bar of ``part`` and its extension to ``whole``, both shares of 1.

        Together they are ``width`` cells at most. What is not nothing shows.
        """
        steps = len(self.blocks)
        filled = round(min(max(part, 0.0), 1.0) * width * steps)
        if part > 0 and not filled:
            filled = 1
        full, odd = divmod(filled, steps)
        solid = self.blocks[-1] * full + (self.blocks[odd - 1] if odd else "")
        until = round(min(max(whole, 0.0), 1.0) * width)
        return solid, self.rest * (until - len(solid))

    def column(self, part: float, whole: float, height: int) -> str:
        """Return a column of ``height`` cells from the top: ``part``, then ``rest`` to ``whole``.

        Both are shares of 1; what is not nothing shows.

        >>> ASCII.column(0.5, 0.75, 4)
        ' -##'
        """
        steps = len(self.columns)
        filled = round(min(max(part, 0.0), 1.0) * height * steps) or (part > 0)
        full, odd = divmod(filled, steps)
        solid = self.columns[-1] * full + (self.columns[odd - 1] if odd else "")
        until = round(min(max(whole, 0.0), 1.0) * height)
        return (solid + self.rest * (until - len(solid))).ljust(height)[::-1]

    def partition(self, shares: Sequence[float], width: int) -> list[str]:
        """Return a piece of bar for each share; they add up to ``width`` cells.

        Pieces are rounded where they meet, so that no error adds up; a share that is not
        nothing may still be too small to show.

        >>> ASCII.partition([0.5, 0, 0.25, 0, 0.25], 8)
        ['####', '', 'ww', '', '..']
        """
        whole = sum(shares)
        edges, reached = [0], 0.0
        for share in shares:
            reached += share
            edges.append(round(width * reached / whole) if whole else 0)
        pieces = pairwise(edges)
        return [glyph * (b - a) for glyph, (a, b) in zip(self.states, pieces, strict=True)]


UNICODE = Glyphs(
    blocks="▏▎▍▌▋▊▉█",
    columns="▁▂▃▄▅▆▇█",
    rest="▒",
    states="█▓▒░·",
    levels="●▲✖",
    arrow="→",
    branch="├╴",
    last="╰╴",
    trunk="│ ",
    cut="⋯ ",
    middle="│",
    ellipsis="…",
    dot=" · ",
    error="±",
)

ASCII = Glyphs(
    blocks="#",
    columns="#",
    rest="-",
    states="#=w~.",
    levels="*!X",
    arrow="->",
    branch="|-",
    last="`-",
    trunk="| ",
    cut=". ",
    middle="|",
    ellipsis="..",
    dot=", ",
    error="+-",
)
