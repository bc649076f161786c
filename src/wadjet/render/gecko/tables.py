"""The tables that all threads of a Firefox profile share: functions, frames, stacks, sources.

A table is an object of parallel columns with its ``length``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from wadjet.model.profile import NO_NODE, Profile
from wadjet.render.gecko.categories import category
from wadjet.render.naming import NO_FRAME

Column: TypeAlias = list[int | None]
Table: TypeAlias = dict[str, object]

_LIBRARY = 1
"""The resource type of a shared library."""


class Tables:
    """Frames, stacks and strings, added as they are asked for.

    A leaf has a frame for each state, for the category is the frame's; a stack that is only
    the beginning of others has none.
    """

    def __init__(self, profile: Profile) -> None:
        self._tree = profile.tree
        self._functions = (*profile.tree.functions, NO_FRAME)
        self._texts = profile.sources
        self._strings: dict[str, int] = {}
        self._frames: dict[tuple[int, int | None], int] = {}
        self._stacks: dict[tuple[int, int | None], int] = {}
        self._prefix: Column = []
        self._frame: list[int] = []

    def string(self, text: str) -> int:
        """Return the index of ``text``, adding it if it is new."""
        return self._strings.setdefault(text, len(self._strings))

    def stack(self, node: int, state: int) -> int:
        """Return the index of the stack whose leaf is ``node``, in ``state``."""
        return self._leaf(node, category(state))

    def _leaf(self, node: int, mark: int | None) -> int:
        known = self._stacks.get((node, mark))
        if known is not None:
            return known
        pending: list[tuple[int, int | None]] = [(node, mark)]
        parent = self._tree.node_parent[node] if node != NO_NODE else NO_NODE
        while parent >= 0 and (parent, None) not in self._stacks:
            pending.append((parent, None))
            parent = self._tree.node_parent[parent]
        prefix = self._stacks[parent, None] if parent >= 0 else None
        for key in reversed(pending):
            prefix = self._add(prefix, *key)
        return len(self._prefix) - 1

    def _add(self, prefix: int | None, node: int, mark: int | None) -> int:
        number = self._stacks[node, mark] = len(self._prefix)
        frame = self._tree.node_frame[node] if node != NO_NODE else NO_NODE
        self._prefix.append(prefix)
        self._frame.append(self._frames.setdefault((frame, mark), len(self._frames)))
        return number

    def document(self) -> Table:
        """Return the tables as the profile holds them; to be written when all is known."""
        sources: dict[str, int] = {}
        resources: dict[str, int] = {}
        functions = self._function_table(sources, resources)
        return {
            "stackTable": _table(frame=self._frame, prefix=self._prefix),
            "frameTable": self._frame_table(),
            "funcTable": functions,
            "resourceTable": self._resource_table(resources),
            "nativeSymbols": _table(libIndex=[], address=[], name=[], functionSize=[]),
            "sources": self._source_table(sources),
            "sourceLocationTable": _table(source=[], line=[], column=[]),
            "stringArray": list(self._strings),
        }

    def _frame_table(self) -> Table:
        tree = self._tree
        count, none = len(self._frames), len(tree.functions)
        marks = [mark for _, mark in self._frames]
        nowhere: Column = [None] * count
        return _table(
            address=[-1] * count,
            inlineDepth=[0] * count,
            category=marks,
            subcategory=[None if mark is None else 0 for mark in marks],
            func=[tree.frame_function[each] if each >= 0 else none for each, _ in self._frames],
            line=[tree.frame_line[each] or None if each >= 0 else None for each, _ in self._frames],
            nativeSymbol=nowhere,
            innerWindowID=[0] * count,
            column=nowhere,
            originalLocation=nowhere,
        )

    def _function_table(self, sources: dict[str, int], resources: dict[str, int]) -> Table:
        """Return the functions, adding their files to ``sources`` or ``resources``."""
        functions = self._functions
        count = len(functions)
        nowhere: Column = [None] * count
        source: Column = []
        resource = []
        for each in functions:
            native = each.kind == "native" and each.file
            resource.append(resources.setdefault(each.file, len(resources)) if native else -1)
            known = each.file and not native
            source.append(sources.setdefault(each.file, len(sources)) if known else None)
        return _table(
            name=[self.string(each.name) for each in functions],
            isJS=[False] * count,
            relevantForJS=[False] * count,
            resource=resource,
            source=source,
            lineNumber=[each.line or None for each in functions],
            columnNumber=nowhere,
            originalLocation=nowhere,
        )

    def _resource_table(self, libraries: dict[str, int]) -> Table:
        count = len(libraries)
        return _table(
            lib=[None] * count,
            name=[self.string(path) for path in libraries],
            host=[None] * count,
            type=[_LIBRARY] * count,
        )

    def _source_table(self, files: dict[str, int]) -> Table:
        count = len(files)
        return _table(
            id=[None] * count,
            filename=[self.string(path) for path in files],
            startLine=[1] * count,
            startColumn=[1] * count,
            sourceMapURL=[None] * count,
            content=[self._texts.get(path) for path in files],
        )


def _table(**columns: Sequence[object]) -> Table:
    """Return columns as a table; they are of one length."""
    (length,) = {len(column) for column in columns.values()}
    return {"length": length, **columns}
