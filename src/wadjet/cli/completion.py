"""``wadjet completion``: a script for bash, zsh or fish, made from the commands' parsers."""

from __future__ import annotations

import argparse

from wadjet.cli.parser import Parser, parser
from wadjet.cli.table import COMMANDS
from wadjet.errors import MissingExtraError

EXAMPLES = """\
examples:
  wadjet completion bash > ~/.local/share/bash-completion/completions/wadjet
  wadjet completion zsh > ~/.zfunc/_wadjet     with ~/.zfunc in $fpath
  wadjet completion fish > ~/.config/fish/completions/wadjet.fish
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that reads it")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        raise MissingExtraError(
            "completion needs the package shtab", "run `pip install 'wadjet[completion]'`"
        ) from None
    print(shtab.complete(everything(shtab.FILE), shell=args.shell))
    return 0


def everything(files: object) -> argparse.ArgumentParser:
    """Return one parser with every command in it, the paths marked to complete as ``files``."""
    whole = Parser(prog="wadjet", description="See what a Python program costs, and mend it.")
    whole.add_argument("--version", action="version", version="")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        declared = parser(command)
        for argument in declared.paths():
            argument.complete = files  # type: ignore[attr-defined]
        commands.add_parser(command.name, help=command.summary, parents=[declared], add_help=False)
    return whole
