"""For programs that are frozen by ``wadjet snapshot``, and for libraries that want to know.

A program says where its preparations end; when it is run by the plain interpreter, that says
nothing:

>>> from wadjet import snapshot
>>> snapshot.ready()
False

What must be new in each process is made there, and made again when the process comes back:

>>> import os
>>> secret = bytearray(os.urandom(8))
>>> def renew():
...     secret[:] = os.urandom(8)
>>> snapshot.on_restore(renew)
"""

from __future__ import annotations

import sys

from wadjet.compiler.snapshot.inside import hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["on_restore", "ready"]


def ready() -> bool:
    """Freeze the program here, if ``wadjet snapshot`` runs it.

    Each start of the file that it writes goes on behind this call. Returns whether this process
    is such a start; False for a program that is run as usual, which simply goes on.
    """
    boot = sys.modules.get("wadjet.compiler.snapshot.inside.boot")
    return boot is not None and bool(boot.freeze_here())


def on_restore(hook: Callable[[], object]) -> None:
    """Call `hook` in each process that comes back from a snapshot, before the program goes on.

    Hooks are called in the order of their registration, after Python's own generators of random
    numbers, those of NumPy and OpenSSL have been renewed. What a hook raises ends the program.
    In a program that is run as usual no hook is called.
    """
    hooks.add(hook)
