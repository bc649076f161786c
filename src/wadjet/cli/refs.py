"""``wadjet refs``: the references that an extension takes and gives."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from wadjet.cli.output import write_sarif
from wadjet.errors import NoInputError, UsageError
from wadjet.model.finding import Finding
from wadjet.native.refs import tracing
from wadjet.native.refs.building import FOLDER, SITE, build
from wadjet.native.refs.checking import Checked, check
from wadjet.native.refs.reading import Reports, read
from wadjet.native.refs.running import REPORTS, Ended
from wadjet.native.refs.running import run as start
from wadjet.render.text import traces
from wadjet.render.text.findings import show

FOUND = 1
"""The exit code where the program ended well and mistakes were found."""

_EPILOG = """\
examples:
  wadjet refs check src                    mistakes that can be read off C and C++ source
  wadjet refs check src --sarif found.sarif
  wadjet refs build ./project              build it for the ledger, into project/build/wadjet-refs
  wadjet refs run -- pytest --pyargs name  run its tests, and report what they do with references
  wadjet refs run --into DIR --json -- python script.py
  wadjet refs show                         the last report once more
  wadjet refs trace Node -- python script.py          who took and dropped references of Nodes
  wadjet refs trace tree.c:120 -- python script.py    ... of what that line makes

`build` changes nothing but the compiler: each call of the C API goes by way of a ledger.
`run` exits as the program does, or with 1 if that is 0 and there are mistakes; so do `check`
and `show`. `check` needs no build. It reads C with tree-sitter, which
pip install "wadjet[native]" brings.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
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
    actions = {"check": _check, "build": _build, "run": _run, "show": _show, "trace": _trace}
    return actions[args.action](args)


def _check(args: argparse.Namespace) -> int:
    checked = check(args.sources)
    if not _write(checked.findings, args):
        _tell(checked)
    return FOUND if checked.findings else 0


def _tell(checked: Checked) -> None:
    """Print how much was read, and how much could not be."""
    number = _mistakes(len(checked.findings)) if checked.findings else "No mistakes"
    told = f"{number} in {checked.functions:,} functions, {checked.lines:,} lines"
    if checked.unread:
        told += f"; {checked.unread} functions could not be read"
    print(f"{told}.")


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
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("there is no command to run", "write it behind `--`")
    if command[0].startswith("-"):
        raise UsageError(f"{command[0]} is no command", "write options first, and `--` behind them")
    folder = args.into or FOLDER
    if not (folder / SITE).is_dir():
        raise NoInputError(f"{folder} has no build", "make one with `wadjet refs build`")
    return folder / REPORTS, start(command, folder / SITE, folder / REPORTS, settings)


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
