"""The script that gives gdb commands for Python."""

from __future__ import annotations

from importlib.resources import files

from wadjet.native.dump._dump import layout

_PLACE = "LAYOUT: Dict[str, int] = {}"


def script() -> str:
    """Return the commands with the layout of the Python that runs this."""
    text = (files("wadjet.native.dump") / "gdb_commands.py").read_text(encoding="utf-8")
    head, _, rest = text.partition(_PLACE)
    return f"{head}{_PLACE[:-2]}{layout()!r}{rest}"
