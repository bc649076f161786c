"""``wadjet heap FILE|PID``: all objects of a process, and what keeps them alive."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from wadjet.cli import options, part
from wadjet.cli.output import STANDARD, output
from wadjet.errors import SnapshotError, UsageError
from wadjet.model.graph import ObjectGraph, cycles, difference, paths, twins
from wadjet.model.graph import file as graphfile
from wadjet.render import graphjson
from wadjet.render.text import heap as text
from wadjet.render.text import heaplists
from wadjet.render.text.pen import Pen, terminal

FORMATS = {
    "html": (".html", "wadjet.render.html.heap"),
    "heapsnapshot": (".heapsnapshot", "wadjet.render.heapsnapshot"),
    "graphml": (".graphml", "wadjet.render.graphml"),
}
"""Of each file that can be written: its suffix, and the module that does it."""

_EPILOG = """\
examples:
  wadjet heap 4711                        what the objects of a process are, what keeps them
  wadjet heap 4711 -o server.heap         keep the snapshot, to be looked at later
  wadjet heap server.heap                 look at it
  wadjet heap --keeps Session app.heap    why the Sessions are still there
  wadjet heap --keeps 0x7f3a5c0 app.heap  why this object is
  wadjet heap --cycles app.heap           what keeps itself alive, and how to end it
  wadjet heap --diff old.heap new.heap    what has come since
  wadjet heap --outlived before.heap after.heap later.heap
  wadjet heap --to html app.heap          a map of what keeps memory, to be looked at in a browser
  wadjet heap --to heapsnapshot app.heap  for the Memory panel of Chrome's DevTools

A process can be looked at if it runs Python 3.14 or later, was started by `wadjet run --heap`
or has imported `wadjet.agent`; from within, `wadjet.heap().save("app.heap")` takes a snapshot.

--outlived BEFORE AFTER shows what was made between these two snapshots (of a request, a test,
a round of a loop) and is still there in FILE, taken later: it is held too long.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("target", metavar="FILE|PID", help="a snapshot, or a process")
    _views(parser.add_argument_group("what to show").add_mutually_exclusive_group())
    how = parser.add_argument_group("how")
    how.add_argument("--top", type=part.count, default=10, metavar="N", help="rows (default: 10)")
    how.add_argument(
        "--least",
        type=part.share,
        default=0.01,
        metavar="PERCENT",
        help="leave smaller branches of the tree out (default: 1)",
    )
    how.add_argument("--json", action="store_true", help="for programs")
    how.add_argument(
        "--fork", action="store_true", help="let a forked child of the process do the work"
    )
    how.add_argument("--to", choices=FORMATS, help="write a file: html, heapsnapshot or graphml")
    options.output(parser, "with --to beside FILE; else the snapshot of a process is not kept")


def _views(group: argparse._MutuallyExclusiveGroup) -> None:
    group.add_argument("--keeps", metavar="TYPE|ID", help="what keeps objects alive")
    group.add_argument("--cycles", action="store_true", help="objects that keep each other")
    group.add_argument(
        "--duplicates", action="store_true", help="equal objects, and classes without __slots__"
    )
    group.add_argument("--diff", type=Path, metavar="OLD", help="what has come since OLD")
    group.add_argument(
        "--outlived", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="what is held too long"
    )


def run(args: argparse.Namespace) -> int:
    """Show the snapshot; take it first where a process is named."""
    graph = _graph(args)
    try:
        _show(graph, args)
    except IndexError:
        raise SnapshotError(
            f"{args.target} is damaged: it has references that lead nowhere", "take another one"
        ) from None
    return 0


def _show(graph: ObjectGraph, args: argparse.Namespace) -> None:
    if args.to:
        _write(graph, args)
    elif args.keeps:
        _keeps(graph, args)
    elif args.cycles:
        _cycles(graph, args)
    elif args.duplicates:
        _duplicates(graph, args)
    elif args.diff:
        _diff(graph, args)
    elif args.outlived:
        _outlived(graph, args)
    elif args.json:
        graphjson.write(graphjson.summary(graph, args.top, args.least), sys.stdout)
    else:
        text.show(graph, sys.stdout, top=args.top, least=args.least)


def _graph(args: argparse.Namespace) -> ObjectGraph:
    if Path(args.target).exists() or not args.target.isdigit():
        if args.fork or (args.output and not args.to):
            raise UsageError("--output and --fork are for a process", "name its number")
        return graphfile.load(Path(args.target))
    from wadjet.observe.heap.another import request

    with tempfile.TemporaryDirectory(prefix="wadjet-") as folder:
        taken = Path(folder) / "snapshot.heap"
        request(int(args.target), taken, fork=args.fork)
        graph = graphfile.load(taken)
        if args.output and not args.to:
            _keep(taken, args)
    return graph


def _write(graph: ObjectGraph, args: argparse.Namespace) -> None:
    from importlib import import_module

    suffix, module = FORMATS[args.to]
    name = Path(args.target)
    path = args.output or name.with_name(f"{name.stem or 'heap'}{suffix}")
    with output(path, overwrite=args.overwrite) as out:
        import_module(module).render(graph, out)
    if str(path) != STANDARD:
        print(f"Wrote {path}")


def _keep(taken: Path, args: argparse.Namespace) -> None:
    if str(args.output) == STANDARD:
        raise UsageError("a snapshot cannot go to standard output", "name a file with --output")
    with output(args.output, overwrite=args.overwrite) as out, taken.open("rb") as file:
        while block := file.read(1 << 20):
            out.write(block)


def _pen() -> Pen:
    return Pen.of(terminal(sys.stdout))


def _keeps(graph: ObjectGraph, args: argparse.Namespace) -> None:
    found = paths.find(graph, args.keeps)
    if not found:
        raise UsageError(f"no object is a {args.keeps!r}", "name a type of the table, or 0x...")
    ways = paths.groups(graph, found)[: args.top]
    if args.json:
        graphjson.write(graphjson.ways(graph, ways), sys.stdout)
    else:
        pen = _pen()
        text.write(pen, [text.ways(pen, graph, args.keeps, ways)])


def _cycles(graph: ObjectGraph, args: argparse.Namespace) -> None:
    found = cycles.shapes(graph)
    if args.json:
        graphjson.write(graphjson.cycles(graph, found[: args.top]), sys.stdout)
    else:
        pen = _pen()
        text.write(pen, [heaplists.cycles(pen, graph, found, args.top)])


def _duplicates(graph: ObjectGraph, args: argparse.Namespace) -> None:
    equal, classes = twins.duplicates(graph), twins.slimmings(graph)
    if args.json:
        document = graphjson.duplicates(equal[: args.top], classes[: args.top])
        graphjson.write(document, sys.stdout)
    else:
        pen = _pen()
        text.write(pen, [heaplists.duplicates(pen, equal, classes, args.top)])


def _diff(graph: ObjectGraph, args: argparse.Namespace) -> None:
    before = graphfile.load(args.diff)
    changed = difference.changes(before, graph)
    ways = difference.holders(graph, difference.born(before, graph))
    if args.json:
        document = {
            "types": graphjson.changes(changed[: args.top]),
            "born": graphjson.ways(graph, ways[: args.top]),
        }
        graphjson.write(document, sys.stdout)
    else:
        pen = _pen()
        new = heaplists.held(pen, graph, "What keeps the new objects", ways, args.top)
        text.write(pen, [heaplists.changes(pen, changed, args.top), new])


def _outlived(graph: ObjectGraph, args: argparse.Namespace) -> None:
    before, after = (graphfile.load(path) for path in args.outlived)
    ways = difference.holders(graph, difference.outlived(before, after, graph))
    if args.json:
        graphjson.write(graphjson.ways(graph, ways[: args.top]), sys.stdout)
    else:
        pen = _pen()
        text.write(pen, [heaplists.held(pen, graph, "Held too long, by", ways, args.top)])
