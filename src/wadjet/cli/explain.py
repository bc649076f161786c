"""``wadjet explain FILE...``: what the passes make of a program, line by line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wadjet.cli import options
from wadjet.compiler.catalog import ASSUMPTIONS, PASSES, chosen
from wadjet.errors import WadjetError
from wadjet.model import store
from wadjet.pipeline.files import files
from wadjet.pipeline.passes import run as apply
from wadjet.pipeline.source import read
from wadjet.pipeline.tree import parse
from wadjet.pipeline.unit import Pass, Unit
from wadjet.render.text import explained

FAILED = 1
"""The exit code where a file could not be read, or a pass failed."""

_EPILOG = """\
Each line has what a pass did there; with --stopped also where it did nothing, and why.

examples:
  wadjet explain app.py                      what the safe passes do
  wadjet explain -O all --stopped src/       every pass, and what stops them
  wadjet explain --source app.py             the program as it is then
  wadjet explain --hot app.wadjet app.py     the lines that cost most first
  wadjet explain --list                      the passes there are, and what they assume
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files and folders")
    options.passes(parser)
    parser.add_argument("--stopped", action="store_true", help="what was left, and why, as well")
    parser.add_argument(
        "--hot", type=Path, metavar="FILE", help="a recording: show what its lines cost, by that"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--source", action="store_true", help="print the program after the passes")
    how.add_argument("--json", action="store_true", help="print a line of JSON for each change")
    how.add_argument("--list", action="store_true", help="list the passes")


def run(args: argparse.Namespace) -> int:
    """Explain each file."""
    passes = chosen(options.words(args.passes))
    if args.list:
        explained.passes(PASSES, ASSUMPTIONS, sys.stdout)
        return 0
    profile = store.load(args.hot) if args.hot else None
    printer = explained.Printer(sys.stdout, stopped=args.stopped, profile=profile)
    return max((_explain(path, passes, printer, args) for path in files(args.paths)), default=0)


def _explain(
    path: Path, passes: tuple[Pass, ...], printer: explained.Printer, args: argparse.Namespace
) -> int:
    try:
        source = read(path)
        unit = apply(Unit(source, parse(source)), passes, notes=True)
    except WadjetError as error:
        print(f"wadjet: {error}", file=sys.stderr)
        return FAILED
    if args.source:
        printer.source(unit)
    elif args.json:
        printer.json(unit)
    else:
        printer.show(unit)
    return 0
