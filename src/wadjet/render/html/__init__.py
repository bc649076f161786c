"""A recording as one HTML file that works offline: lanes, flame graph, functions, source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from wadjet.model.finding import Finding
from wadjet.model.profile import Profile
from wadjet.render.html.page import assemble
from wadjet.render.html.payload import pack


def render(profile: Profile, out: BinaryIO, findings: Sequence[Finding] = ()) -> None:
    """Write the report of ``profile``, with what was found in it, to ``out``."""
    title = f"{_title(profile)} - Wadjet"
    out.write(assemble(title, pack(profile, findings)).encode("utf-8", "backslashreplace"))


def _title(profile: Profile) -> str:
    command = profile.about.get("command")
    if isinstance(command, list) and command:
        return " ".join(str(word) for word in command)
    return "Recording"
