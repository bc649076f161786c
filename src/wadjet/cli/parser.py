"""The parser of one command, as its module declares it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from wadjet.cli.table import Command
from wadjet.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Complains as everything else here does: one line, and a documented exit code.

    ``attached`` says for a flag which option takes a value that is written right behind it:
    ``-O`` is a flag, and ``-Osafe`` the same as ``--passes safe``.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.attached: dict[str, str] = {}

    def error(self, message: str) -> NoReturn:
        """Raise UsageError; argparse would print the whole usage and exit with 2."""
        raise UsageError(message, f"see `{self.prog} --help`")

    def read(self, words: list[str]) -> argparse.Namespace:
        """Parse words; options may stand between the paths of a list, too."""
        if any(action.nargs == argparse.ZERO_OR_MORE for action in self._get_positional_actions()):
            return self.parse_intermixed_args(words)
        return self.parse_args(words)

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """Return what a word that is no option as it stands may be: action, option and value.

        A word with a space in it is a value: ``--python '-O -u'`` has no ``-O``.
        """
        found = [] if " " in option_string else super()._get_option_tuples(option_string)
        other = self.attached.get(option_string[:2])
        if other is None:
            return found
        return [(self._option_string_actions[other], *rest) for _, *rest in found]

    def paths(self) -> Iterator[argparse.Action]:
        """Yield the arguments that name a file."""
        return (action for action in self._actions if action.type is Path)


def parser(command: Command) -> Parser:
    """Return the command's parser; importing the command's module is the slow part."""
    module = importlib.import_module(command.module)
    made = Parser(
        prog=f"wadjet {command.name}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(made)
    made.set_defaults(run=module.run)
    return made
