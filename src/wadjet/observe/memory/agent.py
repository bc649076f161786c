"""Inside the program whose memory is watched.

Imports next to nothing, because whatever it imports the program finds imported.
"""

from __future__ import annotations

import os

from wadjet.observe.memory import _memory

LIBRARY = os.path.join(os.path.dirname(__file__), "wadjet_memory.so")  # noqa: PTH118, PTH120
"""The tracker; where it was loaded before the program it sees C's requests as well."""

_BLIND = (
    "What C libraries ask for by themselves was not seen: only `wadjet run --memory` loads the "
    "tracker before the program."
)
_is_preloaded = False


def begin(argument: str) -> int:
    """Start watching; ``argument`` is the number of bytes between samples, 0 for exact.

    After it may stand ``native``, for all C functions of a call chain.

    Returns the descriptor of what is known, which stays the tracker's own. Raises OSError,
    RuntimeError.
    """
    global _is_preloaded
    mean, _, functions = argument.partition(" ")
    started = _memory.start(LIBRARY, int(mean), functions == "native")
    _is_preloaded = started["preloaded"]
    return started["fd"]


def notes() -> list[str]:
    """Return what there is to say of what is not seen."""
    return [] if _is_preloaded else [_BLIND]


def overlook() -> None:
    """Never count what the calling thread asks for. Raises OSError."""
    _memory.overlook(LIBRARY)


def end() -> None:
    """Stop watching; harmless where nothing is watched."""
    _memory.stop()
