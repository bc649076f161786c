"""``wadjet refs``: the references that an extension takes and gives."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from wadjet.errors import NoInputError, UnsupportedError, UsageError
from wadjet.model.finding import Finding
from wadjet.native.refs.building import FOLDER, SITE, build
from wadjet.native.refs.hunting import Hunted, hunt
from wadjet.native.refs.reading import Reports, read
from wadjet.native.refs.running import REPORTS, Ended
from wadjet.native.refs.running import run as start
from wadjet.render.text.findings import show

FOUND = 1
"""The exit code where the program ended well and mistakes were found."""

_EPILOG = """\
which to use:
  hunt    first, and for any package: repeats its tests as they are, nothing is rebuilt, and says
          what each leaves behind every time, the line that made it, and who has it
  build   when the source is at hand and can be compiled: has each call of the C API go by way of
          a ledger, which changes nothing but the compiler
  run     then: names the line of C of each leak, and mistakes that no growth tells of, such as
          references given away or used too late
  show    the last report of `run` once more

examples:
  wadjet refs hunt -- pytest tests         repeat the tests, and report what grows
  wadjet refs hunt --json -- python -m pytest --pyargs name
  wadjet refs build ./project              build it for the ledger, into project/build/wadjet-refs
  wadjet refs run -- pytest --pyargs name  run its tests, and report what they do with references
  wadjet refs run --into DIR --json -- python script.py
  wadjet refs show                         the last report once more

`hunt` and `run` exit as the program does, or with 1 if that is 0 and there are findings.
In a test run of one's own, `pytest --wadjet-refs` is the same as `hunt`, but for what C asks
for by itself: that needs a library that is loaded before the program.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    hunts = actions.add_parser("hunt", help="repeat tests, and say what each run leaves behind")
    _json(hunts)
    hunts.add_argument("command", nargs=argparse.REMAINDER, metavar="-- pytest ...")
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
    _json(runs)
    runs.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    shows = actions.add_parser("show", help="show the last report")
    _into(shows)
    _json(shows)


def _into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        help=f"where the build and the reports are (default: {FOLDER} in the project)",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="a line of JSON for each finding")


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    return {"hunt": _hunt, "build": _build, "run": _run, "show": _show}[args.action](args)


def _hunt(args: argparse.Namespace) -> int:
    try:
        from wadjet.observe.memory.agent import LIBRARY
    except ImportError:
        raise UnsupportedError("this platform cannot watch memory", "use Linux") from None
    hunted = hunt(_command(args), LIBRARY)
    if args.json:
        _print_json(hunted.findings)
    else:
        _tell(hunted)
    return hunted.ended.exit_code or (FOUND if hunted.findings else 0)


def _tell(hunted: Hunted) -> None:
    show(hunted.findings, sys.stdout)
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
    command = _command(args)
    folder = args.into or FOLDER
    if not (folder / SITE).is_dir():
        raise NoInputError(f"{folder} has no build", "make one with `wadjet refs build`")
    ended = start(command, folder / SITE, folder / REPORTS)
    found = read(folder / REPORTS, ended)
    _print(found, ended, as_json=args.json)
    return ended.exit_code or (FOUND if found.findings else 0)


def _command(args: argparse.Namespace) -> list[str]:
    command: list[str] = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("there is no command to run", "write it behind `--`")
    return command


def _show(args: argparse.Namespace) -> int:
    found = read((args.into or FOLDER) / REPORTS)
    _print(found, None, as_json=args.json)
    return FOUND if found.findings else 0


def _print(found: Reports, ended: Ended | None, *, as_json: bool) -> None:
    if as_json:
        _print_json(found.findings)
        return
    show(found.findings, sys.stdout)
    number = len(found.findings)
    told = f"{number} mistake{'s' if number != 1 else ''} with references"
    if found.unconfirmed:
        told += f"; {found.unconfirmed} lines keep references that did not grow"
    print(f"{told}." if number or found.unconfirmed else "No mistakes with references.")
    if ended is not None and ended.signal:
        print(f"The program was ended by {ended.signal}.")


def _print_json(findings: list[Finding]) -> None:
    for each in findings:
        print(json.dumps(asdict(each)))
