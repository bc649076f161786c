"""Collect between requests, within a budget for the pause.

While requests are served no collection comes between, unless memory asks for it; when none is
being served, the oldest generation is collected that is due and fits the budget, judged by
what collections have cost so far.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from wadjet.observe.collector.support import require_lists

PAUSE = 0.005
"""Seconds that a collection may take."""

MOST = 200_000
"""Allocations after which the interpreter collects even while a request is served."""

_FIRST_GUESS = 50.0  # ns an object, until a collection was measured
_MEMORY = 0.8  # how much of the old estimate a new one keeps

Application = Callable[..., Any]


class Budget:
    """Places collections at the ends of requests and in idle moments.

    ``pause`` is in seconds. ``runs`` counts the collections by generation, ``postponed`` those
    that were due but would not fit, ``overruns`` those that took longer than they might.
    Works from ``start`` to ``stop``, or within ``with``. Raises UnsupportedError where the size
    of the heap cannot be told.
    """

    def __init__(self, pause: float = PAUSE, *, most: int = MOST) -> None:
        if pause <= 0 or most < 1:
            raise ValueError("pause and most must be positive")
        require_lists()
        self.runs = [0, 0, 0]
        self.postponed = 0
        self.overruns = 0
        self._pause = pause
        self._most = most
        self._cost = _FIRST_GUESS
        self._before: tuple[int, int, int] | None = None
        self._serving = 0
        self._lock = threading.Lock()

    def start(self) -> Self:
        """Begin; RuntimeError if it has begun already."""
        if self._before is not None:
            raise RuntimeError("it has been started already")
        self._before = gc.get_threshold()
        gc.set_threshold(max(self._before[0], self._most), *self._before[1:])
        return self

    def stop(self) -> None:
        """Put back the thresholds; harmless when it has not been started."""
        if self._before is not None:
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

    @contextmanager
    def request(self) -> Iterator[None]:
        """Serve a request in a ``with`` block; when the last one has ended, collect."""
        with self._lock:
            self._serving += 1
        try:
            yield
        finally:
            with self._lock:
                self._serving -= 1
                idle = self._serving == 0
            if idle:
                self.idle()

    def idle(self, seconds: float | None = None) -> int:
        """Collect what is due and fits; return the generation, -1 for none.

        ``seconds`` is how long there is nothing else to do, by default the budget.
        """
        if self._before is None:
            return -1
        generation = self._choose(self._pause if seconds is None else seconds)
        if generation >= 0:
            self._collect(generation)
        return generation

    def wsgi(self, application: Application) -> Application:
        """Return a WSGI application that serves each of its requests within the budget."""

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            with self.request():
                parts = application(environ, start_response)
                try:
                    yield from parts
                finally:
                    close = getattr(parts, "close", None)
                    if close is not None:
                        close()

        return serve

    def asgi(self, application: Application) -> Application:
        """Return an ASGI application that serves each of its requests within the budget."""

        async def serve(
            scope: dict[str, Any],
            receive: Callable[[], Awaitable[Any]],
            send: Callable[[Any], Awaitable[None]],
        ) -> None:
            if scope["type"] == "lifespan":  # lasts as long as the server
                await application(scope, receive, send)
                return
            with self.request():
                await application(scope, receive, send)

        return serve

    def _choose(self, seconds: float) -> int:
        """Return the oldest generation that is due and fits; -1 for none."""
        from wadjet.observe.collector import _collector

        assert self._before is not None
        young, middle, total, pending = _collector.heap()
        first, second, third = self._before
        counts = gc.get_count()
        due = (
            young > first,
            counts[1] >= second and young + middle > first,
            counts[2] >= third and pending > total // 4,
        )
        sizes = (young, young + middle, young + middle + total + pending)
        for generation in (2, 1, 0):
            if due[generation] and first:
                if sizes[generation] * self._cost <= seconds * 1e9:
                    return generation
                self.postponed += 1
        return -1

    def _collect(self, generation: int) -> None:
        from wadjet.observe.collector import _collector

        young, middle, total, pending = _collector.heap()
        size = (young, young + middle, young + middle + total + pending)[generation]
        start = time.perf_counter_ns()
        gc.collect(generation)
        took = time.perf_counter_ns() - start
        self.runs[generation] += 1
        self.overruns += took > self._pause * 1e9
        self._cost = _MEMORY * self._cost + (1 - _MEMORY) * took / max(size, 1)
