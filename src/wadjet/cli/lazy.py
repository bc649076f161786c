"""``wadjet lazy FILE``: imports that only functions need, made there."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import options
from wadjet.cli.parser import Parser
from wadjet.errors import RecordingError, UsageError

if TYPE_CHECKING:
    from wadjet.compiler.bundle.lazy import Change
    from wadjet.pipeline.deferring import Costly

NOTHING = 1
"""The exit code where nothing was deferred."""

_EPILOG = """\
examples:
  wadjet startup app.py                          record what the start costs: app.wadjet
  wadjet lazy app.wadjet                         show which imports could wait
  wadjet lazy app.wadjet --apply                 move them into the functions that need them
  wadjet lazy app.wadjet --apply --test 'pytest -q'
                                                 one at a time, kept if the tests pass
  wadjet lazy app.wadjet --apply --keyword       `lazy import`, for Python 3.15 and later

An import of the program's own files is taken from a file's head where only functions use what
it binds, and it costs something. What else relies on it (a registration, a submodule that
others find, a name that tests replace) is not to be seen there: give the tests.

Exits with 0 if something is deferred, 1 if not.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    options.recording(parser)
    parser.add_argument("--apply", action="store_true", help="write the files")
    parser.add_argument(
        "--test", metavar="COMMAND", help="what must succeed after each import is moved"
    )
    parser.add_argument(
        "--keyword", action="store_true", help="write `lazy import` rather than move it"
    )
    parser.add_argument(
        "--least",
        type=float,
        default=1.0,
        metavar="PERCENT",
        help="of the start that an import must take (default 1)",
    )


def run(args: argparse.Namespace) -> int:
    """Defer imports one by one, or show which would be."""
    from wadjet.compiler.bundle.lazy import marked, moved

    if args.test and not args.apply:
        raise UsageError("--test tries changes in the files", "say --apply too")
    found = _candidates(args)
    if args.test and found and not _passes(args.test):
        raise UsageError(f"{args.test} fails already", "mend that first")
    kept = sum(_deferred(each, args, marked if args.keyword else moved) for each in found)
    if args.apply:
        print(f"{kept} deferred")
    return 0 if kept else NOTHING


def _candidates(args: argparse.Namespace) -> list[Costly]:
    """Return the imports of a recording that are worth it."""
    from wadjet.model import store
    from wadjet.model.startup import is_recorded, whole
    from wadjet.pipeline.deferring import costly

    profile = store.load(args.file)
    if not is_recorded(profile):
        raise RecordingError(f"{args.file} is not of a start", "record one with `wadjet startup`")
    least = whole(profile).time * args.least / 100
    return [each for each in costly(profile) if each.time >= least]


def _deferred(costly: Costly, args: argparse.Namespace, change: Change) -> bool:
    """Defer an import, or show it; return whether it is."""
    from wadjet.compiler.bundle.lazy import change_file, prove
    from wadjet.model.units import duration
    from wadjet.render.text.changed import show

    path = Path(costly.path)
    place = f"{costly.path}:{costly.found.line} {costly.found.text} ({duration(costly.time)})"
    texts = change_file(path, costly.found, change)
    if texts is None:
        print(f"wadjet: left: {place}: other lines would have to change", file=sys.stderr)
        return False
    if not args.apply:
        show(costly.path, *texts, sys.stdout)
        return True
    kept = prove(path, *texts, lambda: not args.test or _passes(args.test))
    said = "deferred" if kept else "left: the tests fail without it"
    print(f"wadjet: {said}: {place}", file=sys.stderr)
    return kept


def _passes(command: str) -> bool:
    try:
        done = subprocess.run(
            shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        raise UsageError(f"cannot run {command} ({error.strerror})") from None
    return done.returncode == 0
