"""Writes the generated parts of the reference from what the code itself says.

The options come from the parsers, the exit codes and slugs from the errors, the formats from
the exporter's own table: none of it can fall behind.
"""

from __future__ import annotations

import os
from pathlib import Path

from wadjet import errors
from wadjet.cli.parser import parser
from wadjet.cli.table import COMMANDS, Command


def write(folder: Path) -> None:
    """Write every generated page into ``folder``, leaving what has not changed alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"commands": commands(), "errors": error_table()}.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def commands() -> str:
    """Return a section for each command, with its help as the terminal shows it."""
    os.environ.update(COLUMNS="88", NO_COLOR="1")
    return "\n".join(_command(command) for command in COMMANDS)


def _command(command: Command) -> str:
    declared = parser(command)
    declared.description = None
    lines = [f"## wadjet {command.name}", "", f"{command.summary[0].upper()}{command.summary[1:]}."]
    return "\n".join([*lines, "", "```text", declared.format_help().rstrip(), "```", ""])


def error_table() -> str:
    """Return the table of slugs and exit codes."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    rows = [
        f"| [{kind.slug}]({kind.slug}.md) | {kind.exit_code} | `{kind.__name__}` "
        f"| {(kind.__doc__ or '').splitlines()[0]} |"
        for kind in kinds
        if issubclass(kind, errors.WadjetError)
    ]
    return "\n".join(["| name | exit code | exception | meaning |", "|---|---|---|---|", *rows, ""])
