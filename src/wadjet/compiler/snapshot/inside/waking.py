"""What a process does first that has just come back: all that is the new process's own."""

from __future__ import annotations

import os
import stat
import sys

from wadjet.compiler.snapshot.inside import hooks, randomness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAMES = ("stdin", "stdout", "stderr")
_NULL = os.makedev(1, 3)


def variables() -> dict[bytes, bytes]:
    """Return the variables that `os.environ` has, as they are kept."""
    return os.environ._data  # type: ignore[attr-defined,no-any-return]


def wake(words: list[bytes], environment: list[bytes], ignores_interrupts: bool) -> list[str]:
    """Take over arguments, environment, streams and chance; return the arguments."""
    arguments = [os.fsdecode(word) for word in words]
    sys.orig_argv[:] = arguments
    zone = variables().get(b"TZ")
    _renew_environment(environment)
    for number, name in enumerate(_NAMES):
        _renew_stream(number, name)
    if ignores_interrupts:
        _ignore_interrupts()
    if variables().get(b"TZ") != zone and "time" in sys.modules:
        sys.modules["time"].tzset()
    randomness.renew()
    hooks.run()
    return arguments


def _renew_environment(environment: list[bytes]) -> None:
    kept = variables()
    kept.clear()
    for each in environment:
        name, found, value = each.partition(b"=")
        if found:
            kept.setdefault(name, value)


def _ignore_interrupts() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _renew_stream(number: int, name: str) -> None:
    """Adapt a stream to what its descriptor is now; it was a pipe when it was frozen."""
    try:
        found = os.fstat(number)
    except OSError:  # closed: the interpreter has None then
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)
        return
    kind = stat.S_IFMT(found.st_mode)
    if kind in (stat.S_IFIFO, stat.S_IFSOCK) or found.st_rdev == _NULL:
        return
    _reopen(getattr(sys, f"__{name}__"), number, os.isatty(number))


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
