"""The signatures of one image in a file of the cache, so that they are read only once.

The file is named by the build id of the image (by its content where it has none). It has the
rows that C code applies (where in the image a definition is, and the text for it), and JSON for
what is found by its name only, such as heap types. Paths are texts here: this is done for every
module that is imported, and is to take microseconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FORMAT = 5
"""To be raised with every change of what is found or how it is kept."""
_HEAD = struct.Struct("=8sII")
_MAGIC = b"wadjets%d" % _FORMAT
_ROW = struct.Struct("=QII")  # as core/native/signatures/module.c has it
METHOD, TYPE = 0, 1


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is written into an image: packed rows, and pairs of a dotted name and a text."""

    rows: bytes
    named: tuple[tuple[str, str], ...] = ()


def packed(rows: Iterable[tuple[int, int, str]]) -> bytes:
    """Return rows as C reads them; each is a place, METHOD or TYPE, and a text."""
    made = bytearray()
    for place, kind, text in rows:
        data = text.encode()
        made += _ROW.pack(place, kind, len(data)) + data
    return bytes(made)


def path_of(image: str, build_id: bytes, module: str = "") -> str:
    """Return the file for an image, or for a module in it where it has many."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    key = build_id.hex()
    if not key:
        key = "content-" + hashlib.sha256(Path(image).read_bytes()).hexdigest()
    tag = sys.implementation.cache_tag
    return f"{cache}/wadjet/signatures/{key}{module and '.'}{module}.{tag}.{_FORMAT}"


def load(path: str) -> Sidecar | None:
    """Return what a file has; None where there is none that can be used."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = os.read(file, os.fstat(file).st_size)
    except OSError:
        return None
    finally:
        os.close(file)
    return _unpacked(data)


def _unpacked(data: bytes) -> Sidecar | None:
    if len(data) < _HEAD.size:
        return None
    magic, size, rest = _HEAD.unpack_from(data)
    middle = _HEAD.size + size
    if magic != _MAGIC or len(data) != middle + rest:
        return None
    try:
        pairs = json.loads(data[middle:]) if rest else ()
        named = tuple((str(name), str(text)) for name, text in pairs)
    except (ValueError, TypeError):
        return None
    return Sidecar(data[_HEAD.size : middle], named)


def save(path: str, sidecar: Sidecar) -> None:
    """Write a file, at once or not at all; a cache that cannot be written is none."""
    from wadjet.pipeline.writing import write

    named = json.dumps(sidecar.named).encode() if sidecar.named else b""
    head = _HEAD.pack(_MAGIC, len(sidecar.rows), len(named))
    with contextlib.suppress(OSError):
        write(Path(path), head + sidecar.rows + named)
