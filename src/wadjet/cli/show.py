"""``wadjet show FILE``: a recording in the terminal."""

from __future__ import annotations

import argparse
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from wadjet.errors import UsageError
from wadjet.model import store, transform
from wadjet.model.profile import Profile, State
from wadjet.observe.sampling.diagnosis import diagnose
from wadjet.render import text

STATES = {
    "running": State.RUN_GIL,
    "native": State.RUN_NATIVE,
    "waiting": State.WAIT_GIL,
    "runnable": State.RUNNABLE,
    "blocked": State.BLOCKED,
}
_EPILOG = """\
examples:
  wadjet show app.wadjet                                  what stands out, and the hottest places
  wadjet show --tree app.wadjet                           callers above callees
  wadjet show --callers parse app.wadjet                  who calls parse
  wadjet show --metric wall --state blocked app.wadjet    where threads wait
  wadjet show --by line --thread 'worker-*' app.wadjet    the hottest lines of some threads
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording")
    what = parser.add_argument_group("what to show")
    what.add_argument("--metric", help="cpu or wall (default: cpu where it was sampled)")
    what.add_argument("--by", choices=["function", "line", "file", "module"], default="")
    what.add_argument("--sort", choices=["self", "total"], default="self")
    what.add_argument("--top", type=_count, default=10, metavar="N", help="rows (default: 10)")
    what.add_argument("--tree", action="store_true", help="the call tree")
    what.add_argument(
        "--callers", metavar="REGEX", help="the tree of who calls functions that match"
    )
    what.add_argument(
        "--invert", action="store_true", help="the tree upside down, from where the cost arose"
    )
    what.add_argument(
        "--least",
        type=_percent,
        default=0.01,
        metavar="PERCENT",
        help="leave smaller branches of the tree out (default: 1)",
    )
    part = parser.add_argument_group("of which part")
    part.add_argument(
        "--thread", action="append", metavar="NAME", help="of this thread; * and ? match anything"
    )
    part.add_argument("--state", action="append", choices=list(STATES), help="in this state")
    part.add_argument("--time", type=_span, metavar="FROM:TO", help="between two seconds")
    part.add_argument(
        "--focus", metavar="REGEX", help="only below functions that match (name, or file:name)"
    )
    part.add_argument(
        "--hide", metavar="REGEX", help="without functions that match; callers bear their cost"
    )
    part.add_argument("--no-native", action="store_true", help="without native functions")


def run(args: argparse.Namespace) -> int:
    """Show the recording."""
    profile = store.load(args.file)
    try:
        if args.metric:
            profile.metric_index(args.metric)
        part, scope = _part(profile, args)
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
    text.show(profile, diagnose(profile), view, sys.stdout, part=part)
    return 0


def _part(profile: Profile, args: argparse.Namespace) -> tuple[Profile, list[str]]:
    """Return the part of the recording that was asked for, and what it is in words."""
    scope: list[str] = []
    if args.thread:
        profile = transform.only(profile, threads=_threads(profile, args.thread))
        scope.append("threads " + " and ".join(f"`{name}`" for name in args.thread))
    if args.state:
        profile = transform.only(profile, states=[STATES[name] for name in args.state])
        scope.append(" or ".join(args.state))
    if args.time:
        start, end = args.time
        profile = transform.only(profile, start=start, end=end)
        scope.append(
            f"from {start / 1e9:g} s to {'the end' if end is None else f'{end / 1e9:g} s'}"
        )
    if args.no_native:
        profile = transform.hide_kind(profile, "native")
        scope.append("without native functions")
    if args.hide:
        profile = transform.hide(profile, args.hide)
        scope.append(f"without `{args.hide}`")
    if args.focus:
        profile = transform.focus(profile, args.focus)
        scope.append(f"below `{args.focus}`")
    if args.callers:
        profile = transform.callers(profile, args.callers)
        scope.append(f"who calls `{args.callers}`")
    elif args.invert:
        profile = transform.invert(profile)
    return profile, scope


def _threads(profile: Profile, patterns: list[str]) -> list[int]:
    chosen = [
        number
        for number, thread in enumerate(profile.threads)
        if any(thread.name == each or fnmatchcase(thread.name, each) for each in patterns)
    ]
    if not chosen:
        names = sorted({thread.name for thread in profile.threads})
        raise UsageError(
            f"no thread is called {' or '.join(patterns)}",
            "there are " + ", ".join(names[:8]) + (" and more" if len(names) > 8 else ""),
        )
    return chosen


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _percent(text: str) -> float:
    value = float(text.rstrip("% "))
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value / 100


def _span(text: str) -> tuple[int, int | None]:
    start, colon, end = text.partition(":")
    try:
        low, high = float(start or 0), float(end) if end else None
    except ValueError:
        low, high = -1.0, None
    if not colon or low < 0 or (high is not None and high <= low):
        raise argparse.ArgumentTypeError(f"{text} is not FROM:TO in seconds, such as 1.5:3")
    return round(low * 1e9), None if high is None else round(high * 1e9)
