"""A script run as it is and with changes, in turn: what each change gains, exactly and in time."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.observe.startup import counting, instructions

_RUN = """\
import sys
text, __file__ = sys.argv[1:3]
sys.argv[:] = sys.argv[2:]
sys.path[0] = __import__("os").path.dirname(__import__("os").path.realpath(__file__))
with open(text, "rb") as file: code = compile(file.read(), __file__, "exec")
del text, file, sys
exec(code)
"""
"""Runs the text of one file as the script that another is."""

_LOOK = """\
import atexit, gc, io, sys, _thread
path = sys.argv.pop(1)
code = {run!r}
home = {{"__name__": "__main__", "__builtins__": __builtins__}}
try:
    exec(code, home)
    why = ""
except BaseException as error:
    why = f"the script ends by {{type(error).__name__}}"
kinds = io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper
std = [sys.stdout, sys.stderr, sys.stdin, sys.__stdout__, sys.__stderr__, sys.__stdin__]
std += [each.buffer for each in std if hasattr(each, "buffer")]
files = [
    each.name
    for each in gc.get_objects()
    if type(each) in kinds and not each.closed and each.writable() and each not in std
]
if not why and _thread._count():
    why = "a thread runs on"
if not why and atexit._ncallbacks():
    why = "something is to be done at the exit (atexit)"
if not why and files:
    why = f"a file is left open ({{files[0]}})"
with open(path, "w") as file: file.write(why)
"""
"""Runs it, and finds out what would be lost if the process ended there and then."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A variant: system calls, user instructions (None: not counted), the median time in ns.

    ``ratio`` is that of its time to the time as it is, the median of pairs. ``is_same`` says
    whether output and exit code are as they were, but for words that differ from run to run.
    """

    name: str
    calls: int
    instructions: int | None
    time: float
    ratio: float
    is_same: bool


def compare(
    script: str,
    arguments: Sequence[str],
    options: Sequence[str],
    variants: Mapping[str, str],
    *,
    turns: int,
    count: bool,
) -> list[Measured]:
    """Run the variants of a script, texts by name, the first as it is; ``turns`` times each.

    ``count`` asks for instructions. Raises UnsupportedError.
    """
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for number, (name, text) in enumerate(variants.items()):
            path = Path(folder, f"{number}.py")
            path.write_bytes(text.encode())
            words = [sys.executable, *options, "-c", _RUN, str(path)]
            commands[name] = [*words, str(Path(script).absolute()), *arguments]
        ran = {name: [_ran(command)] for name, command in commands.items()}
        times = _in_turn(commands, turns, ran)
        first = next(iter(commands))
        return [
            Measured(
                name,
                _calls(command),
                instructions.count(command, os.environ).number if count else None,
                statistics.median(times[name]),
                statistics.median(
                    own / plain for own, plain in zip(times[name], times[first], strict=True)
                ),
                name == first or all(_is_one_of(each, ran[first]) for each in ran[name]),
            )
            for name, command in commands.items()
        ]


_Outcome = tuple[int, bytes, bytes]
"""An exit code, and what was written to the two streams."""
_WORDS = re.compile(rb"\s+|\S+")


def _ran(command: Sequence[str]) -> _Outcome:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def _is_one_of(outcome: _Outcome, others: Sequence[_Outcome]) -> bool:
    """Say whether an outcome is as others, but for words in which these differ themselves."""
    codes, *streams = zip(outcome, *others, strict=True)
    return len(set(codes)) == 1 and all(_is_like(*each) for each in streams)


def _is_like(text: bytes, *others: bytes) -> bool:
    own, *split = (_WORDS.findall(each) for each in (text, *others))
    if any(len(each) != len(own) for each in split):
        return False
    return all(
        word == words[0] or len(set(words)) > 1 for word, *words in zip(own, *split, strict=True)
    )


def _in_turn(
    commands: Mapping[str, Sequence[str]], turns: int, ran: Mapping[str, list[_Outcome]]
) -> dict[str, list[int]]:
    """Return the times of each command in ns, taken round by round, from either end.

    What comes of each run is put to ``ran``.
    """
    times: dict[str, list[int]] = {name: [] for name in commands}
    for turn in range(turns):
        names = list(commands)
        for name in names if turn % 2 else reversed(names):
            began = time.monotonic_ns()
            outcome = _ran(commands[name])
            times[name].append(time.monotonic_ns() - began)
            ran[name].append(outcome)
    return times


def _calls(command: Sequence[str]) -> int:
    """Return the number of system calls; what the program prints is not shown again."""
    words = ["/bin/sh", "-c", 'exec "$@" </dev/null >/dev/null 2>&1', "sh", *command]
    events = counting.run(words, os.environ).events
    main = events[0].task if events else 0
    starts = [
        at for at, each in enumerate(events) if each.kind == counting.EXEC and each.task == main
    ]
    return sum(each.kind == counting.CALL for each in events[starts[-1] if starts else 0 :])


def why_not_fast(script: str, arguments: Sequence[str], options: Sequence[str], text: str) -> str:
    """Return why a script cannot leave at its end without loss; '' for no reason."""
    with tempfile.TemporaryDirectory() as folder:
        told, source = Path(folder, "told"), Path(folder, "source.py")
        source.write_bytes(text.encode())
        look = _LOOK.format(run=_RUN)
        words = [sys.executable, *options, "-c", look, str(told), str(source)]
        _ran([*words, str(Path(script).absolute()), *arguments])
        try:
            return told.read_text()
        except OSError:
            return "the script ends the process itself"
