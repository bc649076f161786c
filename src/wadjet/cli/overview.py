"""What ``wadjet`` and ``wadjet --help`` print: written without argparse, which is slow to start."""

from __future__ import annotations

from wadjet.cli.table import COMMANDS

_BEFORE = """\
usage: wadjet COMMAND [options]

See what a Python program costs, thread by thread, and mend it.

commands:
"""

_AFTER = """
options:
  -h, --help   show this help, or that of a command: wadjet run --help
  --version    show the version

examples:
  wadjet run app.py --port 8000    run a program as python would, and record it
  wadjet run -m package.module     the same for a module; -c for code
  wadjet show app.wadjet           the hottest functions and lines, by thread
  wadjet report app.wadjet         flame graph, threads over time, source: one HTML file
  wadjet diff old.wadjet new.wadjet

`wadjet run` exits with the program's exit code; every other command with 0, or with a code
of its own for each kind of error: 64 usage, 65 bad recording, 66 no such file, 69 not
supported here or an extra is missing, 73 cannot write.
"""


def overview() -> str:
    """Return the help of the command as a whole."""
    width = max(len(command.name) for command in COMMANDS) + 2
    rows = (f"  {command.name:{width}} {command.summary}\n" for command in COMMANDS)
    return _BEFORE + "".join(rows) + _AFTER
