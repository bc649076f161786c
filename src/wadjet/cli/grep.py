"""``wadjet grep PATTERN PATH...``: code that has a shape."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from wadjet.cli import query as options
from wadjet.errors import UsageError
from wadjet.pipeline.files import files, in_order
from wadjet.pipeline.shapes.pattern import PatternError
from wadjet.pipeline.shapes.search import Found, search
from wadjet.render.text.matches import Printer, Style, as_json

NOTHING = 1
"""The exit code where nothing was found."""

_EPILOG = f"""\
{options.HOLES}
examples:
  wadjet grep 'for $i in range(len($seq)): $...body' src/
  wadjet grep 'open($...args)' --not-inside 'with $...items: $...body' src/
  wadjet grep '$x == None' --json src/ | jq .line
  wadjet grep '${{s:str}} % $args' --where 'len(s.value) > 80' src/
  wadjet grep 'def $f($...p): $...body' --where 'len(body) > 50' --lines 1 src/

Exits with 0 if something was found, 1 if not.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("pattern", metavar="PATTERN", help="the code to look for")
    options.paths(parser)
    options.arguments(parser)
    parser.add_argument(
        "-C", "--context", type=_number, default=0, metavar="N", help="lines around a match"
    )
    parser.add_argument(
        "--lines",
        type=_number,
        default=6,
        metavar="N",
        help="lines of a match at most, 0 for all (default: 6)",
    )
    parser.add_argument("--captures", action="store_true", help="show what the holes stand for")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-l", "--files", action="store_true", help="print names of files only")
    how.add_argument("-c", "--count", action="store_true", help="print how many for each file")
    how.add_argument("--json", action="store_true", help="print a line of JSON for each match")


def run(args: argparse.Namespace) -> int:
    """Search, and print what is found as it is found."""
    try:
        query = options.query(args)
        results = in_order(partial(search, query), files(args.paths or [Path()]))
        return 0 if _print(args, results) else NOTHING
    except PatternError as error:
        raise UsageError(str(error)) from None


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def _print(args: argparse.Namespace, results: Iterable[Found]) -> bool:
    """Print; return whether something was found."""
    printer = Printer(sys.stdout, Style(args.context, args.lines, args.captures))
    any_found = False
    for found in results:
        if found.complaint:
            print(f"wadjet: {found.complaint}", file=sys.stderr)
        if not found.hits:
            continue
        any_found = True
        if args.json:
            as_json(found, sys.stdout)
        elif args.files:
            print(found.path)
        elif args.count:
            print(f"{found.path}:{len(found.hits)}")
        else:
            printer.show(found)
    return any_found
