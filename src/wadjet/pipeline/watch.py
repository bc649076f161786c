"""A limit on how long somebody's code may keep a thread, whatever it does."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class OverrunError(BaseException):
    """Raised in a thread at its limit. No ``except Exception`` of the code keeps it in."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OverrunError in this thread if the block takes longer.

    Python code is interrupted wherever it is; C code when it returns.
    """
    ident = threading.get_ident()
    lock = threading.Lock()
    over = False
    fired = False

    def fire() -> None:
        nonlocal fired
        with lock:
            if not over:
                fired = True
                raised = ctypes.py_object(OverrunError)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), raised)

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
        timer.join()
    while fired:  # it is on its way, and must not arrive later
        time.sleep(0)
