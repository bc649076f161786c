"""Takes snapshots: of this process, into a file that may have no name."""

from __future__ import annotations

import _thread
import json
import os
import platform
import sys
import time
from array import array
from pathlib import Path
from typing import TypeAlias

from wadjet import __version__
from wadjet.errors import BusyError, OutputError, UnsupportedError
from wadjet.model.graph import ObjectGraph
from wadjet.model.graph.file import read
from wadjet.model.profile import Fact

Numbers: TypeAlias = "array[int]"
"""Of 32 bits each."""

try:
    from wadjet.observe.heap import _heap
except ImportError:  # a platform that the core is not built for
    _heap = None  # type: ignore[assignment]


def take(*, fork: bool = False, ask: bool = True, twins: bool = True) -> ObjectGraph:
    """Return the graph of all objects of this process.

    With ``fork`` a forked child does the work and this process stands still for the fork
    only; ``ask`` calls ``__sizeof__`` of types whose size cannot be known otherwise,
    ``twins`` finds equal strings, bytes and tuples. Raises BusyError during a collection,
    OutputError where there is no room for the snapshot, UnsupportedError.
    """
    file = os.memfd_create("wadjet-heap")
    with open(file, "rb") as opened:  # noqa: PTH123 - it has no path
        write(file, fork=fork, ask=ask, twins=twins)
        return read(opened)


def write(file: int, *, fork: bool = False, ask: bool = True, twins: bool = True) -> int:
    """Write the snapshot to an open file; see ``take``. Returns the ns of standing still."""
    if _heap is None:
        raise UnsupportedError("this platform has no snapshots of heaps", "use Linux and CPython")
    about = json.dumps(_about(fork=fork)).encode()
    try:
        return _heap.snapshot(file, about, fork=fork, ask=ask, twins=twins)
    except RuntimeError as error:
        raise BusyError(f"no snapshot can be taken now ({error})", "try again after it") from None
    except MemoryError:
        raise OutputError("there is not enough memory for a snapshot") from None
    except OSError as error:
        raise OutputError(f"the snapshot could not be written ({error.strerror})") from None


def write_to(path: Path, *, fork: bool = False) -> int:
    """Write the snapshot to a new file at ``path``, which gets its name when it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from None
    try:
        pause = write(file, fork=fork)
        partial.replace(path)
    finally:
        os.close(file)
        partial.unlink(missing_ok=True)
    return pause


def _about(*, fork: bool) -> dict[str, Fact]:
    threading = sys.modules.get("threading")
    names = {str(_thread.get_ident()): "MainThread"}  # without the module there is no other
    if threading is not None:
        names = {str(each.ident): str(each.name) for each in threading.enumerate()}
    return {
        "wadjet": __version__,
        "python": platform.python_version(),
        "pid": os.getpid(),
        "command": [str(word) for word in getattr(sys, "orig_argv", [])[:100]],
        "taken": time.time(),
        "forked": fork,
        "threads": {**names},
    }


def analyze(file: int, first: Numbers, edge: Numbers, size: Numbers, flags: bytes) -> None:
    """Write a graph that is given to an open file, with what is worked out from it.

    ``first[n]`` to ``first[n + 1]`` is where ``edge`` has what object ``n`` refers to;
    object 0 is the process. Raises ValueError if the columns do not fit together.
    """
    _heap.analyze(file, b"{}", first, edge, size, flags)
