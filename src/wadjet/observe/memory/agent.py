"""Inside the program whose memory is watched.

Imports next to nothing, because whatever it imports the program finds imported.
"""

from __future__ import annotations

import os

from wadjet.observe.memory import _memory

LIBRARY = os.path.join(os.path.dirname(__file__), "wadjet_memory.so")  # noqa: PTH118, PTH120
"""The tracker; where it was loaded before the program it sees C's requests as well."""


def begin(argument: str) -> int:
    """Start watching; ``argument`` is the number of bytes between samples, 0 for exact.

    Returns the descriptor of what is known, which stays the tracker's own. Raises OSError,
    RuntimeError.
    """
    return _memory.start(LIBRARY, int(argument))["fd"]


def end() -> None:
    """Stop watching; harmless where nothing is watched."""
    _memory.stop()
