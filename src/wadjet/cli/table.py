"""Every command of ``wadjet``: its name, the module that runs it, and a line on it.

A command's module has ``arguments(parser)``, which declares its options and gives examples
as the parser's epilog, and ``run(args) -> int``, which returns the exit code. It is imported
only when it is called.
"""

from __future__ import annotations


class Command:
    """A row of the table; a plain class, as to import dataclasses would double the start-up."""

    __slots__ = ("name", "summary")

    def __init__(self, name: str, summary: str) -> None:
        self.name = name
        self.summary = summary

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
    Command("startup", "show what a program's start costs: imports, system calls, phases"),
    Command("lazy", "make imports when they are needed, and prove that nothing relies on them"),
    Command(
        "launcher", "make an executable of a program, with its interpreter, that starts sooner"
    ),
    Command("snapshot", "freeze a program with its imports done into an executable"),
    Command("warm", "keep an interpreter ready, with imports done, for programs run often"),
    Command("heap", "show the objects of a process, and what keeps them alive"),
    Command("grep", "find code that has a shape: Python with holes"),
    Command("rewrite", "write such code anew, and prove it"),
    Command("tree", "show a program's tree, and the byte code that it becomes"),
    Command("explain", "show what the passes make of a program, and what stops them"),
    Command("compile", "compile source files by way of passes, many at once"),
    Command("pyc", "look at compiled files that passes made: show, list, verify, clean"),
    Command("signatures", "list what C functions take, read from their machine code"),
    Command("refs", "watch the references that a C extension takes and gives"),
    Command("embed", "print what a C program that embeds Python is built and debugged with"),
    Command("completion", "print a script that completes wadjet's words in your shell"),
)


def find(name: str) -> Command | None:
    """Return the command called ``name``."""
    return next((command for command in COMMANDS if command.name == name), None)
