"""A recording as a notebook shows it: the summary, and below it the report in a frame."""

from __future__ import annotations

import html
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wadjet.embed.session import Session

HEIGHT = 760
"""Of the frame, in pixels: lanes, flame graph and table have room."""

_FRAME = (
    '<iframe title="Wadjet\'s report" srcdoc="{page}" '
    'style="width:100%;height:{height}px;border:1px solid #8884;border-radius:4px"></iframe>'
)


def bundle(session: Session) -> dict[str, str]:
    """Return the recording by MIME type; pages have the report where ``session.framed``."""
    return {"text/plain": _plain(session), "text/html": _page(session)}


def _plain(session: Session) -> str:
    out = _Screen()
    session.show(out)
    return out.getvalue().rstrip("\n")


def _page(session: Session) -> str:
    from wadjet.render import text

    summary = text.fragment(session.profile, session.findings, str(session.path or ""))
    if not session.framed:
        return summary
    page = html.escape(session.page().decode())
    return summary + _FRAME.format(page=page, height=HEIGHT)


class _Screen(io.StringIO):
    """Text on its way to standard output, in colour if that is a terminal."""

    def isatty(self) -> bool:
        return sys.stdout.isatty()
