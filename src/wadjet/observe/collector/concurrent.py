"""Collect cyclic garbage while the program goes on.

A full collection stops every thread for as long as it takes to look at all objects. Here a
forked child looks: it has the heap as it was, and tells which objects nothing reached. What
was garbage stays garbage; so the program waits for the fork, and later for the ordinary
collector to examine and free what the child found, a slice at a time. The child's word is
a hint: only the interpreter's own collector frees.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from wadjet.observe.collector._collector import Snapshot
from wadjet.observe.collector.support import anonymous_memory, available_memory, require_lists

ROOM = 1 << 22
"""Objects of garbage that one snapshot can tell of; more are left to the next."""

SLICE = 5000
"""Objects that the ordinary collector is given at a time."""

PATIENCE = 60.0
"""Seconds after which a child that is still at work is ended."""

LEAST = 100_000
"""A heap of fewer objects than this is left to the ordinary collector."""

LOOK = 0.05
"""Seconds between looks at the size of the heap."""

_BREATH = 0.001
_RETRIES = 1000
_LONGEST_REST = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one concurrent collection.

    The child examined ``tracked`` objects in ``marking`` ns and found ``garbage``, of which
    ``collected`` were freed. Every thread stood still for each of ``pauses`` (ns), the first of
    them the fork. ``failure`` says why nothing was collected, empty when all went well.
    """

    tracked: int = 0
    garbage: int = 0
    collected: int = 0
    marking: int = 0
    pauses: tuple[int, ...] = ()
    failure: str = ""

    @property
    def longest(self) -> int:
        """The longest pause in ns."""
        return max(self.pauses, default=0)


def collect(
    *, slice_size: int = SLICE, patience: float = PATIENCE, keep: object | None = None
) -> Outcome:
    """Collect garbage of the oldest generation while other threads go on; wait for the end.

    ``keep`` is a PyCapsule named ``wadjet.collector.keep`` that holds a C function
    ``int keep(visitproc visit, void *arg)``. The child calls it; what it visits is taken to be
    reachable, with all that follows from there. It may read memory and nothing else.

    Raises UnsupportedError on CPython 3.14.0 to 3.14.4, and where there is no fork. Whatever
    else stands in the way (no memory, no process) is told by ``failure``.
    """
    require_lists()
    from wadjet.observe.collector import _collector

    if slice_size < 1 or patience <= 0:
        raise ValueError("slice_size and patience must be positive")
    short = _shortage()
    if short:
        return Outcome(failure=short)
    try:
        snapshot = _collector.Snapshot(ROOM, keep)
    except RuntimeError:
        return Outcome(failure="a collection was under way")
    except OSError as error:
        return Outcome(failure=f"the system refused a fork ({error.strerror})")
    account = _Account()
    try:
        outcome = _follow(snapshot, account, slice_size, patience)
    except BaseException:
        account.take_back()
        raise
    finally:
        facts = snapshot.facts()
        snapshot.close()
    if outcome.failure:
        account.take_back()
    else:
        account.close(facts["old"] - facts["same"])
    return outcome


class _Account:
    """Keeps the interpreter's counters, by which it decides on a full collection.

    While a child marks, no full collection is due, unless the oldest generation doubles.
    """

    def __init__(self) -> None:
        self._total, self._pending = _counters()
        self._come = 0
        _settle(self._total, 0)

    def hold(self) -> None:
        """Count what has come, and put the full collection off."""
        total, come = _counters()
        if total == self._total and self._come + come <= total:
            self._come += come
            _settle(total, 0)

    def take_back(self) -> None:
        """Leave the counters as they were without us."""
        total, come = _counters()
        if total == self._total:  # no full collection has counted anew
            _settle(total, self._pending + self._come + come)

    def close(self, survivors: int) -> None:
        """Set the counters as a full collection does that left so many objects."""
        _settle(survivors, self._come + _counters()[1])


def _counters() -> tuple[int, int]:
    from wadjet.observe.collector import _collector

    return _collector.heap()[2:]


def _settle(total: int, pending: int) -> None:
    from wadjet.observe.collector import _collector

    _collector.settle(total, pending)


def _shortage() -> str:
    """Return why there is no memory for a child, empty if there is."""
    needed, available = anonymous_memory(), available_memory()
    if needed <= available:
        return ""
    return f"memory is short: {available >> 20} MiB are free, a copy may take {needed >> 20} MiB"


def _follow(snapshot: Snapshot, account: _Account, slice_size: int, patience: float) -> Outcome:
    deadline = time.monotonic() + patience
    while not snapshot.wait(LOOK):
        account.hold()
        if time.monotonic() > deadline:
            return Outcome(failure=f"the child was still at work after {patience:g} s")
    facts = snapshot.facts()
    if not facts["marked"]:
        return Outcome(
            pauses=(facts["paused"],), failure="the child ended early: killed, or without memory"
        )
    pauses = [facts["paused"]]
    collected = 0
    while (freed := _free_slice(snapshot, slice_size, pauses)) >= 0:
        collected += freed
        time.sleep(_BREATH)
    return Outcome(
        tracked=facts["tracked"],
        garbage=facts["garbage"],
        collected=collected,
        marking=facts["elapsed"],
        pauses=tuple(pauses),
    )


def _free_slice(snapshot: Snapshot, size: int, pauses: list[int]) -> int:
    """Have the ordinary collector look at some of the garbage; what it freed, -1 at the end."""
    for _ in range(_RETRIES):
        start = time.perf_counter_ns()
        try:
            if not snapshot.renew(size):
                return -1
        except RuntimeError:  # another thread is in a finalizer, within a collection
            time.sleep(_BREATH)
            continue
        freed = gc.collect(0)
        pauses.append(time.perf_counter_ns() - start)
        return freed
    return -1


class Concurrent:
    """A thread that collects concurrently whenever the oldest generation has grown.

    ``growth`` is the part by which it has to grow; the interpreter itself makes a full
    collection at a quarter, and so steps in where this one cannot. ``outcomes`` are the last
    hundred. Works from ``start`` to ``stop``, or within ``with``; a forked child starts its
    own. Raises UnsupportedError where it cannot work.
    """

    def __init__(
        self,
        growth: float = 0.1,
        *,
        least: int = LEAST,
        slice_size: int = SLICE,
        patience: float = PATIENCE,
        keep: object | None = None,
    ) -> None:
        if not 0 < growth <= 1:
            raise ValueError("growth must be above 0 and at most 1")
        require_lists()
        self.outcomes: deque[Outcome] = deque(maxlen=100)
        self._growth = growth
        self._least = least
        self._slice_size = slice_size
        self._patience = patience
        self._keep = keep
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Start the thread; RuntimeError if it runs already."""
        if self._thread is not None and self._thread.is_alive():
            raise RuntimeError("it runs already")
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="wadjet-collector", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the thread, once it has finished what it is at; harmless without one."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self if self._thread is not None else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        rest = LOOK
        while not self._stopping.wait(rest):
            if not self._is_due():
                continue
            outcome = collect(slice_size=self._slice_size, patience=self._patience, keep=self._keep)
            self.outcomes.append(outcome)
            rest = min(2 * rest, _LONGEST_REST) if outcome.failure else LOOK

    def _is_due(self) -> bool:
        total, pending = _counters()
        return total + pending >= self._least and pending >= self._growth * total
