"""ObjectGraph: the objects of a process, what refers to what, and what that keeps alive.

Columnar, and mapped from its file: an object is a number, and each column has one element
an object. Object 0 stands for the process. Objects are numbered in the order of a
depth-first search from it, so that an object's dominator always has a lesser number, and
one pass in either direction sums the tree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from functools import cached_property
from typing import NamedTuple

from wadjet.model.profile import Fact

PROCESS = 0
"""The object that stands for the process, the root of all."""

HUGE = 2**32 - 1
"""In the column of sizes: this object's is kept apart."""


class Flag(IntFlag):
    """What is known of an object."""

    HELD = 1
    IMMORTAL = 2
    TRACKED = 4
    GARBAGE = 8
    SCAFFOLD = 16
    ROOT = 32


class Tail(IntEnum):
    """How references beyond an object's named fields are laid out."""

    OPAQUE = 0
    SEQUENCE = 1
    MAPPING = 2
    FRAME = 3


class KindFlag(IntFlag):
    """What is known of a type."""

    FINALIZER = 1
    PYTHON = 2
    DICT = 4
    LIES = 8
    IN_PYTHON = 32


class Kind(NamedTuple):
    """A type: ``fields`` name the first references of its instances, ``tail`` the rest.

    ``node`` is the type as an object of the graph, 0 where nothing refers to it; ``basic``
    the bytes of an instance without items.
    """

    module: str
    name: str
    fields: tuple[str, ...]
    tail: Tail
    flags: KindFlag
    node: int
    basic: int

    @property
    def title(self) -> str:
        """The type as people write it: builtins go without their module."""
        return self.name if self.module in ("builtins", "") else f"{self.module}.{self.name}"


Column = memoryview
"""Numbers, one an object or a reference; not copied from the file until they are read."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file holds.

    ``first[n]`` to ``first[n + 1]`` is where ``edge`` has the objects that object ``n``
    refers to; 0 there is an empty slot. ``dominator[n]`` is the object without which ``n``
    would be freed, ``retained[n]`` the bytes that would be freed with it, ``up[n]`` the next
    object on a shortest way to a root, ``held[n]`` how many references come from C code,
    255 for more.
    """

    address: Column
    first: Column
    edge: Column
    type: Column
    size: Column
    flags: Column
    held: Column
    dominator: Column
    retained: Column
    up: Column
    cycle_first: Column
    cycle_member: Column
    huge: Column
    text_object: Column
    text_first: Column
    text: Column
    type_flags: Column
    type_tail: Column
    type_fields: Column
    type_object: Column
    type_basic: Column
    type_first: Column
    words: Column
    twin: Column
    twin_of: Column


class Reference(NamedTuple):
    """An object refers to another; ``name`` says by what, "" where that is not known."""

    source: int
    target: int
    name: str


@dataclass(frozen=True)
class ObjectGraph:
    """All objects of a process at one moment.

    ``about`` holds the facts of the snapshot: command, pid, versions, thread names;
    ``source`` is the file that the columns are part of.
    """

    columns: Columns
    about: Mapping[str, Fact] = field(default_factory=dict)
    source: memoryview = field(default=memoryview(b""), repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.columns.flags)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The types; ``columns.type`` has indices of them."""
        return tuple(_kinds(self.columns))

    @cached_property
    def huge(self) -> dict[int, int]:
        """The sizes that do not fit their column, by object."""
        pairs = self.columns.huge
        return {pairs[at]: pairs[at + 1] for at in range(0, len(pairs) - 1, 2)}

    @property
    def total(self) -> int:
        """Bytes of all objects."""
        return int(self.columns.retained[PROCESS])

    def kind(self, node: int) -> Kind:
        """Return the type of an object."""
        return self.kinds[self.columns.type[node]]

    def size(self, node: int) -> int:
        """Return the bytes of an object itself."""
        size = int(self.columns.size[node])
        return size if size != HUGE else self.huge.get(node, size)

    def retained(self, node: int) -> int:
        """Return the bytes that would be freed with an object."""
        return int(self.columns.retained[node])

    def flags(self, node: int) -> Flag:
        """Return what is known of an object."""
        return Flag(self.columns.flags[node])

    def targets(self, node: int) -> Column:
        """Return what an object refers to, with 0 for each empty slot."""
        first = self.columns.first
        return self.columns.edge[first[node] : first[node + 1]]

    def references(self, node: int) -> Iterator[Reference]:
        """Yield what an object refers to, by name."""
        for position, target in enumerate(self.targets(node)):
            if target:
                yield Reference(node, target, self.reference_name(node, position))

    def text(self, node: int) -> str:
        """Return what names an object, "" for none: a key, a function's or module's name."""
        objects = self.columns.text_object
        at = bisect_left(objects, node)
        if at == len(objects) or objects[at] != node:
            return ""
        start = self.columns.text_first[at]
        return _word(self.columns.text, start)

    def reference_name(self, node: int, position: int) -> str:
        """Return what the ``position``-th reference of an object is called."""
        kind = self.kind(node)
        fields = len(kind.fields)
        if position < fields:
            return _field_name(kind, kind.fields[position])
        rest = position - fields
        if kind.tail is Tail.SEQUENCE:
            return f"[{rest}]"
        if kind.tail is Tail.MAPPING:
            return self._entry_name(node, position) if rest % 2 else "a key"
        if kind.tail is Tail.FRAME:
            return self._local_name(node, rest)
        return ""

    def _entry_name(self, node: int, position: int) -> str:
        key = self.targets(node)[position - 1]
        text = self.text(key)
        if not text:
            return f"[<{self.kind(key).title}>]"
        return f"[{text!r}]" if self.kind(key).name == "str" else f"[{text}]"

    def _local_name(self, node: int, number: int) -> str:
        code = self.targets(node)[self.kind(node).fields.index("code")]
        names = self.field(code, "co_localsplusnames") if code else 0
        variables = self.targets(names) if names else ()
        if number >= len(variables):
            return "a temporary"
        return f"local {self.text(variables[number])}"

    def field(self, node: int, name: str) -> int:
        """Return the object in a named field; PROCESS where it is empty or not there."""
        kind = self.kind(node)
        if name not in kind.fields:
            return PROCESS
        position = kind.fields.index(name)
        targets = self.targets(node)
        return int(targets[position]) if position < len(targets) else PROCESS

    def describe(self, node: int) -> str:
        """Return an object in a few words: its type, and its name if it has one."""
        kind = self.kind(node)
        if node == PROCESS:
            return "the process"
        return _DESCRIBED.get(kind.title, _plain)(self, node)


def _plain(graph: ObjectGraph, node: int) -> str:
    kind = graph.kind(node)
    if "__mro__" in kind.fields:  # the object is a type
        name = graph.text(graph.field(node, "__qualname__"))
        return f"class {name or _static_type(graph, node)}"
    if kind.tail in (Tail.SEQUENCE, Tail.MAPPING):
        count = len(graph.targets(node)) - len(kind.fields)
        return f"{kind.title} of {count // (2 if kind.tail is Tail.MAPPING else 1):,}"
    text = graph.text(node)
    return f"{kind.title} {text!r}" if text else kind.title


def _static_type(graph: ObjectGraph, node: int) -> str:
    return next((kind.title for kind in graph.kinds if kind.node == node), "")


def _function(graph: ObjectGraph, node: int) -> str:
    return f"function {graph.text(graph.field(node, '__qualname__'))}"


def _code(graph: ObjectGraph, node: int) -> str:
    return f"code of {graph.text(graph.field(node, 'co_qualname'))}"


def _module(graph: ObjectGraph, node: int) -> str:
    return f"module {graph.text(graph.field(node, '__name__'))}"


def _method(graph: ObjectGraph, node: int) -> str:
    function = graph.field(node, "__func__")
    return f"method {graph.text(graph.field(function, '__qualname__')) if function else ''}"


def _running(graph: ObjectGraph, node: int) -> str:
    return f"{graph.kind(node).title} {graph.text(graph.field(node, '__qualname__'))}"


def _frame(graph: ObjectGraph, node: int) -> str:
    text = graph.text(node)
    code = graph.field(node, "code")
    if not text and code:
        text = graph.text(graph.field(code, "co_qualname"))
    return f"frame {text}"


def _thread(graph: ObjectGraph, node: int) -> str:
    names = graph.about.get("threads")
    ident = graph.text(node)
    name = names.get(ident) if isinstance(names, dict) else None
    return f"thread {name or ident}"


_DESCRIBED = {
    "function": _function,
    "code": _code,
    "module": _module,
    "method": _method,
    "frame": _frame,
    "thread": _thread,
    "generator": _running,
    "coroutine": _running,
    "async_generator": _running,
}


def _field_name(kind: Kind, name: str) -> str:
    """Return a field as Python would write it; what no attribute gives stays as it is."""
    return f".{name}" if name.isidentifier() and kind.module else name


def _word(column: Column, start: int) -> str:
    """Return the text that begins at ``start`` and ends with a 0."""
    end = start
    while end < len(column) and column[end]:
        end += 1
    return bytes(column[start:end]).decode("utf-8", "replace")


def _kinds(columns: Columns) -> Iterator[Kind]:
    words = bytes(columns.words)
    starts = [*columns.type_first, len(words)]
    for number, count in enumerate(columns.type_fields):
        parts = words[starts[number] : starts[number + 1]].decode("utf-8", "replace").split("\0")
        yield Kind(
            parts[0],
            parts[1],
            tuple(parts[2 : 2 + count]),
            Tail(columns.type_tail[number]),
            KindFlag(columns.type_flags[number]),
            columns.type_object[number],
            columns.type_basic[number],
        )
