"""``wadjet diff BEFORE AFTER``: what changed between two recordings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wadjet.cli import options, part
from wadjet.errors import UsageError
from wadjet.model import store
from wadjet.model.difference import Difference, difference
from wadjet.model.memory import PEAK
from wadjet.model.profile import Profile
from wadjet.model.totals import fold
from wadjet.render.text.changes import compare

SLOWER = 1
"""The exit code of --fail-above where something got slower."""

_EPILOG = """\
examples:
  wadjet diff old.wadjet new.wadjet                     what got faster, what slower
  wadjet diff --per second old.wadjet new.wadjet        of a server, recorded for different times
  wadjet diff --metric peak old.wadjet new.wadjet       who has more memory at the peak
  wadjet diff --fail-above 5 old.wadjet new.wadjet      for CI: exit with 1 where code got slower

Functions are matched by name and file, whatever their line. A change is marked as sure when
the sampling of both recordings cannot have brought it about by chance; two runs of the same
program differ by themselves as well, which comparing two such runs shows.

--fail-above PERCENT exits with 1 if the program as a whole, or the self cost of a function,
surely grew by more than PERCENT of what the whole program cost before.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("before", type=Path, metavar="BEFORE", help="a recording")
    parser.add_argument("after", type=Path, metavar="AFTER", help="a later one")
    parser.add_argument("--metric", metavar="NAME", help=options.METRICS)
    parser.add_argument(
        "--per",
        choices=["run", "second", "share"],
        default="run",
        help="compare costs of the whole run (the default), of a second, or shares",
    )
    parser.add_argument(
        "--top", type=part.count, default=20, metavar="N", help="rows (default: 20)"
    )
    parser.add_argument(
        "--fail-above", type=part.share, metavar="PERCENT", help="exit with 1 if slower by more"
    )
    part.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compare the recordings."""
    before, after = store.load(args.before), store.load(args.after)
    try:
        (old, scope), (new, _) = part.chosen(before, args), part.chosen(after, args)
        found = difference(old, new, args.metric or _metric(before, after), args.per)
    except ValueError as error:
        raise UsageError(str(error)) from None
    files = (str(args.before), str(args.after))
    compare(found, (before, after), files, sys.stdout, top=args.top, scope=", ".join(scope))
    if args.fail_above is None:
        return 0
    slower = _slower(found, args.fail_above)
    if slower:
        word = "slower" if found.metric.unit == "ns" else "more"
        print(f"{word} by more than {100 * args.fail_above:g} %: {', '.join(slower)}")
    return SLOWER if slower else 0


def _metric(before: Profile, after: Profile) -> str:
    """Return what is compared where nothing is said: CPU time if both have it."""
    names = [
        {each.name for each in profile.metrics if fold(profile, each.name).count}
        for profile in (before, after)
    ]
    both = names[0] & names[1]
    usual = ("cpu", "wall", PEAK.name, *(each.name for each in before.metrics))
    return next((name for name in usual if name in both), "cpu")


def _slower(found: Difference, limit: float) -> list[str]:
    """Return what surely grew by more than ``limit`` of the whole, in words."""
    allowed = limit * found.before
    whole = ["the whole program"] if found.sure and found.delta > allowed else []
    return whole + [each.name for each in found.changes if each.sure and each.delta > allowed]
