r"""What of a process is in memory, and what it is there for.

The kernel's account of the mappings of a process says how much of each is in memory. Some
are the program's own doing and known by place, some are Python's arenas, files or stacks;
some the recorder's own; the rest is what C's
allocators hold, live or not.

>>> text = (
...     "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \nRss: 512 kB\n"
...     "7f0000200000-7f0000300000 r-xp 00000000 08:01 9 /lib/libc.so.6\nRss: 100 kB\n"
... )
>>> used = (90_000, 12_000, 900_000, 80_000)
>>> arena = Mapping(0x7F0000000000, 0x100000, 400 * 1024, 0, ARENA, used)
>>> account(text, [arena], 20_000)
Residency(total=626688, arenas=409600, mapped=0, files=102400, stacks=0, heap=94688, recorder=20000)
>>> pools([arena]).unused
900000
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAPPED, ARENA, BREAK = range(3)
"""Kinds of mappings, as the tracker has them."""

_SHARED = "/memfd:wadjet"
_HEAD = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)")


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a program has mapped by itself; ``resident`` are the bytes of it in memory.

    ``pools`` are the bytes of an arena in live blocks, in free blocks of pools that are in
    use, in pools that are not, and in live blocks that the tracker has counted.
    """

    start: int
    size: int
    resident: int
    context: int
    kind: int
    pools: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Residency:
    """Bytes in memory, by what they are for; the parts add up to ``total``.

    ``arenas`` are Python's for small objects, ``mapped`` is what the program mapped by
    itself, ``recorder`` what recording took, ``heap`` what C's allocators hold and whatever
    else is of no file.
    """

    total: int
    arenas: int
    mapped: int
    files: int
    stacks: int
    heap: int
    recorder: int


@dataclass(frozen=True, slots=True)
class Pools:
    """What Python's arenas for small objects were used for, in bytes; of one process.

    ``reserved`` is all of them; ``used`` by live blocks, ``available`` in pools that are in
    use and ``unused`` in others; the rest is lost to heads and alignment. ``counted`` were
    asked for in live blocks that the tracker has counted. ``sparse`` arenas are used by less
    than a tenth, and go back to the system only when nothing is left.
    """

    arenas: int
    reserved: int
    used: int
    available: int
    unused: int
    counted: int
    sparse: int


def pools(mappings: Sequence[Mapping]) -> Pools:
    """Return what the arenas among ``mappings`` were used for."""
    arenas = [each for each in mappings if each.kind == ARENA and any(each.pools)]
    used, available, unused, counted = (
        sum(each.pools[part] for each in arenas) for part in range(4)
    )
    return Pools(
        arenas=len(arenas),
        reserved=sum(each.size for each in arenas),
        used=used,
        available=available,
        unused=unused,
        counted=counted,
        sparse=sum(10 * each.pools[0] < each.size for each in arenas),
    )


def account(smaps: str, mappings: Sequence[Mapping], own: int) -> Residency:
    """Return what the text of ``/proc/PID/smaps`` says of a process.

    ``own`` are the bytes that the tracker has in memory besides what it shares.
    """
    files = stacks = anonymous = shared = 0
    for path, size in _sizes(smaps):
        if path.startswith("[stack"):
            stacks += size
        elif path.startswith(_SHARED):
            shared += size
        elif path.startswith("/") and not path.startswith("/dev/zero"):
            files += size
        else:
            anonymous += size
    arenas = sum(each.resident for each in mappings if each.kind == ARENA)
    mapped = sum(each.resident for each in mappings if each.kind != ARENA)
    return Residency(
        total=files + stacks + anonymous + shared,
        arenas=arenas,
        mapped=mapped,
        files=files,
        stacks=stacks,
        heap=max(anonymous - arenas - mapped - own, 0),
        recorder=shared + own,
    )


def _sizes(smaps: str) -> Iterator[tuple[str, int]]:
    """Yield the path of each mapping, and how many bytes of it are in memory."""
    path = ""
    for line in smaps.splitlines():
        if line.startswith("Rss:"):
            yield path, int(line.split()[1]) * 1024
        elif (head := _HEAD.match(line)) is not None:
            path = head[1]
