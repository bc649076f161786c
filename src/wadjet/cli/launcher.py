"""``wadjet launcher SCRIPT``: an executable that is a program, with its interpreter."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli import options
from wadjet.cli.parser import Parser
from wadjet.errors import NoInputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wadjet.compiler.bundle.launcher.building import Built
    from wadjet.compiler.bundle.launcher.modules import Module

_EPILOG = """\
examples:
  wadjet launcher app.py -o app          then ./app is what `python app.py` is, and starts sooner
  wadjet launcher -m package -o tool     what `python -m package` is
  wadjet launcher app.py -O safe -o app  the program's own code by way of the passes
  wadjet launcher app.py --python=-I     as `python -I app.py`: no PYTHON variables, no user site

The executable has the interpreter in it (from libpython*.a, where this Python has one), the paths
that it would find at its start, and the code of the modules that the program imports. Extension
modules and data stay where they are. Modules that are installed count as long as their files are
what they were, as with .pyc files; where the standard library has changed, or a variable such as
PYTHONPATH asks for another start, the executable runs the plain python.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.usage = "wadjet launcher [options] (SCRIPT | -m MODULE) [-o FILE]"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("script", nargs="?", type=Path, metavar="SCRIPT", help="the program")
    parser.add_argument("-m", dest="module", metavar="MODULE", help="a module instead of a script")
    parser.add_argument(
        "--python",
        metavar="OPTIONS",
        default="",
        help="options for the interpreter, as one word: --python '-I -X utf8'",
    )
    parser.add_argument(
        "-O",
        "--passes",
        metavar="WORDS",
        help=f"compile the program's own modules by way of passes: {options.PASSES}",
    )
    parser.add_argument(
        "--dynamic", action="store_true", help="use libpython*.so even where libpython*.a is there"
    )
    options.output(parser, "the program's name without .py")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say what was made")


def run(args: argparse.Namespace) -> int:
    """Build the executable, and say what it needs."""
    from wadjet.cli.output import output
    from wadjet.compiler.bundle.launcher.building import Plan, build
    from wadjet.compiler.catalog import chosen
    from wadjet.target.behavior import require_native

    require_native()
    if (args.script is None) == (args.module is None):
        raise UsageError("there is nothing to run, or two things", "give a SCRIPT or -m MODULE")
    passes = tuple(chosen(args.passes.split(","))) if args.passes else ()
    flags = tuple(shlex.split(args.python))
    plan = Plan(args.script, args.module, flags, passes, static=not args.dynamic)
    path = args.output or Path(args.script.stem if args.script else args.module)
    if args.script is not None and path.resolve() == args.script.resolve():
        raise UsageError(f"{path} is the script itself", "choose another --output")
    if args.script is not None and not args.script.is_file():
        raise NoInputError(f"there is no script {args.script}", "give the path of one")
    built = build(plan, _shown)
    with output(path, overwrite=args.overwrite) as out:
        out.write(built.data)
    if str(path) != "-":
        path.chmod(0o777 & ~_mask())
        if not args.quiet:
            _tell(path, built)
    return 0


def _shown(modules: Iterable[Module]) -> Iterable[Module]:
    """Show progress where somebody watches."""
    from rich.progress import track

    from wadjet.render.text.pen import terminal

    console = terminal(sys.stderr)
    return track(
        modules, "compiling", console=console, transient=True, disable=not console.is_terminal
    )


def _mask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def _tell(path: Path, built: Built) -> None:
    how = "with libpython in it" if built.is_static else f"by way of {built.library}"
    size = f"{len(built.data) / 1e6:.1f} MB"
    print(f"{path}: {size}, {built.modules} modules, {how}")
    print(f"needs {built.libc} or newer, and {built.record.stdlib}")
