"""``wadjet run``: run a program and record where its time goes."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import options, program
from wadjet.cli.parser import Parser
from wadjet.errors import UnsupportedError

if TYPE_CHECKING:
    from wadjet.observe.sampling.companions import Companion

EPILOG = """\
examples:
  wadjet run app.py --port 8000            record app.py, write app.wadjet
  wadjet run -m pytest tests               record a module
  wadjet run -c 'import numpy'             record a line of code
  wadjet run --native --rate 5000 app.py   C functions too, 5,000 samples a second
  wadjet run --memory app.py               where its memory goes as well
  wadjet run -O app.py                     by way of the safe passes, to see what they gain
  wadjet run --lazy app.lazy.toml app.py   with imports that wait (see `wadjet lazy --hook`)
  wadjet run --children -o web.wadjet -m gunicorn app:wsgi

The program runs as python would run it; Wadjet's exit code is the program's. What Wadjet
has to say goes to standard error.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.attached["-O"] = "--passes"
    parser.usage = "wadjet run [options] (SCRIPT | -m MODULE | -c CODE) [ARGUMENT ...]"
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    group = parser.add_argument_group("the program")
    program.arguments(group)
    _passes(group)
    _lazy(group)
    _clocks(parser.add_argument_group("the clocks"))
    _detail(parser.add_argument_group("what is recorded"))
    _results(parser.add_argument_group("the results"))


def _passes(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-O",
        action="store_true",
        dest="optimize",
        help="run it and its imports by way of passes: those of pyproject.toml, or the safe ones",
    )
    text = f"by way of these; -OWORDS is the same: {options.PASSES}"
    group.add_argument("--passes", metavar="WORDS", help=text)


def _lazy(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--lazy",
        type=Path,
        metavar="FILE",
        help="let the imports of a list wait that `wadjet lazy --hook FILE` has written",
    )


def _clocks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--rate",
        type=int,
        metavar="HZ",
        help="samples for each second of CPU time of a thread, up to 10000; 0 for none "
        "(default 1000)",
    )
    group.add_argument(
        "--wall-rate",
        type=int,
        metavar="HZ",
        help="looks at all threads in a second of real time; 0 for none (default 100)",
    )
    group.add_argument(
        "--no-perf", action="store_true", help="use CPU timers even where perf events work"
    )


def _detail(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--native", action="store_true", help="the functions of C libraries too")
    for word, mode, text in (
        ("--memory", "sampled", "what is asked for in memory too, by Python and by C, in samples"),
        ("--memory=exact", "exact", "every request for memory; clocks only where a rate is given"),
    ):
        group.add_argument(word, dest="memory", action="store_const", const=mode, help=text)
    group.add_argument(
        "--async",
        dest="tasks",
        action="store_true",
        help="tasks of asyncio by name, below the tasks that made them, and where they wait",
    )
    for word, mode, text in (
        ("--collector", "runs", "the runs of the garbage collector: who caused them, their pauses"),
        ("--collector=cycles", "cycles", "what it frees as well: of which type, made by whom"),
    ):
        group.add_argument(
            word, dest="collector", action="store_const", const=mode, default="", help=text
        )
    group.add_argument(
        "--heap",
        action="store_true",
        help="let `wadjet heap PID` look at the objects while it runs (before Python 3.14)",
    )
    group.add_argument(
        "--signatures",
        action="store_true",
        help="let `inspect` and `help` know the signatures of the C functions it imports",
    )
    group.add_argument(
        "--children", action="store_true", help="the Python processes that the program starts too"
    )


def _results(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write")
    group.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    group.add_argument("-q", "--quiet", action="store_true", help="no summary at the end")


def run(args: argparse.Namespace) -> int:
    """Record the program, show the summary, and end as the program ended."""
    from wadjet.target.behavior import require_recordable

    require_recordable()
    from wadjet.observe.sampling import supervise
    from wadjet.observe.sampling.settings import DEFAULT_RATE, DEFAULT_WALL_RATE, Settings

    command = program.command(args, "run")
    companions = _companions(args)
    rest = args.memory == "exact" and args.rate is None and args.wall_rate is None
    settings = Settings(
        0 if rest else DEFAULT_RATE if args.rate is None else args.rate,
        0 if rest else DEFAULT_WALL_RATE if args.wall_rate is None else args.wall_rate,
        native=args.native,
        children=args.children,
        tasks=args.tasks,
        collector=args.collector,
        perf=not args.no_perf,
        companions=tuple((each.name, each.agent, each.argument) for each in companions),
        modules=_modules(args),
    )
    path = args.output or program.free_path(program.stem(args))
    flags = shlex.split(args.python)
    outcome = supervise.run(
        command,
        settings,
        path,
        options=flags,
        overwrite=args.overwrite,
        companions=companions,
    )
    if outcome.processes == 0:
        path.unlink(missing_ok=True)
        _explain_nothing(outcome.status, flags)
    elif not args.quiet:
        _summarize(path)
    return supervise.imitate(outcome.status)


def _modules(args: argparse.Namespace) -> tuple[str, ...]:
    """Return what the program imports before its own; it is told of the passes by a variable."""
    modules: tuple[str, ...] = ("wadjet.agent",) if args.heap else ()
    if args.signatures:
        from wadjet.native.signatures.decoder import require_decoder

        require_decoder()  # raises here, not in the program
        modules += ("wadjet.documented",)
    if args.lazy:
        from wadjet.compiler.bundle.listing import read

        read(str(args.lazy))  # raises here, not in the program
        os.environ["WADJET_LAZY"] = str(args.lazy.absolute())
        modules += ("wadjet.deferred",)
    if args.passes is None and not args.optimize:
        return modules
    from wadjet.compiler.catalog import chosen

    chosen(options.words(args.passes))  # raises here, not in the program
    if args.passes is not None:
        os.environ["WADJET_PASSES"] = args.passes
    return (*modules, "wadjet.optimized")


def _companions(args: argparse.Namespace) -> list[Companion]:
    """Return what records beside the clocks."""
    if not args.memory:
        return []
    from wadjet.observe.memory.companion import SAMPLED, Memory

    return [Memory(0 if args.memory == "exact" else SAMPLED, native=args.native)]


def _explain_nothing(status: int, options: list[str]) -> None:
    if status == 0:
        raise UnsupportedError(
            "nothing was recorded: the interpreter did not load Wadjet",
            f"leave out -S, -E and -I ({shlex.join(options)})" if options else "",
        )
    print("wadjet: nothing was recorded: the program ended before it began", file=sys.stderr)


def _summarize(path: Path) -> None:
    from wadjet.model import store
    from wadjet.observe.diagnosis import diagnose
    from wadjet.render.text import summary

    profile = store.load(path)
    summary(profile, diagnose(profile), sys.stderr, str(path))
    print(f"\nWrote {path}; `wadjet report {path}` draws it.", file=sys.stderr)
