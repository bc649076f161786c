"""``wadjet show FILE``: a recording in the terminal."""

from __future__ import annotations

import argparse
import sys

from wadjet.cli import options, part
from wadjet.errors import UsageError
from wadjet.model import store, transform
from wadjet.model.profile import Profile
from wadjet.observe.diagnosis import diagnose
from wadjet.render import text

_EPILOG = """\
examples:
  wadjet show app.wadjet                                  what stands out, and the hottest places
  wadjet show --tree app.wadjet                           callers above callees
  wadjet show --callers parse app.wadjet                  who calls parse
  wadjet show --metric wall --state blocked app.wadjet    where threads wait
  wadjet show --metric live --by own app.wadjet           who asked for memory that is never freed
  wadjet show --by line --thread 'worker-*' app.wadjet    the hottest lines of some threads

Shares are of the part that is shown; an error after a ± is that of sampling, at 95 %.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    options.recording(parser)
    what = parser.add_argument_group("what to show")
    what.add_argument("--metric", metavar="NAME", help=options.METRICS)
    what.add_argument(
        "--by",
        choices=["function", "line", "own", "file", "module", "library"],
        default="",
        help="sum costs by this; own: lines of the program, which bear what libraries do for "
        "them; library: packages, C libraries",
    )
    what.add_argument("--sort", choices=["self", "total"], default="self")
    what.add_argument("--top", type=part.count, default=10, metavar="N", help="rows (default: 10)")
    what.add_argument("--tree", action="store_true", help="the call tree")
    what.add_argument(
        "--callers", metavar="REGEX", help="the tree of who calls functions that match"
    )
    what.add_argument(
        "--invert", action="store_true", help="the tree upside down, from where the cost arose"
    )
    what.add_argument(
        "--least",
        type=part.share,
        default=0.01,
        metavar="PERCENT",
        help="leave smaller branches of the tree out (default: 1)",
    )
    what.add_argument("--json", action="store_true", help="for programs: findings and costs")
    part.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show the recording."""
    profile = store.load(args.file)
    try:
        if args.metric:
            profile.metric_index(args.metric)
        chosen, scope = part.chosen(profile, args)
        chosen = _turned(chosen, args, scope)
    except ValueError as error:
        raise UsageError(str(error)) from None
    view = text.View(
        metric=args.metric or "",
        by=args.by,
        top=args.top,
        sort=args.sort,
        tree=args.tree or args.invert or bool(args.callers),
        least=args.least,
        upward=args.invert or bool(args.callers),
        scope=", ".join(scope),
        path=str(args.file),
    )
    findings = diagnose(profile)
    if args.json:
        from wadjet.render.text import machine

        machine.write(chosen, findings, view, sys.stdout)
    else:
        text.show(profile, findings, view, sys.stdout, part=chosen)
    return 0


def _turned(profile: Profile, args: argparse.Namespace, scope: list[str]) -> Profile:
    if args.callers:
        scope.append(f"who calls `{args.callers}`")
        return transform.callers(profile, args.callers)
    return transform.invert(profile) if args.invert else profile
