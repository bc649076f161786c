"""Reads the block that a report carries, as the page's own script does."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any


def unpack(block: bytes) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return the head and the columns."""
    data = zlib.decompress(block)
    (size,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + size])
    columns = {}
    at = 4 + size
    for name, count, width, delta in head["columns"]:
        planes = [data[at + plane * count : at + (plane + 1) * count] for plane in range(width)]
        numbers = [int.from_bytes(digits, "little") for digits in zip(*planes, strict=True)]
        columns[name] = undo(numbers) if delta else numbers
        at += count * width
    assert at == len(data)
    return head, columns


def undo(zigzags: list[int]) -> list[int]:
    """Return the numbers whose differences these are."""
    numbers, number = [], 0
    for zigzag in zigzags:
        number += -(zigzag + 1) // 2 if zigzag & 1 else zigzag // 2
        numbers.append(number)
    return numbers
