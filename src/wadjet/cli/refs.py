"""``wadjet refs``: the references that an extension takes and gives."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from wadjet.cli.output import write_sarif
from wadjet.errors import NoInputError, UnsupportedError, UsageError
from wadjet.model.finding import Finding
from wadjet.native.refs import tracing
from wadjet.native.refs.building import FOLDER, SITE, build
from wadjet.native.refs.checking import Checked, check
from wadjet.native.refs.hunting import Hunted, hunt
from wadjet.native.refs.reading import Reports, read
from wadjet.native.refs.running import REPORTS, Ended
from wadjet.native.refs.running import run as start
from wadjet.render.text import traces
from wadjet.render.text.findings import show

FOUND = 1
"""The exit code where the program ended well and mistakes were found."""

_EPILOG = """\
which to use:
  check   the source is at hand: mistakes that can be read off it, at once
  hunt    for any package: repeats its tests as they are, nothing is rebuilt, and says
          what each leaves behind every time, the line that made it, and who has it
  build   when the source is at hand and can be compiled: has each call of the C API go by way of
          a ledger, which changes nothing but the compiler
  run     then: names the line of C of each leak, and mistakes that no growth tells of, such as
          references given away or used too late
  show    the last report of `run` once more
  trace   where one line or type is suspected: who took its references, and who gave them back

examples:
  wadjet refs hunt -- pytest tests         repeat the tests, and report what grows
  wadjet refs hunt --json -- python -m pytest --pyargs name
  wadjet refs check src                    mistakes that can be read off C and C++ source
  wadjet refs check src --sarif found.sarif
  wadjet refs build ./project              build it for the ledger, into project/build/wadjet-refs
  wadjet refs run -- pytest --pyargs name  run its tests, and report what they do with references
  wadjet refs run --into DIR --json -- python script.py
  wadjet refs show                         the last report once more
  wadjet refs trace Node -- python script.py          who took and dropped references of Nodes
  wadjet refs trace tree.c:120 -- python script.py    ... of what that line makes

`build` changes nothing but the compiler: each call of the C API goes by way of a ledger.
`hunt` and `run` exit as the program does, or with 1 if that is 0 and there are findings; so do
`check` and `show`. `check` needs no build. It reads C with tree-sitter, which
pip install "wadjet[native]" brings.
In a test run of one's own, `pytest --wadjet-refs` is the same as `hunt`, but for what C asks
for by itself: that needs a library that is loaded before the program.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    hunts = actions.add_parser("hunt", help="repeat tests, and say what each run leaves behind")
    _form(hunts)
    hunts.add_argument("command", nargs=argparse.REMAINDER, metavar="-- pytest ...")
    checks = actions.add_parser("check", help="find mistakes in C and C++ source")
    checks.add_argument(
        "sources", nargs="+", type=Path, metavar="SRC", help="a file, or a folder of them"
    )
    _form(checks)
    made = actions.add_parser("build", help="build an extension for the ledger")
    made.add_argument("source", type=Path, metavar="DIR", help="the folder of a project")
    _into(made)
    made.add_argument(
        "--pip",
        metavar="OPTIONS",
        default="",
        help="options for pip, as one word: --pip='--no-build-isolation -v'",
    )
    runs = actions.add_parser("run", help="run a program with what was built")
    _into(runs)
    _form(runs)
    runs.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    traced = actions.add_parser("trace", help="follow the references of single objects")
    traced.add_argument(
        "what", metavar="TYPE|FILE:LINE", help="objects of a type, or those that a line makes"
    )
    _into(traced)
    traced.add_argument("--all", action="store_true", help="also objects that are in balance")
    traced.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    shows = actions.add_parser("show", help="show the last report")
    _into(shows)
    _form(shows)


def _into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        help=f"where the build and the reports are (default: {FOLDER} in the project)",
    )


def _form(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a line of JSON for each finding")
    form.add_argument(
        "--sarif", type=Path, metavar="PATH", help="write findings for code hosts, - to print"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace PATH if it exists")


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {
        "check": _check,
        "build": _build,
        "run": _run,
        "show": _show,
        "trace": _trace,
        "hunt": _hunt,
    }
    return actions[args.action](args)


def _check(args: argparse.Namespace) -> int:
    checked = check(args.sources)
    if not _write(checked.findings, args):
        _tell_checked(checked)
    return FOUND if checked.findings else 0


def _tell_checked(checked: Checked) -> None:
    """Print how much was read, and how much could not be."""
    number = _mistakes(len(checked.findings)) if checked.findings else "No mistakes"
    told = f"{number} in {checked.functions:,} functions, {checked.lines:,} lines"
    if checked.unread:
        told += f"; {checked.unread} functions could not be read"
    print(f"{told}.")


def _hunt(args: argparse.Namespace) -> int:
    try:
        from wadjet.observe.memory.agent import LIBRARY
    except ImportError:
        raise UnsupportedError("this platform cannot watch memory", "use Linux") from None
    hunted = hunt(_command(args), LIBRARY)
    if not _write(hunted.findings, args):
        _tell_hunted(hunted)
    return hunted.ended.exit_code or (FOUND if hunted.findings else 0)


def _tell_hunted(hunted: Hunted) -> None:
    number = len(hunted.findings)
    if number:
        print(f"{number} thing{'s' if number != 1 else ''} left behind by each run of a test.")
    elif not hunted.ended.exit_code:
        print("Nothing grows with each run of a test.")
    if hunted.ended.signal:
        print(f"The program was ended by {hunted.ended.signal}.")


def _build(args: argparse.Namespace) -> int:
    made = build(args.source, args.into, tuple(args.pip.split()))
    for each in made.unshimmed:
        print(f"wadjet: {each.source} is not watched: {each.complaint}", file=sys.stderr)
    watched = len(made.compiled) - len(made.unshimmed)
    print(f"{watched} of {len(made.compiled)} files are built for the ledger: {made.site}")
    return 0


def _run(args: argparse.Namespace) -> int:
    reports, ended = _started(args, {})
    found = read(reports, ended)
    _print(found, ended, args)
    return ended.exit_code or (FOUND if found.findings else 0)


def _trace(args: argparse.Namespace) -> int:
    reports, ended = _started(args, {tracing.VARIABLE: args.what})
    found = tracing.read(reports)
    told = found.objects if args.all else found.unbalanced
    traces.show(
        ((each.type, each.alike, each.kept, tracing.folded(each.events)) for each in told),
        sys.stdout,
    )
    if found.is_cut:
        print("There were more events than are kept: these are the first.")
    if not found.objects:
        print(f"The extension has seen no object of `{args.what}`.")
    elif found.balanced:
        print(f"In balance, with all that was taken given back: {found.balanced:,}.")
    if ended.signal:
        print(f"The program was ended by {ended.signal}.")
    return ended.exit_code


def _started(args: argparse.Namespace, settings: dict[str, str]) -> tuple[Path, Ended]:
    """Run the command of the arguments; return where the reports are, and how it ended."""
    command = _command(args)
    folder = args.into or FOLDER
    if not (folder / SITE).is_dir():
        raise NoInputError(f"{folder} has no build", "make one with `wadjet refs build`")
    return folder / REPORTS, start(command, folder / SITE, folder / REPORTS, settings)


def _command(args: argparse.Namespace) -> list[str]:
    command: list[str] = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("there is no command to run", "write it behind `--`")
    if command[0].startswith("-"):
        raise UsageError(f"{command[0]} is no command", "write options first, and `--` behind them")
    return command


def _show(args: argparse.Namespace) -> int:
    found = read((args.into or FOLDER) / REPORTS)
    _print(found, None, args)
    return FOUND if found.findings else 0


def _print(found: Reports, ended: Ended | None, args: argparse.Namespace) -> None:
    if _write(found.findings, args):
        return
    number = len(found.findings)
    told = f"{_mistakes(number)} with references"
    if found.unconfirmed:
        told += f"; {found.unconfirmed} lines keep references that did not grow"
    print(f"{told}." if number or found.unconfirmed else "No mistakes with references.")
    if ended is not None and ended.signal:
        print(f"The program was ended by {ended.signal}.")


def _write(findings: list[Finding], args: argparse.Namespace) -> bool:
    """Write findings in the form that was asked for; return whether that is for machines."""
    if args.overwrite and not args.sarif:
        raise UsageError("--overwrite is for --sarif", "leave it out")
    if args.sarif:
        write_sarif(findings, args.sarif, overwrite=args.overwrite)
    elif args.json:
        for each in findings:
            print(json.dumps(asdict(each)))
    else:
        show(findings, sys.stdout)
    return bool(args.json or args.sarif)


def _mistakes(number: int) -> str:
    return f"{number} mistake{'s' if number != 1 else ''}"
