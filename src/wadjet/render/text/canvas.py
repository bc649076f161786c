"""The same text as HTML: printed on a console that no one sees, with colours for any page."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.terminal_theme import TerminalTheme

_GREY = (128, 128, 128)
_HUES = (
    (208, 64, 56),
    (36, 148, 84),
    (170, 126, 16),
    (52, 120, 208),
    (150, 80, 170),
    (20, 140, 150),
)
_COLORS = TerminalTheme((255, 255, 255), (0, 0, 0), [_GREY, *_HUES, _GREY])
"""Can be read on white and on black, as the page's own background shows through."""

_FORMAT = '<pre style="white-space:pre;overflow-x:auto;line-height:1.35">{code}</pre>'


def canvas(width: int) -> Console:
    """Return a console that remembers what is printed on it."""
    return Console(
        file=StringIO(),
        record=True,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=True,
        force_jupyter=False,
        color_system="standard",
        legacy_windows=False,
        _environ={},
    )


def markup(console: Console) -> str:
    """Return what was printed, as HTML."""
    return console.export_html(theme=_COLORS, code_format=_FORMAT, inline_styles=True)
