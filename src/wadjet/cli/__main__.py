"""The ``wadjet`` command: finds the command in the table and runs it.

What is imported here is imported by every ``wadjet --help``, so the rest waits until it is
called for.
"""

from __future__ import annotations

import errno
import os
import sys

from wadjet import __version__
from wadjet.cli.table import COMMANDS, find
from wadjet.errors import OutputError, UsageError, WadjetError

INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13
"""The codes a shell gives for a process that SIGINT or SIGPIPE ended."""


def main(argv: list[str] | None = None) -> int:
    """Run ``wadjet`` with ``argv`` and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _told(words)
    except WadjetError as error:
        print(f"wadjet: {error} [{error.slug}]", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader has gone, as in `wadjet show FILE | head`
        _abandon_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def _told(words: list[str]) -> int:
    """Dispatch, and name the cause if the machine has no room left."""
    try:
        code = _dispatch(words)
        if sys.stdout is not None:  # it is None where the descriptor was closed
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
            raise
        _abandon_output()
        raise OutputError(f"cannot write to standard output ({error.strerror})") from None
    except MemoryError:
        raise WadjetError("there is not enough memory", "close other programs") from None
    return code


def _abandon_output() -> None:
    """Let the exit not complain again of what can no longer be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    name = words[0] if words else "--help"
    if name in ("-h", "--help"):
        from wadjet.cli.overview import overview

        print(overview(), end="")
        return 0 if words else UsageError.exit_code
    if name == "--version":
        print(f"wadjet {__version__}")
        return 0
    return _run(name, words[1:])


def _run(name: str, words: list[str]) -> int:
    command = find(name)
    if command is None:
        raise UsageError(f"there is no command {name!r}", _suggestion(name))
    from wadjet.cli.parser import parser

    args = parser(command).read(words)
    return int(args.run(args))


def _suggestion(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1)
    return f"did you mean `wadjet {near[0]}`?" if near else "see `wadjet --help`"


if __name__ == "__main__":
    sys.exit(main())
