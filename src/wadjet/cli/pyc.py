"""``wadjet pyc``: compiled files that say which passes made them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import CodeType

from wadjet.compiler.catalog import of_record
from wadjet.errors import PycError
from wadjet.pipeline.code import compiled
from wadjet.pipeline.pyc import Check, files, level_in, problems, read, source_path

Words = Sequence[str]

WRONG = 1
"""The exit code where a file is not what it says."""

_EPILOG = """\
examples:
  wadjet pyc list src/             every compiled file of passes, and which passes
  wadjet pyc show FILE             one of them: its passes, and how it knows its source
  wadjet pyc verify src/           compile anew and compare: nothing stale, foreign or damaged
  wadjet pyc clean src/            remove them all

`verify` exits with 1 if something is wrong. A path may be a file or a folder.
"""

_KNOWS = {
    Check.TIME: "time and size of the source",
    Check.HASH: "hash of the source, looked at on import",
    Check.NEVER: "hash of the source, never looked at",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("action", choices=tuple(_ACTIONS), help="what to do")
    parser.add_argument(
        "paths", nargs="*", type=Path, default=[Path()], metavar="PATH", help="default: here"
    )
    parser.add_argument(
        "-O",
        "--passes",
        metavar="WORDS",
        default="",
        help="passes to verify by, beside installed ones and those of pyproject.toml",
    )


def run(args: argparse.Namespace) -> int:
    """Do it to each file."""
    found = [each for place in args.paths for each in files(place)]
    if not found:
        print("wadjet: no compiled files of passes there", file=sys.stderr)
    action = _ACTIONS[args.action]
    words = [each for each in args.passes.split(",") if each]
    return max((action(path, words) for path in found), default=0)


def _list(path: Path, _: Words) -> int:
    try:
        print(f"{path}: {read(path).record or 'no passes'}")
    except PycError as error:
        print(f"wadjet: {error}", file=sys.stderr)
    return 0


def _show(path: Path, _: Words) -> int:
    found = read(path)
    print(f"{path}\n  source   {source_path(path)}")
    print(f"  passes   {found.record.partition(': ')[2] or 'none'}")
    print(f"  checked  by {_KNOWS[found.check]}")
    return 0


def _verify(path: Path, words: Words) -> int:
    wrong = list(problems(path, partial(_anew, words)))
    for each in wrong:
        print(f"{path}: {each}")
    return WRONG if wrong else 0


def _anew(words: Words, path: Path, source: Path, data: bytes, record: str) -> CodeType:
    return compiled(str(source), data, of_record(record, words), optimize=level_in(path))


def _clean(path: Path, _: Words) -> int:
    path.unlink(missing_ok=True)
    print(f"removed {path}")
    return 0


_ACTIONS: dict[str, Callable[[Path, Words], int]] = {
    "show": _show,
    "list": _list,
    "verify": _verify,
    "clean": _clean,
}
