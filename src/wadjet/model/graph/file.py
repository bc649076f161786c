"""The file that an ObjectGraph is kept in: a header, a directory, and aligned columns.

The file is mapped, not read: what is looked at is loaded, and a graph of ten million
objects can be looked at in far less memory than it takes. What the file claims is checked
against its size before it is believed, and no offset in it is followed unchecked.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from wadjet.errors import NoInputError, OutputError, SnapshotError
from wadjet.model.graph import Column, Columns, ObjectGraph
from wadjet.model.profile import Fact

MAGIC = b"WADJHEAP"
VERSION = 1
SUFFIX = ".heap"

_HEADER = struct.Struct("<8sIIQ40x")
_ENTRY = struct.Struct("<24sQQQ")
_MOST_COLUMNS = 40

_WIDTHS = {
    **dict.fromkeys(("address", "retained", "huge"), 8),
    **dict.fromkeys(("about", "flags", "held", "text", "type_flags", "type_tail", "words"), 1),
}
_PER_OBJECT = (
    *("address", "type", "size", "held", "dominator", "retained", "up"),
)  # as many as flags
_PER_TYPE = ("type_flags", "type_tail", "type_object", "type_basic", "type_first")


def load(path: Path) -> ObjectGraph:
    """Return the graph in a file; raises NoInputError and SnapshotError."""
    try:
        with path.open("rb") as file:
            return read(file, str(path))
    except OSError as error:
        cure = "name a file that `wadjet heap -o` wrote"
        raise NoInputError(f"cannot read {path} ({error.strerror})", cure) from None


def save(graph: ObjectGraph, path: Path) -> None:
    """Write a graph that was read back to a file; raises OutputError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            file.write(graph.source)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror})") from None
    finally:
        partial.unlink(missing_ok=True)


def is_snapshot(path: Path) -> bool:
    """True if a file begins as a snapshot does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read(file: BinaryIO, name: str = "the snapshot") -> ObjectGraph:
    """Return the graph in an open file, which may be closed at once; raises SnapshotError."""
    if os.fstat(file.fileno()).st_size < _HEADER.size:
        raise _refused(name, "it is too short")
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = memoryview(mapped)
    if sys.byteorder != "little":
        raise _refused(name, "it can only be read on a little-endian machine")
    columns = _columns(whole, name)
    about = columns.pop("about")
    _check(columns, name)
    graph = ObjectGraph(Columns(**columns), _about(bytes(about), name), whole)
    _check_types(graph, name)
    return graph


def _refused(name: str, why: str) -> SnapshotError:
    return SnapshotError(f"{name} is not a snapshot of a heap ({why})", "take another one")


def _columns(whole: memoryview, name: str) -> dict[str, Column]:
    magic, version, count, size = _HEADER.unpack_from(whole)
    if magic != MAGIC:
        raise _refused(name, "it does not begin as one, or was not written to its end")
    if version != VERSION:
        raise _refused(name, f"it has version {version}, and {VERSION} is known")
    if size != len(whole) or count > _MOST_COLUMNS:
        raise _refused(name, "it has been cut short")
    if _HEADER.size + count * _ENTRY.size > size:
        raise _refused(name, "its directory is cut short")
    found = {}
    for at in range(count):
        raw, width, length, offset = _ENTRY.unpack_from(whole, _HEADER.size + at * _ENTRY.size)
        column = raw.rstrip(b"\0").decode("ascii", "replace")
        if length == 0:  # an empty column has no width of its own
            width = _WIDTHS.get(column, 4)
        if width != _WIDTHS.get(column, 4):
            raise _refused(name, f"its column {column!r} has an unknown width")
        if offset % 8 or offset > size or length * width > size - offset:
            raise _refused(name, f"its column {column!r} lies outside of it")
        found[column] = _cast(whole[offset : offset + length * width], width)
    wanted = {each.name for each in fields(Columns)} | {"about"}
    if missing := wanted - found.keys():
        raise _refused(name, f"it lacks {', '.join(sorted(missing))}")
    return {column: found[column] for column in wanted}


def _cast(raw: memoryview, width: int) -> Column:
    return raw.cast("B") if width == 1 else raw.cast("I") if width == 4 else raw.cast("Q")


def _check(columns: Mapping[str, Column], name: str) -> None:
    objects = len(columns["flags"])
    if not objects or len(columns["first"]) != objects + 1:
        raise _refused(name, "it has no objects")
    if any(len(columns[each]) != objects for each in _PER_OBJECT):
        raise _refused(name, "its columns differ in length")
    if columns["first"][objects] != len(columns["edge"]):
        raise _refused(name, "its references are cut short")
    types = len(columns["type_fields"])
    if not types or any(len(columns[each]) != types for each in _PER_TYPE):
        raise _refused(name, "its types differ in number")
    if len(columns["text_object"]) != len(columns["text_first"]):
        raise _refused(name, "its names differ in number")
    if len(columns["twin"]) != len(columns["twin_of"]):
        raise _refused(name, "its twins differ in number")


def _check_types(graph: ObjectGraph, name: str) -> None:
    try:
        kinds = graph.kinds
    except (IndexError, ValueError):
        raise _refused(name, "its types cannot be read") from None
    if any(len(kind.fields) > 2**16 for kind in kinds):
        raise _refused(name, "its types cannot be read")


def _about(text: bytes, name: str) -> Mapping[str, Fact]:
    try:
        about = json.loads(text)
    except ValueError:
        raise _refused(name, "its facts are not JSON") from None
    if not isinstance(about, dict):
        raise _refused(name, "its facts are not an object")
    return about
