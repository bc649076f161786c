r"""Text signatures for the author's C source, as a unified diff.

A method table's row ``{"f", f, METH_VARARGS, "Do it."}`` becomes one whose documentation begins
with ``"f($module, a, /)\n--\n\n"``. Documentation that has a name is changed where it is
written down, if it belongs to one function only.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wadjet.native.csource.trees import parse, part, text, walk

Owners = Mapping[str, Mapping[str, str]]
"""Of each module and type the text signatures of what it has, by name."""

_NOTHING = ("NULL", "0", "nullptr")
_ALIKE = 0.5
"""The share of a table's names that an owner must have, for the table to be its own."""


class _Insertion(NamedTuple):
    start: int
    end: int
    text: bytes


class _Row(NamedTuple):
    """A row of a method table: its name, the node of its documentation (None: it has none)."""

    name: str
    doc: Any
    end: int


def owners(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Group the rows of a survey by whom they belong to; what is not sure is left out."""
    made: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["kind"] == "type" or row["known"]:
            continue
        owner, _, name = row["name"].rpartition(".")
        sure = row["confidence"] == "high"
        made.setdefault(owner, {})[name] = row["text_signature"] if sure else ""
    return made


def diff(path: Path, found: Owners, name: str) -> str:
    """Return the unified diff of one source file, empty where nothing changes."""
    before = path.read_bytes()
    after = patched(before, found)
    if after == before:
        return ""
    old, new = (text.decode(errors="surrogateescape") for text in (before, after))
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(lines)


def patched(source: bytes, found: Owners) -> bytes:
    """Return a C source with the text signatures in its method tables."""
    root = parse(source)
    changes: list[_Insertion] = []
    tables = list(_tables(root))
    used = Counter(text(row.doc) for table in tables for row in table if row.doc is not None)
    for table in tables:
        signatures = _owner({row.name for row in table}, found)
        for row in table:
            signature = signatures.get(row.name)
            if signature:
                changes += _documented(root, row, signature, used)
    for change in sorted(changes, reverse=True):
        source = source[: change.start] + change.text + source[change.end :]
    return source


def _tables(root: Any) -> Iterator[list[_Row]]:
    """Yield the method tables: arrays of PyMethodDef with their rows."""
    for node in walk(root):
        kind = node.child_by_field_name("type") if node.type == "declaration" else None
        if kind is None or "PyMethodDef" not in text(kind):
            continue
        for declarator in node.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value")
            if value is not None and value.type == "initializer_list":
                rows = (_row(each) for each in value.named_children)
                yield [row for row in rows if row is not None]


def _row(node: Any) -> _Row | None:
    if node.type != "initializer_list":
        return None
    parts = [each for each in node.named_children if each.type != "comment"]
    fields = dict(enumerate(parts))
    for each in parts:
        if each.type == "initializer_pair":
            word = text(each.child_by_field_name("designator")).lstrip(".")
            value = each.child_by_field_name("value")
            fields[("ml_name", "ml_meth", "ml_flags", "ml_doc").index(word)] = value
    name = fields.get(0)
    if name is None or name.type != "string_literal" or len(fields) < 3:
        return None
    return _Row(text(name)[1:-1], fields.get(3), node.end_byte - 1)


def _owner(names: set[str], found: Owners) -> Mapping[str, str]:
    """Return the signatures of whom a table with these names belongs to."""
    best, most = "", 0.0
    for owner, signatures in found.items():
        either = names | set(signatures)
        share = len(names & set(signatures)) / len(either) if either else 0.0
        if share > most:
            best, most = owner, share
    return found[best] if most >= _ALIKE else {}


def _documented(root: Any, row: _Row, signature: str, used: Counter[str]) -> Iterator[_Insertion]:
    """Yield what changes so that a row's documentation begins with ``signature``."""
    literal = f'"{signature}\\n--\\n\\n"'.encode()
    if row.doc is None:
        yield _Insertion(row.end, row.end, b", " + literal)
        return
    shown = text(row.doc)
    if shown in _NOTHING or shown.endswith(")NULL"):
        yield _Insertion(row.doc.start_byte, row.doc.end_byte, literal)
        return
    doc = row.doc
    if doc.type == "identifier":
        if used[shown] > 1:
            return  # of several functions
        doc = _definition(root, shown)
    first = None if doc is None else _first_literal(doc)
    if first is not None:
        place = first.start_byte
        yield _Insertion(place, place, literal + b"\n" + b" " * first.start_point[1])


def _definition(root: Any, name: str) -> Any:
    """Return the node that gives a documentation its text: PyDoc_STRVAR, or an array."""
    for node in walk(root):
        if node.type == "call_expression" and text(node).startswith(("PyDoc_STRVAR", "PyDoc_VAR")):
            arguments = node.child_by_field_name("arguments")
            if arguments is not None and text(arguments.named_children[0]) == name:
                return arguments
        if node.type == "init_declarator":
            declared = text(part(node, "declarator"))
            if declared.partition("[")[0].lstrip("*") == name:
                return node.child_by_field_name("value")
    return None


def _first_literal(node: Any) -> Any:
    return next((each for each in walk(node) if each.type == "string_literal"), None)
