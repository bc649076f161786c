"""``wadjet tree FILE``: a program's tree, and the byte code that it becomes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wadjet import tree
from wadjet.cli import options
from wadjet.compiler.catalog import chosen
from wadjet.errors import UsageError
from wadjet.pipeline.listing import Part
from wadjet.pipeline.passes import run as apply
from wadjet.pipeline.unit import Unit
from wadjet.render.text import bytecode

_EPILOG = """\
On the left are the nodes, with what each name means; on the right, beside the node that it
was made of, each instruction with its place in the code.

examples:
  wadjet tree app.py                         the module and all its functions
  wadjet tree app.py --function total        one of them
  wadjet tree app.py --function Shop.total
  wadjet tree app.py -O safe                 what the passes make of it
  wadjet tree app.py --json                  a line for each node
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("file", type=Path, metavar="FILE", help="a source file")
    parser.add_argument("--function", metavar="NAME", help="this function or class only")
    parser.add_argument("-O", "--passes", metavar="WORDS", help=f"{options.PASSES} (default: none)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each node")


def run(args: argparse.Namespace) -> int:
    """Show a file."""
    program = tree.parse(args.file)
    if args.passes:
        unit = Unit(program.source, program.module)
        made = apply(unit, chosen(options.words(args.passes)))
        program = tree.Tree(program.source, made.tree)
    parts = _wanted(program.listing(), args)
    if args.json:
        bytecode.as_json(str(args.file), parts, sys.stdout)
    else:
        bytecode.show(parts, sys.stdout)
    return 0


def _wanted(parts: list[Part], args: argparse.Namespace) -> list[Part]:
    if args.function is None:
        return parts
    found = [each for each in parts if each.name.replace(".<locals>", "") == args.function]
    if not found:
        named = [each.name.replace(".<locals>", "") for each in parts if "<" not in each.name]
        cure = f"there are {', '.join(named[:8])}" if named else "it has no functions"
        raise UsageError(f"{args.file} has no function {args.function}", cure)
    return found
