"""Set aside what is there for good, and see what that saves a forked worker.

The collector writes into every object that it examines, so the first full collection of a
forked worker copies all pages that the parent's objects lie on. What is frozen is never
examined: the pages stay shared.
"""

from __future__ import annotations

import gc
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from wadjet.errors import UnsupportedError
from wadjet.observe.collector.support import private_dirty

_PAIR = struct.Struct("qq")


@dataclass(frozen=True, slots=True)
class Sharing:
    """Memory of a forked child, in bytes: its own at its start, and after its work.

    What it has of its own it has written to, and so copied; everything else it shares.
    """

    before: int
    after: int

    @property
    def copied(self) -> int:
        """What the work has copied."""
        return self.after - self.before


def freeze(*, collect: bool = True) -> int:
    """Exempt all objects that there are from collection; return how many are exempt now.

    To be called when the program is set up, and before its workers are forked. Garbage is
    collected first; without ``collect`` it stays, forever, but the heap has no holes for the
    workers to fill. ``gc.unfreeze()`` takes it back.
    """
    if collect:
        gc.collect()
    gc.freeze()
    gc.collect()  # of nothing: a quarter of what is there now makes the next full run due
    return gc.get_freeze_count()


def measure_sharing(work: Callable[[], object] = gc.collect) -> Sharing:
    """Fork a child, let it do ``work``, and return what it has copied.

    Compare it before ``freeze()`` and after. Raises UnsupportedError where Linux does not
    tell, RuntimeError if the work fails.
    """
    try:
        private_dirty()
    except (OSError, StopIteration):
        raise UnsupportedError("this system does not tell how memory is shared") from None
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        _work_and_tell(work, sink)
    os.close(sink)
    with os.fdopen(source, "rb") as told:
        facts = told.read()
    os.waitpid(pid, 0)
    if len(facts) != _PAIR.size:
        raise RuntimeError("the work failed in the child; its error is on standard error")
    return Sharing(*_PAIR.unpack(facts))


def _work_and_tell(work: Callable[[], object], sink: int) -> None:
    """Do the work as a forked child, write the figures to ``sink`` and end."""
    status = 1
    try:
        before = private_dirty()
        work()
        os.write(sink, _PAIR.pack(before, private_dirty()))
        status = 0
    except BaseException as error:
        os.write(2, f"wadjet: the work failed in the child: {error!r}\n".encode())
    finally:
        os._exit(status)
