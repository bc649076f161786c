"""``wadjet rewrite PATTERN REPLACEMENT PATH...``: code that has a shape, written anew."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wadjet.cli import query as options
from wadjet.errors import OutputError, SourceError, UsageError
from wadjet.pipeline.files import files, in_order
from wadjet.pipeline.shapes.pattern import Pattern, PatternError, pattern
from wadjet.pipeline.shapes.rewriting import Rewritten, check, rewrite
from wadjet.pipeline.shapes.search import Query
from wadjet.pipeline.source import read, write
from wadjet.render.text.changed import show

NOTHING = 1
"""The exit code where nothing was to be rewritten."""

_EPILOG = f"""\
{options.HOLES}
What a hole stands for is copied as it is written, with its comments. The new text of each file
is proved: it parses to the old tree in which the same was done, or the file is left alone.

examples:
  wadjet rewrite 'len($x) == 0' 'not $x' src/             show what would change
  wadjet rewrite 'len($x) == 0' 'not $x' src/ --apply     change it
  wadjet rewrite '$x == None' '$x is None' src/ | git apply
  wadjet rewrite 'for $i in range(len($s)): $...body' \\
                 $'for $i, each in enumerate($s):\\n    $...body' app.py

Exits with 0 if something is to be rewritten, 1 if not.
"""


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done with a file."""

    path: str
    before: str = ""
    made: Rewritten | None = None
    complaint: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("pattern", metavar="PATTERN", help="the code to look for")
    parser.add_argument("replacement", metavar="REPLACEMENT", help="what to write in its place")
    options.paths(parser)
    options.arguments(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--diff", action="store_true", help="show what would change (the default)")
    how.add_argument("--apply", action="store_true", help="write the files")


def run(args: argparse.Namespace) -> int:
    """Rewrite, and print what changes."""
    try:
        query, replacement = options.query(args), pattern(args.replacement)
        check(query, replacement)
        work = partial(_rewrite, query, replacement, args.apply)
        results = in_order(work, files(args.paths or [Path()]))
        counts = [_tell(each, apply=args.apply) for each in results]
    except PatternError as error:
        raise UsageError(str(error)) from None
    if args.apply and any(counts):
        print(f"{sum(counts)} rewritten in {sum(map(bool, counts))} files")
    return 0 if any(counts) else NOTHING


def _rewrite(query: Query, replacement: Pattern, apply: bool, path: Path) -> _Done:
    try:
        source = read(path)
        made = rewrite(query, replacement, source)
        if apply and made.count:
            write(source, made.text)
    except (SourceError, OutputError) as error:
        return _Done(str(path), complaint=str(error))
    return _Done(str(path), source.text if made.count else "", made)


def _tell(done: _Done, *, apply: bool) -> int:
    """Print what became of a file; return how many matches were rewritten."""
    if done.made is None:
        print(f"wadjet: {done.complaint}", file=sys.stderr)
        return 0
    for each in done.made.left:
        print(f"wadjet: left as it is: {each}", file=sys.stderr)
    if done.made.count and not apply:
        show(done.path, done.before, done.made.text, sys.stdout)
    return done.made.count
