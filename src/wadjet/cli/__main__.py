"""The ``wadjet`` command: finds the command in the table and runs it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from wadjet import __version__
from wadjet.cli.table import COMMANDS
from wadjet.errors import WadjetError


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``wadjet`` with ``argv`` and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(words)
    args = parser.parse_args(words)
    try:
        return int(args.run(args))
    except WadjetError as error:
        print(f"wadjet: {error}", file=sys.stderr)
        return error.exit_code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Declare only the called command's options: importing all of them costs start-up."""
    parser = argparse.ArgumentParser(
        prog="wadjet", description="See what a Python program costs, and mend it."
    )
    parser.add_argument("--version", action="version", version=f"wadjet {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    called = next((word for word in words if not word.startswith("-")), None)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help)
        if command.name == called:
            module = importlib.import_module(command.module)
            module.arguments(sub)
            sub.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
