"""What a process has, in numbers that a leak makes grow; taken between two runs of a test.

Blocks of Python's own allocators, bytes of C's ``malloc``, objects by type, and references.
Of references a debug build of Python knows the total. On others it is the sum of the counts
of the objects that there were at the beginning, and of new ones that the collector tracks: what
a leak adds to an object that was there before it.
"""

from __future__ import annotations

import ctypes
import gc
import re
import sys
from collections import Counter

BLOCKS = "blocks"
MALLOC = "bytes of malloc"
REFERENCES = "references"


class _Mallinfo2(ctypes.Structure):
    _fields_ = [
        *((f"field_{number}", ctypes.c_size_t) for number in range(4)),
        ("hblkhd", ctypes.c_size_t),  # bytes that malloc has mapped for large blocks
        *((f"field_{number}", ctypes.c_size_t) for number in range(5, 7)),
        ("uordblks", ctypes.c_size_t),  # bytes of the others that are lent
        *((f"field_{number}", ctypes.c_size_t) for number in range(8, 10)),
    ]


def _mallinfo2() -> ctypes._NamedFuncPointer | None:
    try:
        function = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):  # another C library than a recent glibc
        return None
    function.restype = _Mallinfo2
    return function


class Census:
    """Counts again and again; what it keeps itself stays the same.

    What was there at the beginning is kept alive and out of the collector's sight until
    ``close``: so only what is new has to be looked through.
    """

    def __init__(self) -> None:
        settle()
        self._mallinfo = _mallinfo2()
        self._total = getattr(sys, "gettotalrefcount", None)
        self._old = everything() if self._total is None else []
        self._was_frozen = gc.get_freeze_count() > 0
        gc.freeze()

    def close(self) -> None:
        """Let go of what was there at the beginning."""
        self._old = []
        if not self._was_frozen:
            gc.unfreeze()

    def read(self) -> dict[str, int]:
        """Return the totals by their names, and the numbers of new objects by their type's."""
        settle()
        counts = {BLOCKS: sys.getallocatedblocks(), MALLOC: self._malloc()}
        objects = gc.get_objects()
        counts[REFERENCES] = self._references(objects)
        for kind, number in Counter(map(type, objects)).items():
            name = title(kind)
            counts[name] = counts.get(name, 0) + number
        return counts

    def _malloc(self) -> int:
        if self._mallinfo is None:
            return 0
        info = self._mallinfo()
        return int(info.uordblks + info.hblkhd)

    def _references(self, objects: list[object]) -> int:
        if self._total is not None:
            return int(self._total())
        return sum(map(sys.getrefcount, objects)) + sum(map(sys.getrefcount, self._old))


def settle() -> None:
    """Let go of what nobody holds, and of what the caches of attributes and patterns do."""
    re.purge()
    if gc.collect():
        gc.collect()  # what finalizers let go of
    clear = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()


def title(kind: type) -> str:
    """Return a type as people write it: builtins go without their module."""
    module = getattr(kind, "__module__", "")  # some types of C have none
    return kind.__qualname__ if module in ("builtins", "") else f"{module}.{kind.__qualname__}"


def everything() -> list[object]:
    """Return the objects that the collector tracks, and those that they refer to."""
    objects = gc.get_objects()
    others = gc.get_referents(*objects)
    distinct = dict(zip(map(id, others), others, strict=True)).values()
    return objects + [each for each in distinct if not gc.is_tracked(each)]
