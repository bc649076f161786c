"""A recording as a notebook shows it: the summary, and below it the report in a frame."""

from __future__ import annotations

import html
import io
import sys
from collections.abc import Sequence

from wadjet.model.finding import Finding
from wadjet.model.profile import Profile
from wadjet.render import text

HEIGHT = 760
"""Of the frame, in pixels: lanes, flame graph and table have room."""

_FRAME = (
    '<iframe title="Wadjet\'s report" srcdoc="{page}" '
    'style="width:100%;height:{height}px;border:1px solid #8884;border-radius:4px"></iframe>'
)


def bundle(
    profile: Profile, findings: Sequence[Finding], path: str, report: bytes | None
) -> dict[str, str]:
    """Return the recording by MIME type; the page has the report in it where one is given."""
    screen = _Screen()
    text.summary(profile, findings, screen, path)
    page = text.fragment(profile, findings, path)
    if report is not None:
        page += _FRAME.format(page=html.escape(report.decode()), height=HEIGHT)
    return {"text/plain": screen.getvalue().rstrip("\n"), "text/html": page}


class _Screen(io.StringIO):
    """Text on its way to standard output, in colour if that is a terminal."""

    def isatty(self) -> bool:
        return sys.stdout.isatty()
