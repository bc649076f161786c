"""``wadjet startup``: record what a program's start costs, and hold it to a budget."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import program
from wadjet.cli.parser import Parser
from wadjet.errors import OutputError, UsageError

if TYPE_CHECKING:
    from wadjet.model.profile import Profile

EPILOG = """\
examples:
  wadjet startup app.py --help             what a program's start costs
  wadjet startup -c 'import pandas'        what an import costs
  wadjet startup -c pass                   what Python itself costs
  wadjet startup --budget '120 ms, 600 syscalls' -m app --version
                                           exit code 1 where it costs more: for CI
  wadjet diff old.wadjet app.wadjet        compare two starts

The program is run to its end, twice: once under ptrace to count its system calls (they are
those of `strace -c -f`, as nothing is put into it), and once to take the times. With
--no-syscalls it is run once. A time is that of one run: on a machine that does other things
as well, --runs 9 says more.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.usage = "wadjet startup [options] (SCRIPT | -m MODULE | -c CODE) [ARGUMENT ...]"
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    program.arguments(parser.add_argument_group("the program"))
    results = parser.add_argument_group("the results")
    results.add_argument(
        "--budget",
        metavar="LIMITS",
        help="what it may cost, like '120 ms, 600 syscalls, 2 MiB'; exit code 1 if it costs more",
    )
    results.add_argument(
        "--no-syscalls",
        action="store_false",
        dest="calls",
        help="take the times only: the program is run once",
    )
    results.add_argument(
        "--runs",
        type=int,
        default=1,
        metavar="N",
        help="take the times N times, and keep the run in the middle (default 1)",
    )
    results.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write")
    results.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    results.add_argument("-q", "--quiet", action="store_true", help="no summary at the end")


def run(args: argparse.Namespace) -> int:
    """Record a start, show it, and hold it to the budget; else end as the program ended."""
    from wadjet.model import store
    from wadjet.observe.startup import budget
    from wadjet.observe.startup.recording import record
    from wadjet.target.behavior import require_recordable

    require_recordable()
    limits = budget.parse(args.budget) if args.budget is not None else None
    if args.runs < 1:
        raise UsageError(f"--runs {args.runs} measures nothing", "give 1 or more")
    words, flags = program.command(args, "startup"), shlex.split(args.python)
    if limits and not args.calls and (limits.calls is not None or limits.read is not None):
        raise UsageError("--no-syscalls counts nothing to hold to that budget", "leave it out")
    path = args.output or program.free_path(program.stem(args))
    if path.exists() and not args.overwrite:  # to say so after two runs would be late
        raise OutputError(f"{path} exists", "choose another --output or pass --overwrite")
    start = record(words, flags, calls=args.calls, runs=args.runs)
    store.save(start.profile, path, overwrite=args.overwrite)
    over = list(budget.exceeded(start.profile, limits)) if limits else []
    if not args.quiet:
        _summarize(start.profile, path)
    for each in over:
        print(f"wadjet: {each.message}", file=sys.stderr)
    return 1 if over else start.status if start.status >= 0 else 128 - start.status


def _summarize(profile: Profile, path: Path) -> None:
    from wadjet.observe.diagnosis import diagnose
    from wadjet.render.text import summary

    summary(profile, diagnose(profile), sys.stderr, str(path))
