"""Thresholds that grow with the heap.

The interpreter collects its youngest generation after a fixed number of allocations, 700 or
2,000: for a program of a million objects that is a thousand runs to find what one would
have found. Here the number is a share of the heap.
"""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Self

from wadjet.observe.collector.support import require_lists

SHARE = 0.02
"""The part of the heap that may be allocated between two collections."""

MOST = 100_000
"""Allocations between two collections at most: some milliseconds of a pause."""


class Growth:
    """Keeps the threshold of the youngest generation at ``share`` of the heap.

    Never below what it was, never above ``most``. Works from ``start`` to ``stop``, which puts
    the thresholds back, or within ``with``. Raises UnsupportedError where the size of the
    heap cannot be told.
    """

    def __init__(self, share: float = SHARE, *, most: int = MOST) -> None:
        if share <= 0 or most < 1:
            raise ValueError("share and most must be positive")
        require_lists()
        self._share = share
        self._most = most
        self._before: tuple[int, int, int] | None = None

    def start(self) -> Self:
        """Begin; RuntimeError if it has begun already."""
        if self._before is not None:
            raise RuntimeError("it has been started already")
        self._before = gc.get_threshold()
        gc.callbacks.append(self._called)
        self._adapt()
        return self

    def stop(self) -> None:
        """Put back the thresholds; harmless when it has not been started."""
        if self._before is not None:
            gc.callbacks.remove(self._called)
            gc.set_threshold(*self._before)
            self._before = None

    def __enter__(self) -> Self:
        return self if self._before is not None else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _called(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] > 0:
            self._adapt()

    def _adapt(self) -> None:
        from wadjet.observe.collector import _collector

        if self._before is None or self._before[0] == 0:  # the program has turned it off
            return
        wanted = int(self._share * sum(_collector.heap()))
        first = max(self._before[0], min(wanted, self._most))
        gc.set_threshold(first, *self._before[1:])
