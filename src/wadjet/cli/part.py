"""Options of commands that sum over a recording: which part of it, and how much to print."""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase

from wadjet.errors import UsageError
from wadjet.model import transform
from wadjet.model.profile import Profile, State

STATES = {
    "running": State.RUN_GIL,
    "native": State.RUN_NATIVE,
    "waiting": State.WAIT_GIL,
    "runnable": State.RUNNABLE,
    "blocked": State.BLOCKED,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    part = parser.add_argument_group("of which part")
    part.add_argument(
        "--thread",
        action="append",
        metavar="NAME",
        help="of this name or tid; * and ? match anything",
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


def chosen(profile: Profile, args: argparse.Namespace) -> tuple[Profile, list[str]]:
    """Return the part of the recording that was asked for, and what it is in words."""
    scope: list[str] = []
    if args.thread:
        profile = transform.only(profile, threads=_threads(profile, args.thread))
        scope.append("thread " + " or ".join(f"`{name}`" for name in args.thread))
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
    return profile, scope


def count(text: str) -> int:
    """Read a number of things, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def share(text: str) -> float:
    """Read a share given in percent; return it as a part of 1."""
    value = float(text.rstrip("% "))
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100 percent")
    return value / 100


def _threads(profile: Profile, patterns: list[str]) -> list[int]:
    numbers = [
        number
        for number, thread in enumerate(profile.threads)
        if any(each in (thread.name, str(thread.tid)) for each in patterns)
        or any(fnmatchcase(thread.name, each) for each in patterns)
    ]
    if not numbers:
        names = sorted({thread.name for thread in profile.threads})
        known = ", ".join(names[:8]) + (" and more" if len(names) > 8 else "")
        raise UsageError(
            f"no thread is called {' or '.join(patterns)}", f"there are {known}" if known else ""
        )
    return numbers


def _span(text: str) -> tuple[int, int | None]:
    start, colon, end = text.partition(":")
    try:
        low, high = float(start or 0), float(end) if end else None
    except ValueError:
        low, high = -1.0, None
    if not colon or not 0 <= low < (high if high is not None else float("inf")):
        raise argparse.ArgumentTypeError(f"{text} is not FROM:TO in seconds, such as 1.5:3")
    return round(low * 1e9), None if high is None else round(high * 1e9)
