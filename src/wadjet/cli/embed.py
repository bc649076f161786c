"""``wadjet embed``: what a C program that embeds Python is built and debugged with."""

from __future__ import annotations

import argparse
from pathlib import Path

import wadjet
from wadjet.target.behavior import require_native

_DEBUGGERS = ("gdb", "lldb")
_EPILOG = """\
examples:
  cc program.c $(wadjet embed --include) $(python3-config --embed --cflags --ldflags)
  wadjet embed --gdb > wadjet-gdb.py
  gdb --batch -x wadjet-gdb.py -ex wadjet-stacks -p 4711
  gdb -x wadjet-gdb.py program core             wadjet-stacks, wadjet-gc and wadjet-heap
  wadjet embed --lldb > wadjet_lldb.py
  lldb -p 4711 -o 'command script import wadjet_lldb.py' -o wadjet-stacks

The header is <wadjet/embed.h>: after wadjet_embed_init the program writes its threads with their
Python stacks, the collector's state, and the types with most objects to a file descriptor, from
wherever it is: without the GIL, in a signal handler. The commands for gdb and lldb read the same
from a process that is stopped and from a core file, if it runs this version of Python.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--include",
        action="store_true",
        help="the option for the compiler that finds <wadjet/embed.h>",
    )
    for debugger in _DEBUGGERS:
        what.add_argument(
            f"--{debugger}",
            action="store_const",
            const=debugger,
            dest="debugger",
            help=f"a script of commands for {debugger}",
        )


def run(args: argparse.Namespace) -> int:
    """Print the option, or the script."""
    require_native()
    if args.debugger:
        from wadjet.native.dump.script import script

        print(script(args.debugger))
        return 0
    print(f"-I{Path(wadjet.__file__).parent / 'include'}")
    return 0
