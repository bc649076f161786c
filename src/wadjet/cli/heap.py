"""``wadjet heap FILE|PID``: all objects of a process, and what keeps them alive."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from wadjet.cli import options, part
from wadjet.cli.output import STANDARD, output
from wadjet.errors import UsageError
from wadjet.model.graph import ObjectGraph, paths
from wadjet.model.graph import file as graphfile
from wadjet.render.text import heap as text
from wadjet.render.text.pen import Pen, terminal

_EPILOG = """\
examples:
  wadjet heap 4711                       what the objects of process 4711 are, and what keeps them
  wadjet heap 4711 -o server.heap        keep the snapshot, to be looked at later
  wadjet heap server.heap                look at it
  wadjet heap --keeps Session app.heap   why the Sessions are still there
  wadjet heap --keeps 0x7f3a5c0 app.heap why this object is

A process can be looked at if it runs Python 3.14 or later, or has imported `wadjet.agent`;
from within, `wadjet.heap().save("app.heap")` takes a snapshot as well.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("target", metavar="FILE|PID", help="a snapshot, or a process")
    what = parser.add_argument_group("what to show")
    what.add_argument("--keeps", metavar="TYPE|ID", help="what keeps objects alive")
    what.add_argument("--top", type=part.count, default=10, metavar="N", help="rows (default: 10)")
    what.add_argument(
        "--least",
        type=part.share,
        default=0.01,
        metavar="PERCENT",
        help="leave smaller branches of the tree out (default: 1)",
    )
    options.output(parser, "none: the snapshot of a process is not kept")


def run(args: argparse.Namespace) -> int:
    """Show the snapshot; take it first where a process is named."""
    graph = _graph(args)
    if args.keeps:
        _keeps(graph, args)
    else:
        text.show(graph, sys.stdout, top=args.top, least=args.least)
    return 0


def _graph(args: argparse.Namespace) -> ObjectGraph:
    if Path(args.target).exists() or not args.target.isdigit():
        if args.output:
            raise UsageError("--output keeps the snapshot of a process", "name its number")
        return graphfile.load(Path(args.target))
    from wadjet.observe.heap.another import request

    with tempfile.TemporaryDirectory(prefix="wadjet-") as folder:
        taken = Path(folder) / "snapshot.heap"
        request(int(args.target), taken)
        graph = graphfile.load(taken)
        if args.output:
            _keep(taken, args)
    return graph


def _keep(taken: Path, args: argparse.Namespace) -> None:
    if str(args.output) == STANDARD:
        raise UsageError("a snapshot cannot go to standard output", "name a file with --output")
    with output(args.output, overwrite=args.overwrite) as out, taken.open("rb") as file:
        while block := file.read(1 << 20):
            out.write(block)


def _keeps(graph: ObjectGraph, args: argparse.Namespace) -> None:
    found = paths.find(graph, args.keeps)
    if not found:
        raise UsageError(f"no object is a {args.keeps!r}", "name a type of the table, or 0x...")
    pen = Pen.of(terminal(sys.stdout))
    ways = paths.groups(graph, found)[: args.top]
    text.write(pen, [text.ways(pen, graph, args.keeps, ways)])
