"""What a process does first that has just come back: all that is the new process's own."""

from __future__ import annotations

import os
import sys

from wadjet.compiler.snapshot.inside import forks, randomness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STREAMS = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
_NAMES = ("stdin", "stdout", "stderr")


def variables() -> dict[bytes, bytes]:
    """Return the variables that `os.environ` has, as they are kept."""
    return os.environ._data  # type: ignore[attr-defined,no-any-return]


def wake(
    words: list[bytes],
    environment: dict[bytes, bytes],
    streams: str,
    ignored: int,
    number: int,
    former: int,
) -> list[str]:
    """Take over arguments, environment, streams and chance; return the arguments."""
    forks.lengthen(number)
    arguments = [os.fsdecode(word) for word in words]
    sys.orig_argv[:] = arguments
    kept = variables()
    zone = kept.get(b"TZ")
    kept.clear()
    kept.update(environment)
    for number, kind in enumerate(streams):
        if kind == "c":  # the interpreter has None for a descriptor that is closed
            setattr(sys, _NAMES[number], None)
            setattr(sys, f"__{_NAMES[number]}__", None)
        elif kind != "p":  # it was a pipe when it was frozen
            _reopen(_STREAMS[number], number, kind == "t")
    if ignored:
        _ignore(ignored)
    if kept.get(b"TZ") != zone and "time" in sys.modules:
        sys.modules["time"].tzset()
    randomness.renew(number == former)
    return arguments


def _ignore(signals: int) -> None:
    """Ignore the signals of a set: bit n - 1 is signal n."""
    # its Python side makes enumerations, which takes longer than all of a start
    import _signal  # type: ignore[import-not-found]

    for number in _signal.valid_signals():
        if signals >> number - 1 & 1:
            _signal.signal(number, _signal.SIG_IGN)


def _reopen(text: Any, number: int, interactive: bool) -> None:
    """Open a stream's descriptor anew, in the same objects: others may have taken hold of it."""
    buffer = text.buffer
    raw = getattr(buffer, "raw", buffer)
    name, mode = raw.name, raw.mode
    encoding, errors, through = text.encoding, text.errors, text.write_through
    raw.__init__(number, mode, closefd=False)
    raw.name = name
    if buffer is not raw:
        buffer.__init__(raw, max(raw._blksize, 1024))
    text.__init__(buffer, encoding, errors, "\n", interactive or number == 2, through)
    text.mode = mode[:1]
