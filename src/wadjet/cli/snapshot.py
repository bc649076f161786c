"""``wadjet snapshot``: freeze a program with its imports done into an executable."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wadjet.cli.parser import Parser
from wadjet.errors import UsageError

if TYPE_CHECKING:
    from wadjet.compiler.snapshot.manifest import Made

MOST = 64
"""Images that one snapshot may have."""

EPILOG = """\
examples:
  wadjet snapshot app.py -o app            a program that starts with its imports done
  wadjet snapshot python -o py             an interpreter that starts at once
  wadjet snapshot python -o py --preload pandas,django
                                           and with these imported: ./py script.py
  wadjet snapshot verify app               compare all that it was made of, by content
  wadjet snapshot app.py -o app --env DJANGO_SETTINGS_MODULE
                                           let the imports see that variable
  wadjet snapshot app.py -o app --images 8 addresses that a stranger cannot know

The imports at the head of the script are run once, here; each start then runs the script. A
script that calls wadjet.snapshot.ready() is run up to there, and each start goes on behind it.
The file holds the memory of a process: keep it to yourself, as its mode 0700 does.
"""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    parser.usage = "wadjet snapshot (SCRIPT | python) -o FILE [options] | verify FILE"
    parser.epilog = EPILOG
    parser.add_argument("what", metavar="WHAT", help="a script, or the word python or verify")
    parser.add_argument("file", nargs="?", type=Path, help="the snapshot that is verified")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.add_argument(
        "--preload", default="", metavar="MODULES", help="import these as well; commas between"
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="let the imports see this variable too; others than the usual are kept from them",
    )
    parser.add_argument(
        "--hash-seed",
        default="random",
        metavar="SEED",
        help="of hash(str) in all starts of the file: random, drawn once now, or a number",
    )
    parser.add_argument(
        "--python",
        metavar="OPTIONS",
        default="",
        help="options for the interpreter, as one word: --python '-O -X dev'",
    )
    parser.add_argument(
        "--every-file",
        action="store_true",
        help="let each start look at all files that were imported, a system call for each",
    )
    parser.add_argument(
        "--full-end",
        action="store_true",
        help="at the end run what C libraries of the image do at exit; it is slower",
    )
    parser.add_argument(
        "--images",
        type=int,
        default=1,
        metavar="N",
        help=f"make N, each at addresses of its own, of which each start chooses one; 1 to {MOST}",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say what was made")


def run(args: argparse.Namespace) -> int:
    """Make a snapshot, or verify one."""
    if args.what == "verify":
        return _verify(args)
    from wadjet.compiler.snapshot.building import Plan, build
    from wadjet.target.behavior import require_freezable

    if args.file is not None:
        raise UsageError(f"{args.file} is one word too many", "see `wadjet snapshot --help`")
    if args.output is None:
        raise UsageError("there is no name for the executable", "say -o FILE")
    if not 1 <= args.images <= MOST:
        raise UsageError(f"there cannot be {args.images} images", f"say 1 to {MOST}")
    require_freezable()
    plan = Plan(
        script=None if args.what == "python" else Path(args.what),
        preload=[name for name in args.preload.split(",") if name],
        options=shlex.split(args.python),
        kept=args.env,
        hash_seed=args.hash_seed,
        every_file=args.every_file,
        full_end=args.full_end,
        images=args.images,
    )
    step = partial(_shown, quiet=args.quiet) if args.images > 1 else iter
    made = build(plan, args.output, overwrite=args.overwrite, step=step)
    if not args.quiet:
        _say(made, args.output)
    return 0


def _shown(images: Sequence[Path], *, quiet: bool) -> Iterable[Path]:
    """Show how far it is with several images."""
    from rich.progress import track

    from wadjet.render.text.pen import terminal

    console = terminal(sys.stderr)
    hidden = quiet or not console.is_terminal
    return track(images, "freezing", console=console, transient=True, disable=hidden)


def _say(made: Made, output: Path) -> None:
    images = [output, *map(Path, made.images)]
    taken = sum(each.stat().st_blocks for each in images) * 512 / 2**20
    several = f" in {len(images)} images" if made.images else ""
    print(
        f"{output}: {taken:.1f} MiB{several}, made of {len(made.files)} files; each start looks at "
        f"{len(made.looked_at)} files and folders",
        file=sys.stderr,
    )
    if made.variables:
        print(
            f"a start is cold where one of these differs: {', '.join(made.variables)}",
            file=sys.stderr,
        )


def _verify(args: argparse.Namespace) -> int:
    from wadjet.compiler.snapshot import manifest

    if args.file is None:
        raise UsageError("there is no snapshot to verify", "say `wadjet snapshot verify FILE`")
    found = list(manifest.differences(manifest.read(args.file)))
    for each in found:
        print(each)
    return 1 if found else 0
