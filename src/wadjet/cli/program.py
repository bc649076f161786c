"""The program that a command runs: a script, a module or a line of code, and its arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from wadjet.errors import NoInputError, UsageError


def arguments(group: argparse._ArgumentGroup) -> None:
    """Declare what is run, and by which options of the interpreter."""
    group.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help="run a module")
    group.add_argument("-c", dest="code", nargs=argparse.REMAINDER, help="run a line of code")
    group.add_argument(
        "--python",
        metavar="OPTIONS",
        default="",
        help="options for the interpreter, as one word: --python '-O -X dev'",
    )
    group.add_argument("script", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def command(args: argparse.Namespace, name: str) -> list[str]:
    """Return what follows ``python`` on the command line."""
    for option, words in (("-m", args.module), ("-c", args.code)):
        if words is not None:
            if not words:
                raise UsageError(f"{option} needs a word after it", f"see `wadjet {name} --help`")
            return [option, *words]
    script = args.script[1:] if args.script[:1] == ["--"] else args.script
    if not script:
        raise UsageError("there is nothing to run", "name a script, -m MODULE or -c CODE")
    if script[0] != "-" and not Path(script[0]).exists():
        raise NoInputError(f"there is no {script[0]}", "give the path of a script")
    return list(script)


def stem(args: argparse.Namespace) -> str:
    """Return what a recording of the program is called."""
    if args.module:
        return str(args.module[0]).partition(".")[0]
    if args.code:
        return "code"
    script = Path(next(word for word in args.script if word != "--"))
    return "stdin" if script.name == "-" else script.resolve().stem


def free_path(stem: str) -> Path:
    """Return a name that is not taken: a second run keeps the first one's recording."""
    path = Path(f"{stem}.wadjet")
    number = 2
    while path.exists():
        path = Path(f"{stem}.{number}.wadjet")
        number += 1
    return path
