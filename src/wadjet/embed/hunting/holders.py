"""Who has an object that was left behind: the way to it by name, or C."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from functools import cached_property

from wadjet.errors import WadjetError
from wadjet.model.graph import PROCESS, Flag, ObjectGraph
from wadjet.model.graph.paths import keeps, line

_CACHE = "functools._lru_cache_wrapper"


class Holders:
    """The heap as it is now, asked about objects at ``addresses``."""

    def __init__(self, addresses: Iterable[int]) -> None:
        wanted = set(addresses)
        self._graph = _graph()
        column = self._graph.columns.address if self._graph is not None else ()
        self._nodes = {each: node for node, each in enumerate(column) if each in wanted}

    def of(self, address: int) -> str:
        """Return who has the object, as the end of a sentence."""
        graph = self._graph
        if graph is None:
            return "who has it is not known: there is no snapshot of the heap here"
        node = self._nodes.get(address)
        if node is None:
            return "nobody in Python has it: the reference is held in C"
        path = keeps(graph, node)
        flags = graph.flags(path.steps[0].target)
        if flags & (Flag.GARBAGE | Flag.ROOT | Flag.IMMORTAL):
            return f"kept by `{line(graph, path)}`"
        count = graph.columns.held[path.steps[0].target]
        held = f"{count} reference{'s are' if count != 1 else ' is'} held in C"
        if len(path.steps) == 1:
            return f"nobody in Python has it: {held}"
        return f"kept by `{line(graph, path)}`, to which {held}"

    def is_cached(self, address: int) -> bool:
        """Say whether an lru_cache has it that lets go of others when it is full."""
        node = self._nodes.get(address)
        if self._graph is None or node is None:
            return False
        graph, path = self._graph, keeps(self._graph, node)
        caches = [
            each.source
            for each in path.steps
            if each.source != PROCESS and graph.kind(each.source).title == _CACHE
        ]
        return any(graph.columns.address[each] in self._bounded for each in caches)

    @cached_property
    def _bounded(self) -> set[int]:
        """The addresses of the caches that have a most."""
        return {
            id(each)
            for each in gc.get_objects()
            if type(each).__name__ == "_lru_cache_wrapper"
            and each.cache_parameters()["maxsize"] is not None
        }


def _graph() -> ObjectGraph | None:
    from wadjet.observe.heap.taking import take

    try:
        return take(twins=False)
    except WadjetError:  # no snapshot can be taken here
        return None
