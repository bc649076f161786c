"""The scripts that give debuggers commands for Python."""

from __future__ import annotations

from importlib.resources import files

from wadjet.native.dump._dump import layout

_PLACE = "LAYOUT: Dict[str, int] = {}"
_OF_A_MODULE = ("from __future__ ", "from wadjet.")


def script(debugger: str) -> str:
    """Return the commands for gdb or lldb, with the layout of the Python that runs this."""
    folder = files("wadjet.native.dump")
    walking = (folder / "walking.py").read_text(encoding="utf-8")
    side = (folder / f"{debugger}_side.py").read_text(encoding="utf-8").splitlines(keepends=True)
    head, _, rest = walking.partition(_PLACE)
    behind = "".join(each for each in side if not each.startswith(_OF_A_MODULE))
    return f"{head}{_PLACE[:-2]}{layout()!r}{rest}\n\n{behind}"
