"""``wadjet startup``: record what a program's start costs, and hold it to a budget."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import program
from wadjet.cli.parser import Parser
from wadjet.errors import OutputError, UsageError

if TYPE_CHECKING:
    from wadjet.model.profile import Fact, Profile

EPILOG = """\
examples:
  wadjet startup app.py --help             what a program's start costs
  wadjet startup -c 'import pandas'        what an import costs
  wadjet startup -c pass                   what Python itself costs
  wadjet startup --budget '120 ms, 600 syscalls' -m app --version
                                           exit code 1 where it costs more: for CI
  wadjet diff old.wadjet app.wadjet        compare two starts
  wadjet startup --fix app.py              what mild treatments gain, and the edits: --apply
                                           makes them, --undo takes them back

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
    mend = parser.add_argument_group("to mend it")
    mend.add_argument(
        "--fix",
        action="store_true",
        help="measure mild treatments of a script, in turn with it as it is, and show the edits",
    )
    mend.add_argument("--apply", action="store_true", help="make the edits that --fix shows")
    mend.add_argument("--undo", action="store_true", help="take all such edits back")
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
        "--instructions",
        action="store_true",
        help="count user instructions too, in a run of its own (perf, or else valgrind)",
    )
    results.add_argument(
        "--unused",
        action="store_true",
        help="find imports that this run did not use: it is run again, with them waiting",
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
    if args.fix or args.undo or args.apply:
        return _mended(args, words, flags)
    if limits and not args.calls and (limits.calls is not None or limits.read is not None):
        raise UsageError("--no-syscalls counts nothing to hold to that budget", "leave it out")
    path = args.output or program.free_path(program.stem(args))
    if path.exists() and not args.overwrite:  # to say so after two runs would be late
        raise OutputError(f"{path} exists", "choose another --output or pass --overwrite")
    start = record(words, flags, calls=args.calls, runs=args.runs)
    more = _more(args, start.profile, [sys.executable, *flags, *words])
    profile = replace(start.profile, about={**start.profile.about, **more})
    store.save(profile, path, overwrite=args.overwrite)
    over = list(budget.exceeded(profile, limits)) if limits else []
    if not args.quiet:
        _summarize(profile, path)
    for each in over:
        print(f"wadjet: {each.message}", file=sys.stderr)
    return 1 if over else start.status if start.status >= 0 else 128 - start.status


def _mended(args: argparse.Namespace, words: list[str], flags: list[str]) -> int:
    from wadjet.cli.fix import fix, undo

    if args.fix == args.undo:
        raise UsageError("--apply needs --fix; --fix and --undo are two things", "say one of them")
    return undo(words) if args.undo else fix(args, words, flags)


def _more(args: argparse.Namespace, profile: Profile, command: list[str]) -> dict[str, Fact]:
    """Return what further runs tell, where they are asked for."""
    found: dict[str, Fact] = {}
    if args.instructions:
        from wadjet.observe.startup import instructions

        counted = instructions.count(command, os.environ)
        found["instructions"] = [counted.number, counted.tool]
    if args.unused:
        from wadjet.compiler.bundle.trial import unused

        waited = unused(profile)
        found["unused"] = [[each.module, each.text, list(each.loads)] for each in waited or ()]
        if waited is None:
            print(
                "wadjet: with its imports waiting the program is not the same: which were not "
                "used is not known (`wadjet lazy --hook` finds out what must not wait)",
                file=sys.stderr,
            )
    return found


def _summarize(profile: Profile, path: Path) -> None:
    from wadjet.model.units import count
    from wadjet.observe.diagnosis import diagnose
    from wadjet.render.text import summary

    summary(profile, diagnose(profile), sys.stderr, str(path))
    match profile.about.get("instructions"):
        case [int(number), str(tool)]:
            print(f"{count(number)} user instructions, by {tool}", file=sys.stderr)
