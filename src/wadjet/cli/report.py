"""``wadjet report``: a recording as one HTML file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wadjet.cli import options
from wadjet.cli.output import STANDARD, output
from wadjet.errors import UsageError
from wadjet.model.store import load
from wadjet.observe.diagnosis import diagnose
from wadjet.render.html import render

EXAMPLES = """\
examples:
  wadjet report app.wadjet            write app.html
  wadjet report app.wadjet --open     and show it in the browser
  wadjet report app.wadjet -o - | ssh host 'cat > app.html'
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    options.recording(parser)
    options.output(parser, "NAME.html beside FILE")
    parser.add_argument("--open", action="store_true", help="show the report in the browser")


def run(args: argparse.Namespace) -> int:
    """Write the report, say where it is, and show it if asked."""
    path = args.output or args.file.with_suffix(".html")
    _check(path, args.file, args.open)
    profile = load(args.file)
    with output(path, overwrite=args.overwrite) as out:
        render(profile, out, diagnose(profile))
    if str(path) == STANDARD:
        return 0
    print(f"Wrote {path} ({_size(path.stat().st_size)})")
    if args.open and not _shown(path):
        print("wadjet: no browser could be started; open the file yourself", file=sys.stderr)
    return 0


def _shown(path: Path) -> bool:
    import webbrowser  # slow to import, and seldom needed

    return webbrowser.open(path.resolve().as_uri())


def _check(path: Path, recording: Path, show: bool) -> None:
    if path == recording:
        raise UsageError("the report would replace the recording", "name another --output")
    if str(path) != STANDARD:
        return
    if show:
        raise UsageError("--open needs a file", "name one with --output")
    if sys.stdout.isatty():
        raise UsageError("a report is too long for a terminal", "name a file with --output")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
