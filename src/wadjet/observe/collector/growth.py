"""Thresholds that grow with the heap, as long as there is little garbage.

The interpreter collects its youngest generation after a fixed number of allocations, 700 or
2,000: a program that builds a million objects has a thousand runs that find nothing. Here the
number doubles with each such run, up to a share of the heap. Where runs do find garbage it
goes back: memory that is used again soon is still in the processor's cache, and in large
generations that is lost.
"""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Self

from wadjet.observe.collector.support import require_lists

SHARE = 0.02
"""The part of the heap that may be allocated between two collections."""

MOST = 50_000
"""Allocations between two collections at most: some milliseconds of a pause."""

MUCH = 0.1
"""The part of the threshold from which a run has found much garbage."""


class Growth:
    """Lets the threshold of the youngest generation grow to ``share`` of the heap.

    Never below what it was, never above ``most``, and only while runs find little garbage.
    Works from ``start`` to ``stop``, which puts the thresholds back, or within ``with``. Raises
    UnsupportedError where the size of the heap cannot be told.
    """

    def __init__(self, share: float = SHARE, *, most: int = MOST) -> None:
        if share <= 0 or most < 1:
            raise ValueError("share and most must be positive")
        require_lists()
        self._share = share
        self._most = most
        self._before: tuple[int, int, int] | None = None
        self._ceiling = 0

    def start(self) -> Self:
        """Begin; RuntimeError if it has begun already."""
        if self._before is not None:
            raise RuntimeError("it has been started already")
        self._before = gc.get_threshold()
        self._ceiling = self._most_now()
        gc.callbacks.append(self._called)
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
        if phase == "stop" and self._before is not None:
            if info["generation"] > 0:
                self._ceiling = self._most_now()
            self._adapt(info["collected"])

    def _adapt(self, collected: int) -> None:
        """Double the threshold, up to the ceiling; put it back where much was garbage."""
        assert self._before is not None
        least, *older = self._before
        now = gc.get_threshold()[0]
        wanted = least if collected > MUCH * now else min(2 * now, self._ceiling)
        if least and wanted != now:  # 0: the program has turned the collector off
            gc.set_threshold(wanted, *older)

    def _most_now(self) -> int:
        from wadjet.observe.collector import _collector

        assert self._before is not None
        return max(self._before[0], min(int(self._share * sum(_collector.heap())), self._most))
