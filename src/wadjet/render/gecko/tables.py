"""The tables that all threads of a Firefox profile share: functions, frames, stacks, sources.

A table is an object of parallel columns with its ``length``.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TypeAlias

from wadjet.model.profile import NO_NODE, Function, Profile, State
from wadjet.render.gecko.categories import of_function, of_state
from wadjet.render.naming import NO_FRAME, STATES

Column: TypeAlias = list[int | None]
Table: TypeAlias = dict[str, object]

_LIBRARY = 1
"""The resource type of a shared library."""

_OUTSIDE = (State.WAIT_GIL, State.RUNNABLE, State.BLOCKED, State.RUN_NATIVE)
"""States in which a thread does not run the Python code that is on top of its stack."""


class Tables:
    """Frames, stacks and strings, added as they are asked for.

    Where a thread was not running the function on top of its stack, a leaf says what it did
    instead: what is below stays coloured by whose code it is, and the leaf by the state.
    """

    def __init__(self, profile: Profile) -> None:
        self._tree = profile.tree
        self._texts = profile.sources
        self._none = len(profile.tree.functions)
        leaves = [Function(f"({STATES[state]})") for state in State]
        self._functions = (*profile.tree.functions, NO_FRAME, *leaves)
        self._categories = [of_function(each) for each in (*profile.tree.functions, NO_FRAME)]
        self._categories += [of_state(state) for state in State]
        self._strings: dict[str, int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._places = array("i", [-1]) * (len(profile.tree) + 1)  # the last one is for NO_NODE
        self._leaves: dict[tuple[int, int], int] = {}
        self._prefix: Column = []
        self._frame: list[int] = []

    def string(self, text: str) -> int:
        """Return the index of ``text``, adding it if it is new."""
        return self._strings.setdefault(text, len(self._strings))

    def stack(self, node: int, state: int) -> int:
        """Return the index of the stack of ``node``, with a leaf for the state if it needs one."""
        known = self._leaves.get((node, state))
        if known is None:
            known = self._leaves[node, state] = self._leaf(node, state)
        return known

    def _leaf(self, node: int, state: int) -> int:
        stack = self._stack(node) if node != NO_NODE else self._frameless()
        native = node != NO_NODE and self._functions[self._tree.function_of(node)].kind == "native"
        if state not in _OUTSIDE or (native and state == State.RUN_NATIVE):
            return stack
        return self._add(stack, self._none + 1 + state, 0)

    def _stack(self, leaf: int) -> int:
        """Return the index of a node's stack, adding what is new of it."""
        node, new = leaf, []
        while node >= 0 and self._places[node] < 0:
            new.append(node)
            node = self._tree.node_parent[node]
        place = self._places[node] if node >= 0 else None
        for each in reversed(new):
            place = self._add(place, self._tree.function_of(each), self._tree.line_of(each))
            self._places[each] = place
        return self._places[leaf]

    def _frameless(self) -> int:
        if self._places[NO_NODE] < 0:
            self._places[NO_NODE] = self._add(None, self._none, 0)
        return self._places[NO_NODE]

    def _add(self, prefix: int | None, function: int, line: int) -> int:
        self._prefix.append(prefix)
        self._frame.append(self._frames.setdefault((function, line), len(self._frames)))
        return len(self._prefix) - 1

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
        count = len(self._frames)
        nowhere: Column = [None] * count
        return _table(
            address=[-1] * count,
            inlineDepth=[0] * count,
            category=[self._categories[function] for function, _ in self._frames],
            subcategory=[0] * count,
            func=[function for function, _ in self._frames],
            line=[line or None for _, line in self._frames],
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
