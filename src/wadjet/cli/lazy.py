"""``wadjet lazy FILE``: imports that only functions need, made there."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import options
from wadjet.cli.parser import Parser
from wadjet.errors import OutputError, RecordingError, UsageError

if TYPE_CHECKING:
    from wadjet.compiler.bundle.lazy import Change
    from wadjet.model.profile import Profile
    from wadjet.pipeline.deferring import Costly

NOTHING = 1
"""The exit code where nothing was deferred."""

_EPILOG = """\
examples:
  wadjet startup app.py                          record what the start costs: app.wadjet
  wadjet lazy app.wadjet                         show which imports could wait
  wadjet lazy app.wadjet --apply                 move them into the functions that need them
  wadjet lazy app.wadjet --apply --test 'pytest -q'
                                                 one at a time, kept if the tests pass
  wadjet lazy app.wadjet --apply --keyword       `lazy import`, for Python 3.15 and later

  wadjet lazy app.wadjet --hook app.lazy.toml --test 'pytest -q'
                                                 no file is changed: a list of the imports that
                                                 can wait, in whatever the program loads
  python -m wadjet.deferred app.lazy.toml app.py start with the list

An import of the program's own files is taken from a file's head where only functions use what
it binds, and it costs something. What else relies on it (a registration, a submodule that
others find, a name that tests replace) is not to be seen there: give the tests.

Exits with 0 if something is deferred, 1 if not.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    options.recording(parser)
    parser.add_argument("--apply", action="store_true", help="write the files")
    parser.add_argument(
        "--test", metavar="COMMAND", help="what must succeed after each import is moved"
    )
    parser.add_argument(
        "--keyword", action="store_true", help="write `lazy import` rather than move it"
    )
    parser.add_argument(
        "--hook",
        type=Path,
        metavar="FILE",
        help="run the program with its imports waiting, and list those that can in FILE",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.add_argument(
        "--least",
        type=float,
        default=1.0,
        metavar="PERCENT",
        help="of the start that an import must take (default 1)",
    )


def run(args: argparse.Namespace) -> int:
    """Defer imports one by one, or show which would be."""
    from wadjet.compiler.bundle.lazy import marked, moved

    if args.hook:
        return _listed(args)
    if args.test and not args.apply:
        raise UsageError("--test tries changes in the files", "say --apply too")
    found = _candidates(args)
    if args.test and found and not _passes(args.test):
        raise UsageError(f"{args.test} fails already", "mend that first")
    kept = sum(_deferred(each, args, marked if args.keyword else moved) for each in found)
    if args.apply:
        print(f"{kept} deferred")
    return 0 if kept else NOTHING


def _listed(args: argparse.Namespace) -> int:
    """Write the list of the imports that can wait, each proved with the program itself."""
    import tempfile

    from rich.progress import Progress

    from wadjet.compiler.bundle.listing import written
    from wadjet.compiler.bundle.trial import Trial, program_of
    from wadjet.model.units import plural
    from wadjet.render.text.pen import terminal

    if args.apply or args.keyword:
        raise UsageError("--hook changes no file", "leave out --apply and --keyword")
    if args.hook.exists() and not args.overwrite:
        raise OutputError(f"{args.hook} exists", "choose another FILE or pass --overwrite")
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(console=terminal(sys.stderr), transient=True) as progress,
    ):
        program = program_of(_profile(args), shlex.split(args.test or ""), Path(folder))
        trial = Trial(program)
        if trial.fails:
            raise UsageError(f"{args.test} fails already", "mend that first")
        choices = program.choices()
        task = progress.add_task("proving imports", total=len(choices))
        kept, left = trial.prove(choices, lambda count: progress.advance(task, count))
    for each in left:
        print(f"wadjet: left: {each.module}: {each.text}: not the same without", file=sys.stderr)
    if not kept:
        print("0 imports wait")
        return NOTHING
    _write(args.hook, written(program.listed(kept), program.command))
    program.keep(args.hook)
    print(
        f"{plural(len(kept), 'import')} can wait: {args.hook}; the start loads "
        f"{len(trial.loaded)} modules, not {len(trial.before)}"
    )
    return 0


def _write(path: Path, text: str) -> None:
    from wadjet.pipeline.writing import write

    try:
        write(path, text.encode())
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from None


def _candidates(args: argparse.Namespace) -> list[Costly]:
    """Return the imports of a recording that are worth it."""
    from wadjet.model.startup import whole
    from wadjet.pipeline.deferring import costly

    profile = _profile(args)
    least = whole(profile).time * args.least / 100
    return [each for each in costly(profile) if each.time >= least]


def _profile(args: argparse.Namespace) -> Profile:
    """Return the recording of a start."""
    from wadjet.model import store
    from wadjet.model.startup import is_recorded

    profile = store.load(args.file)
    if not is_recorded(profile):
        raise RecordingError(f"{args.file} is not of a start", "record one with `wadjet startup`")
    return profile


def _deferred(costly: Costly, args: argparse.Namespace, change: Change) -> bool:
    """Defer an import, or show it; return whether it is."""
    from wadjet.compiler.bundle.lazy import change_file, prove
    from wadjet.model.units import duration
    from wadjet.render.text.changed import show

    path = Path(costly.path)
    place = f"{costly.path}:{costly.found.line} {costly.found.text} ({duration(costly.time)})"
    texts = change_file(path, costly.found, change)
    if texts is None:
        print(f"wadjet: left: {place}: other lines would have to change", file=sys.stderr)
        return False
    if not args.apply:
        show(costly.path, *texts, sys.stdout)
        return True
    kept = prove(path, *texts, lambda: not args.test or _passes(args.test))
    said = "deferred" if kept else "left: the tests fail without it"
    print(f"wadjet: {said}: {place}", file=sys.stderr)
    return kept


def _passes(command: str) -> bool:
    try:
        done = subprocess.run(
            shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        raise UsageError(f"cannot run {command} ({error.strerror})") from None
    return done.returncode == 0
