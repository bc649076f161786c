"""``wadjet compile PATH...``: source files to compiled ones, by way of passes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from rich.progress import track

from wadjet.cli import options
from wadjet.compiler.catalog import chosen
from wadjet.pipeline.build import Built, Plan, State, build
from wadjet.pipeline.files import files, in_order
from wadjet.pipeline.pyc import Check
from wadjet.render.text.pen import terminal

FAILED = 1
"""The exit code where a file could not be compiled."""

_CHECKS = {"hash": Check.HASH, "time": Check.TIME, "never": Check.NEVER}

_EPILOG = """\
The code of a file goes into __pycache__ beside it (or below PYTHONPYCACHEPREFIX), under a name
with the tag of the passes: app.cpython-311.opt-x1a2b3c4d5e6f.pyc. What is up to date is left
alone. The same source and passes make the same bytes, in whatever order and company.

examples:
  wadjet compile src/                        all below src, by the safe passes
  wadjet compile -O safe,-texts src/         one pass fewer
  PYTHONPYCACHEPREFIX=cache wadjet compile --untagged src/
  PYTHONPYCACHEPREFIX=cache python src/app.py           a plain python loads the result

Exits with 1 if a file could not be compiled.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders")
    options.passes(parser)
    parser.add_argument(
        "--check",
        choices=tuple(_CHECKS),
        default="hash",
        help="how a compiled file knows its source: by its hash (the default), its time, or never",
    )
    parser.add_argument(
        "--untagged",
        action="store_true",
        help="under the name that python itself looks for: it then needs nothing of Wadjet",
    )
    parser.add_argument(
        "--level", type=int, choices=(0, 1, 2), default=0, help="as python -O and -OO (default: 0)"
    )
    parser.add_argument("-f", "--force", action="store_true", help="also what is up to date")
    parser.add_argument(
        "-j", "--jobs", type=int, metavar="N", help="processes (default: all cores)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say only what failed")


def run(args: argparse.Namespace) -> int:
    """Compile, and say how many."""
    words = tuple(options.words(args.passes))
    chosen(words)  # raises here, rather than in each process
    work = partial(_build, words, args)
    paths = [each for each in files(args.paths) if each.suffix == ".py"]
    results: Iterable[Built] = in_order(work, paths, args.jobs)
    console = terminal(sys.stderr)
    results = track(
        results,
        "compiling",
        len(paths),
        console=console,
        transient=True,
        disable=args.quiet or not console.is_terminal,
    )
    counts: Counter[State] = Counter()
    for each in results:
        counts[each.state] += 1
        if each.state is State.FAILED:
            print(f"wadjet: {each.complaint}", file=sys.stderr)
    if not args.quiet:
        print(", ".join(f"{count} {state.value}" for state, count in counts.items()) or "nothing")
    return FAILED if counts[State.FAILED] else 0


@cache
def _plan(words: tuple[str, ...], check: Check, level: int, tagged: bool, force: bool) -> Plan:
    return Plan(chosen(words), check, level, tagged, force)


def _build(words: tuple[str, ...], args: argparse.Namespace, path: Path) -> Built:
    plan = _plan(words, _CHECKS[args.check], args.level, not args.untagged, args.force)
    return build(plan, path)
