"""``wadjet grep PATTERN PATH...``: code that has a shape."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from wadjet.errors import UsageError
from wadjet.pipeline.pattern import Pattern, PatternError, pattern
from wadjet.pipeline.search import Found, Query, files, in_order, search
from wadjet.render.text.matches import Printer, Style, as_json

NOTHING = 1
"""The exit code where nothing was found."""

_EPILOG = """\
A pattern is Python with holes:
  $x             one node; where it is written twice, both must be the same code
  $_             one node, whichever
  $...x          any number: arguments, statements, elements, parameters
  ${x:str}       a constant or node of a kind: int, str, const, name, call, ...
  ${x?}          one that may be missing

examples:
  wadjet grep 'for $i in range(len($seq)): $...body' src/
  wadjet grep 'open($...args)' --not-inside 'with $...items: $...body' src/
  wadjet grep '$x == None' --json src/ | jq .line
  wadjet grep '${s:str} % $args' --where 'len(s.value) > 80' src/
  wadjet grep 'def $f($...p): $...body' --where 'len(body) > 50' --lines 1 src/

Exits with 0 if something was found, 1 if not.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("pattern", metavar="PATTERN", help="the code to look for")
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files and folders (default: here)"
    )
    parser.add_argument(
        "--inside", action="append", default=[], metavar="PATTERN", help="only within such code"
    )
    parser.add_argument(
        "--not-inside", action="append", default=[], metavar="PATTERN", help="not within such code"
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="EXPR",
        help="only where this is true: Python, in which x is the text that $x stands for, "
        "x.value a constant's value, x.node its node",
    )
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
        query = Query(
            pattern(args.pattern), _all(args.inside), _all(args.not_inside), tuple(args.where)
        )
        results = in_order(partial(search, query), files(args.paths or [Path()]))
        return 0 if _print(args, results) else NOTHING
    except PatternError as error:
        raise UsageError(str(error)) from None


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def _all(texts: list[str]) -> tuple[Pattern, ...]:
    return tuple(map(pattern, texts))


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
