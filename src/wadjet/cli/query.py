"""Options of commands that look for code by its shape."""

from __future__ import annotations

import argparse
from pathlib import Path

from wadjet.pipeline.shapes.pattern import Pattern, pattern
from wadjet.pipeline.shapes.search import Query

HOLES = """\
A pattern is Python with holes:
  $x             one node; where it is written twice, both must be the same code
  $_             one node, whichever
  $...x          any number: arguments, statements, elements, parameters
  ${x:str}       a constant or node of a kind: int, str, const, name, call, ...
  ${x?}          one that may be missing
"""


def paths(parser: argparse.ArgumentParser) -> None:
    """Add where to look, as ``args.paths``."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files and folders (default: here)"
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add which matches count."""
    parser.add_argument(
        "--inside", action="append", default=[], metavar="PATTERN", help="only within such code"
    )
    parser.add_argument(
        "--not-inside", action="append", default=[], metavar="PATTERN", help="not within such code"
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="EXPR",
        help="only where this is true: Python, in which x is the text that $x stands for, "
        "x.value a constant's value, x.node its node",
    )


def query(args: argparse.Namespace) -> Query:
    """Return what is looked for; raises PatternError."""
    return Query(pattern(args.pattern), _all(args.inside), _all(args.not_inside), tuple(args.where))


def _all(texts: list[str]) -> tuple[Pattern, ...]:
    return tuple(map(pattern, texts))
