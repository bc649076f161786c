"""``%load_ext wadjet``: the magics ``%wadjet`` and ``%%wadjet`` of IPython and Jupyter."""

from __future__ import annotations

import asyncio
import re
import shlex
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import no_var_expand

from wadjet.embed.cells import in_cells
from wadjet.embed.memory import of_memory
from wadjet.embed.session import Session
from wadjet.errors import WadjetError
from wadjet.observe.sampling.settings import DEFAULT_RATE, DEFAULT_WALL_RATE, Settings

EXAMPLES = """\
examples:
  %%wadjet                        record the lines below it, show the summary and the report
  %%wadjet --native --rate 5000   C functions too, 5,000 samples a second
  %%wadjet --memory=exact         where its memory goes
  %wadjet train(model, 3)         record a statement
  r = %wadjet train(model, 3)     keep it for r.profile, r.show(), r.report("train.html")
  %%wadjet -o train.wadjet        keep it in a file, for `wadjet show` and the others
"""

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make the magics known."""
    shell.magics_manager.register_function(magic(shell), "line_cell", "wadjet")


def magic(shell: InteractiveShell) -> Callable[[str, str | None], Session]:
    """Return the function behind ``%wadjet`` and ``%%wadjet``."""
    parser = _parser()

    def wadjet(line: str, cell: str | None = None) -> Session:
        args, statement = _parsed(parser, line)
        if cell is not None and statement:
            raise UsageError(f"{statement!r} is no option; code goes on the lines below")
        if not (statement if cell is None else cell).strip():
            raise UsageError("there is nothing to record: name a statement, or write a cell")
        try:
            return _record(shell, statement if cell is None else _whole(line, cell), args)
        except WadjetError as error:
            raise UsageError(str(error)) from None

    wadjet.__doc__ = parser.format_help()
    no_var_expand(wadjet)
    return wadjet


class _Parser(ArgumentParser):
    """Complains as magics do."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> ArgumentParser:
    parser = _Parser(
        prog="%wadjet",
        description="Record a statement or a cell, and show where its time went.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--rate", type=int, default=DEFAULT_RATE, metavar="HZ", help="samples a second of CPU time")
    add("--wall-rate", type=int, default=DEFAULT_WALL_RATE, metavar="HZ", help="looks a second")
    add("--native", action="store_true", help="the functions of C libraries too")
    add("--memory", action="store_const", const="sampled", help="memory too, in samples")
    add("--memory=exact", dest="memory", action="store_const", const="exact", help="all requests")
    add("-o", "--output", metavar="FILE", help="keep the recording in FILE")
    add("--overwrite", action="store_true", help="replace FILE if it exists")
    add("--no-report", action="store_true", help="show the summary only")
    add("statement", nargs=REMAINDER, help="what to record, where it is no cell")
    return parser


def _parsed(parser: ArgumentParser, line: str) -> tuple[Namespace, str]:
    """Return the options, and what follows them as it was written."""
    words = list(_WORD.finditer(line))
    args = parser.parse_args([_unquoted(word[0]) for word in words])
    rest = len(args.statement)
    return args, line[words[-rest].start() :].strip() if rest else ""


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:  # of a statement, which is not read word by word
        return word


def _whole(line: str, cell: str) -> str:
    """Return the cell with a line in place of the magic, so that its lines count as they stand.

    A magic that comes next has to come first.
    """
    return cell if cell.startswith("%%") else f"# %%wadjet {line}\n{cell}"


def _record(shell: InteractiveShell, code: str, args: Namespace) -> Session:
    if _needs_a_loop(shell, code):
        raise UsageError(
            "a cell that awaits cannot be recorded from without; "
            "put `with wadjet.sample() as recording:` into it"
        )
    number = shell.displayhook.prompt_count
    session = Session(
        Settings(args.rate, args.wall_rate, native=args.native),
        Path(args.output).absolute() if args.output else None,
        overwrite=args.overwrite,
        command=["cell", str(number)],
        view=lambda profile: in_cells(profile, shell, number),
        framed=not args.no_report,
        companions=[of_memory(exact=args.memory == "exact")] if args.memory else [],
    )
    with session:
        shell.run_cell(code, store_history=False)  # type: ignore[no-untyped-call]
    return session


def _needs_a_loop(shell: InteractiveShell, code: str) -> bool:
    """Say whether the code awaits, which Jupyter's running event loop does not let it do here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    try:
        transformed = shell.transform_cell(code)  # type: ignore[no-untyped-call]
    except Exception:  # whatever is wrong with the code, running it will tell
        return False
    return bool(shell.should_run_async(code, transformed_cell=transformed))
