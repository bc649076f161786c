"""``wadjet warm``: an interpreter that is ready, for programs that are run often."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from wadjet.cli import options, program
from wadjet.cli.parser import Parser
from wadjet.errors import UsageError

_EPILOG = """\
examples:
  wadjet warm start --preload pandas,django   an interpreter that has imported them, for an hour
  wadjet warm run report.py --year 2026       run a program there, as `python report.py` does
  wadjet warm client -o py                    then ./py report.py, ./py -m tool, ./py -c CODE:
                                              the same in a millisecond or two
  wadjet warm status                          which servers there are
  wadjet warm stop                            end those of this Python

A server is yours alone: its socket is in $XDG_RUNTIME_DIR/wadjet (or /tmp/wadjet-UID, mode 0700),
and it asks the kernel who connects. It ends by itself when nobody has used it for --idle seconds,
and when a file that it has in memory changes. Programs are then run by the plain python, as they
are where options of python are given, or where a variable tells python to start otherwise.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    starts = actions.add_parser("start", help="start a server, unless there is one")
    starts.add_argument(
        "--idle",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="end after so long without a program (default 3600)",
    )
    runs = actions.add_parser("run", help="run a program in the server, as python would")
    client = actions.add_parser("client", help="write an executable that does that")
    options.output(client, "py")
    stops = actions.add_parser("stop", help="end the servers of this Python")
    for each in (starts, runs, client, stops):
        each.add_argument(
            "--preload", metavar="MODULES", help="what the server has imported, commas between"
        )
    program.arguments(runs.add_argument_group("the program"))
    actions.add_parser("status", help="show the servers that are running")


def run(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    from wadjet.target.behavior import require_native

    require_native()
    return _ACTIONS[args.action](args)


def _preload(args: argparse.Namespace) -> list[str]:
    return [each for each in (args.preload or "").split(",") if each]


def _start(args: argparse.Namespace) -> int:
    from wadjet.compiler.bundle.warm.control import start

    if args.idle <= 0:
        raise UsageError(f"--idle {args.idle:g} is no time", "give more than 0 seconds")
    made = start(_preload(args), args.idle)
    print("ready" if made else "a server of this Python with these imports is running already")
    return 0


def _name(args: argparse.Namespace) -> str:
    """Return the name of the server that is meant: as given, else the only one of this Python."""
    from wadjet.compiler.bundle.warm.control import here
    from wadjet.compiler.bundle.warm.place import name

    known = here() if args.preload is None else None
    return name(_preload(args) if known is None else known.preload)


def _run(args: argparse.Namespace) -> int:
    from wadjet.compiler.bundle.warm.control import kept_client

    words = [*shlex.split(args.python), *program.command(args, "warm run")]
    client = kept_client(_name(args))
    sys.stdout.flush()
    os.execv(client, ["wadjet warm run", *words])


def _client(args: argparse.Namespace) -> int:
    from wadjet.cli.output import output
    from wadjet.compiler.bundle.warm.control import client

    path = args.output or Path("py")
    data = client(_name(args))
    with output(path, overwrite=args.overwrite) as out:
        out.write(data)
    if str(path) != "-":
        path.chmod(0o755)
    return 0


def _status(_args: argparse.Namespace) -> int:
    from wadjet.compiler.bundle.warm.control import servers

    found = servers()
    for each in found:
        print(f"{each.pid} {each.python}: {', '.join(each.preload) or 'no imports'}")
    if not found:
        print("no server is running")
    return 0 if found else 1


def _stop(args: argparse.Namespace) -> int:
    from wadjet.compiler.bundle.warm.control import here, servers, stop

    known = here(None if args.preload is None else _preload(args))
    own = [each for each in servers() if each.python == sys.executable]
    for each in own if args.preload is None else [known] if known else []:
        stop(each)
    return 0


_ACTIONS = {"start": _start, "run": _run, "client": _client, "status": _status, "stop": _stop}
