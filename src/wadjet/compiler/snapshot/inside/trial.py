"""A first start, after which the builder looks which pages it has needed.

It runs nothing of the program: no hooks of `wadjet.snapshot`, no functions for the end, no
finalizers. What was registered for children of a fork is called, as for every image.
"""

from __future__ import annotations

import gc
import os
import sys

from wadjet.compiler.snapshot.inside import ending, starting, waking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

NAME = b"WADJET_SNAPSHOT_TRIAL"
"""The variable that asks for it, with the descriptor to tell of its end."""


def run(order: dict[str, Any]) -> NoReturn:
    """Do what every start does, and wait to be looked at."""
    code, _, names = starting.command(order, "pass", [])
    exec(code, names)
    for module, function in (("threading", "_shutdown"), ("logging", "shutdown")):
        if module in sys.modules:
            getattr(sys.modules[module], function)()
    ending.flush_files()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    gc.collect()
    os.write(int(waking.variables()[NAME]), b".")
    os.read(0, 1)
    os._exit(0)
