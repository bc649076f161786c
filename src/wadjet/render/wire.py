"""The protocol buffers wire format: as much of it as writing needs.

A message is its fields one after the other; each function here returns a field, or what
goes into one. Numbers that are 0 are written too: whoever need not write them leaves them
out. https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

_VARINT, _FIXED64, _LENGTH = 0, 1, 2
_SMALL = [bytes([value]) for value in range(128)]


def varint(value: int) -> bytes:
    """Return an integer, 7 bits a byte; a negative one as its 64-bit complement."""
    if 0 <= value < 128:
        return _SMALL[value]
    value &= 0xFFFF_FFFF_FFFF_FFFF
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    octets.append(value)
    return bytes(octets)


@lru_cache(maxsize=1024)
def _tag(field: int, kind: int) -> bytes:
    return varint(field << 3 | kind)


def number(field: int, value: int) -> bytes:
    """Return a field of an integer, bool or enum type."""
    return _tag(field, _VARINT) + varint(value)


def real(field: int, value: float) -> bytes:
    """Return a field of type double."""
    return _tag(field, _FIXED64) + struct.pack("<d", value)


def block(field: int, content: bytes) -> bytes:
    """Return a field that holds a message, or bytes."""
    return _tag(field, _LENGTH) + varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    """Return a string field; what cannot be UTF-8 becomes an escape."""
    return block(field, value.encode("utf-8", "backslashreplace"))


def packed(field: int, values: Iterable[int]) -> bytes:
    """Return a repeated integer field."""
    return block(field, b"".join(map(varint, values)))
