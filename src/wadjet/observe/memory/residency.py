r"""What of a process is in memory, and what it is there for.

The kernel's account of the mappings of a process says how much of each is in memory. Some
are the program's own doing and known by place, some are Python's arenas, files or stacks;
the rest is what C's allocators hold, live or not.

>>> text = (
...     "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \nRss: 512 kB\n"
...     "7f0000200000-7f0000300000 r-xp 00000000 08:01 9 /lib/libc.so.6\nRss: 100 kB\n"
... )
>>> arena = Mapping(0x7F0000000000, 0x100000, 400 * 1024, 0, ARENA)
>>> account(text, [arena])
Residency(total=626688, arenas=409600, mapped=0, files=102400, stacks=0, heap=114688)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAPPED, ARENA, BREAK = range(3)
"""Kinds of mappings, as the tracker has them."""

_HEAD = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)")


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a program has mapped by itself; ``resident`` are the bytes of it in memory."""

    start: int
    size: int
    resident: int
    context: int
    kind: int


@dataclass(frozen=True, slots=True)
class Residency:
    """Bytes in memory, by what they are for; the parts add up to ``total``.

    ``arenas`` are Python's for small objects, ``mapped`` is what the program mapped by
    itself, ``heap`` what C's allocators hold and whatever else is of no file.
    """

    total: int
    arenas: int
    mapped: int
    files: int
    stacks: int
    heap: int


def account(smaps: str, mappings: Sequence[Mapping]) -> Residency:
    """Return what the text of ``/proc/PID/smaps`` says of a process."""
    files = stacks = anonymous = 0
    for path, size in _sizes(smaps):
        if path.startswith("[stack"):
            stacks += size
        elif path.startswith("/") and not path.startswith("/dev/zero"):
            files += size
        else:
            anonymous += size
    arenas = sum(each.resident for each in mappings if each.kind == ARENA)
    mapped = sum(each.resident for each in mappings if each.kind != ARENA)
    return Residency(
        total=files + stacks + anonymous,
        arenas=arenas,
        mapped=mapped,
        files=files,
        stacks=stacks,
        heap=max(anonymous - arenas - mapped, 0),
    )


def _sizes(smaps: str) -> Iterator[tuple[str, int]]:
    """Yield the path of each mapping, and how many bytes of it are in memory."""
    path = ""
    for line in smaps.splitlines():
        if line.startswith("Rss:"):
            yield path, int(line.split()[1]) * 1024
        elif (head := _HEAD.match(line)) is not None:
            path = head[1]
