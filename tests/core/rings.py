"""Rings made by hand, as a program at the other end might leave them.

The layouts are those of ``core/base/ring.h`` and ``core/observe/sampling/records.h``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wadjet.observe.sampling._sampling import Reader, Tree

MAGIC = 0x31474E5252444A57
PAGE = 65536
HEAD, TAIL, DROPPED = 64, 128, 192

SAMPLE, CODE, THREAD, END, LIBRARY, NOTE, TASK = range(1, 8)
CPU, WALL = 0, 1
SAME, TRUNCATED = 1, 2
EVALUATOR = 1


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring in a memory file; ``head`` and ``tail`` as a mad writer may set them."""

    records: bytes = b""
    capacity: int = PAGE
    magic: int = MAGIC
    claimed: int | None = None
    head: int | None = None
    tail: int = 0

    def file(self) -> int:
        """Make the memory file; the caller owns it."""
        file = os.memfd_create("ring")
        os.ftruncate(file, PAGE + self.capacity)
        claimed = self.capacity if self.claimed is None else self.claimed
        head = self.tail + len(self.records) if self.head is None else self.head
        os.pwrite(file, struct.pack("<QQ", self.magic, claimed), 0)
        os.pwrite(file, struct.pack("<Q", head % 2**64), HEAD)
        os.pwrite(file, struct.pack("<Q", self.tail % 2**64), TAIL)
        start = self.tail % max(self.capacity, 1)
        first = self.records[: self.capacity - start]
        os.pwrite(file, first, PAGE + start)
        os.pwrite(file, self.records[len(first) : self.capacity], PAGE)
        return file


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader makes of a ring."""

    samples: int
    events: Sequence[tuple[object, ...]]
    functions: list[str]
    libraries: list[str]
    columns: tuple[bytes, ...]


def read(ring: Ring, *, start: int = 0) -> Read:
    """Read all of a ring into a fresh tree."""
    tree = Tree()
    reader = Reader(tree, ring.file(), start)
    try:
        samples = reader.drain()
        assert reader.drain() == 0, "what was read is read again"
        functions, libraries, frames, nodes, rows = tree.take()
        return Read(samples, reader.events(), functions, libraries, (*frames, *nodes, *rows))
    finally:
        reader.close()


def record(kind: int, body: bytes, size: int | None = None) -> bytes:
    """A record, padded to 8 bytes; ``size`` is what it says of itself."""
    body += bytes(-len(body) % 8)
    return struct.pack("<II", (8 + len(body)) % 2**32 if size is None else size, kind) + body


def note(text: bytes, size: int | None = None) -> bytes:
    return record(NOTE, struct.pack("<Q", len(text) if size is None else size) + text)


def thread(number: int, *, kind: int = THREAD, name: bytes = b"", size: int | None = None) -> bytes:
    length = len(name) if size is None else size
    return record(kind, struct.pack("<qqQII", 1000, 0, 77, number, length) + name)


def code(
    number: int,
    file: bytes = b"f.py",
    name: bytes = b"f",
    table: bytes = b"",
    line: int = 1,
    sizes: tuple[int, int, int] | None = None,
) -> bytes:
    lengths = sizes or (len(file), len(name), len(table))
    return record(CODE, struct.pack("<IiIIII", number, line, *lengths, 0) + file + name + table)


def library(path: bytes, start: int, end: int, size: int | None = None) -> bytes:
    length = len(path) if size is None else size
    return record(LIBRARY, struct.pack("<QQQQ", start, end, start, length) + path)


def task(name: bytes, address: int, parent: int = 0, size: int | None = None) -> bytes:
    length = len(name) if size is None else size
    return record(TASK, struct.pack("<QQQ", address, parent, length) + name)


def definition(file: bytes, name: bytes, line: int = 1, size: int | None = None) -> bytes:
    text = file + name
    whole = 16 + len(text) + -len(text) % 8
    head = struct.pack("<IiiHH", whole if size is None else size, line, line, len(file), len(name))
    return head + text + bytes(-len(text) % 8)


def sample(
    number: int = 0,
    places: Iterable[tuple[int, int]] = (),
    natives: Iterable[int] = (),
    definitions: Iterable[bytes] = (),
    *,
    clock: int = CPU,
    state: int = 1,
    flags: int = 0,
    time: int = 2000,
    weight: int = 1_000_000,
    holder: int = 0,
    counts: tuple[int, int, int] | None = None,
) -> bytes:
    places, natives, definitions = list(places), list(natives), list(definitions)
    lengths = counts or (len(places), len(natives), len(definitions))
    head = struct.pack("<qqIIBBH", time, weight, number, holder, clock, state, flags)
    body = head + struct.pack("<IIII4xQ", *lengths, 0, 0)
    body += b"".join(struct.pack("<Ii", *place) for place in places)
    body += b"".join(struct.pack("<Q", address) for address in natives)
    return record(SAMPLE, body + b"".join(definitions))
