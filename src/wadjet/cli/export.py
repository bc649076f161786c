"""``wadjet export``: a recording in another viewer's format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wadjet.cli import options, part
from wadjet.cli.output import STANDARD, output
from wadjet.errors import UsageError
from wadjet.model.profile import Profile
from wadjet.model.store import load
from wadjet.model.transform import only_metric
from wadjet.render.renderer import Options
from wadjet.render.table import FORMATS, Format

EXAMPLES = """\
examples:
  wadjet export app.wadjet --to speedscope
  wadjet export app.wadjet --to pprof --metric cpu -o cpu.pb.gz
  wadjet export app.wadjet --to gecko --thread 'worker-*' --time 10:20
  wadjet export app.wadjet --to collapsed -o - | flamegraph.pl --countname ns > app.svg
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    width = max(len(name) for name in FORMATS) + 2
    rows = "".join(f"  {each.name:{width}} {each.help}\n" for each in FORMATS.values())
    parser.epilog = f"formats:\n{rows}\n{EXAMPLES}"
    options.recording(parser)
    parser.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help="see below")
    options.output(parser, "beside FILE")
    parser.add_argument(
        "--metric",
        metavar="NAME",
        help="only this metric, such as cpu or peak (default: all of them in speedscope, pprof, "
        "callgrind, perfetto and json; the wall clock in gecko; CPU time, if it was "
        "measured, in collapsed and pstats)",
    )
    parser.add_argument(
        "--thread-first",
        action="store_true",
        help="begin each stack with its thread (only collapsed: the others tell threads apart)",
    )
    part.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file and say how to open it."""
    to = FORMATS[args.to]
    if args.thread_first and to.name != "collapsed":
        raise UsageError("--thread-first is for --to collapsed", "leave it out")
    path = args.output or args.file.with_name(args.file.stem + to.suffix)
    _check(to, path, args.file)
    profile = _asked_for(load(args.file), args)
    with output(path, overwrite=args.overwrite) as out:
        to.renderer().render(profile, out, Options(thread_first=args.thread_first))
    if str(path) != STANDARD:
        print(f"Wrote {path}: {to.help}")
    return 0


def _check(to: Format, path: Path, recording: Path) -> None:
    if path.resolve() == recording.resolve():
        raise UsageError("the export would replace the recording", "name another --output")
    if str(path) == STANDARD and not to.text and sys.stdout.isatty():
        raise UsageError(f"{to.name} is binary and would upset the terminal", "name an --output")


def _asked_for(profile: Profile, args: argparse.Namespace) -> Profile:
    try:
        chosen, _ = part.chosen(profile, args)
        return chosen if args.metric is None else only_metric(chosen, args.metric)
    except ValueError as error:
        raise UsageError(str(error)) from None
