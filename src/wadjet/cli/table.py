"""Every command of ``wadjet``: its name, the module that runs it, and one line of help.

A command's module has ``arguments(parser)``, which declares its options, and
``run(args) -> int``, which returns the exit code. It is imported only when it is called.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table."""

    name: str
    help: str

    @property
    def module(self) -> str:
        """The module to import when the command is called."""
        return f"wadjet.cli.{self.name}"


COMMANDS = (
    Command("run", "run a program and record where its time goes"),
    Command("show", "show a recording in the terminal"),
    Command("report", "write a recording as one HTML file"),
    Command("diff", "compare two recordings"),
    Command("export", "convert a recording for another viewer"),
)
