"""The page: our template, styles and scripts in one file with the recording's block.

Nothing is fetched when it is read, and its own policy says so: only the one script and
the one style sheet whose hashes it names may run.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path

STYLES = ("theme.css", "layout.css", "graph.css", "tables.css")
SCRIPTS = (
    "format.js",
    "columns.js",
    "recording.js",
    "calltree.js",
    "measure.js",
    "frames.js",
    "colors.js",
    "store.js",
    "dom.js",
    "painter.js",
    "walk.js",
    "flame.js",
    "chart.js",
    "lanes.js",
    "collector.js",
    "memory.js",
    "lanetip.js",
    "brush.js",
    "timeline.js",
    "functions.js",
    "python.js",
    "source.js",
    "details.js",
    "search.js",
    "derived.js",
    "header.js",
    "diagnosis.js",
    "actions.js",
    "toolbar.js",
    "graph.js",
    "keys.js",
    "app.js",
)
"""In the order in which they are joined: a file uses only those above it when it loads."""


def assemble(
    title: str, block: bytes, styles: Sequence[str] = STYLES, scripts: Sequence[str] = SCRIPTS
) -> str:
    """Return the whole document around a block, by default of a recording."""
    style = "\n".join(map(_asset, styles))
    script = "(() => {\n'use strict';\n" + "\n".join(map(_asset, scripts)) + "\n})();"
    parts = {
        "title": html.escape(title),
        "policy": _policy(script, style),
        "style": style,
        "script": script,
        "recording": base64.b64encode(block).decode("ascii"),
    }
    return "".join(
        parts[piece] if odd else piece for odd, piece in _alternate(_asset("template.html"))
    )


def _alternate(template: str) -> list[tuple[int, str]]:
    """Split a template at its ``{{names}}``: text, name, text, name, ... text."""
    pieces = template.replace("{{", "}}").split("}}")
    return [(position % 2, piece) for position, piece in enumerate(pieces)]


def _policy(script: str, style: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / "app" / name).read_text(encoding="utf-8")
