"""Tasks of asyncio: who made which, and where the suspended ones wait.

A task is told of when it is made, so that every later sample of its coroutine can be named
rightly, whatever address it has. A thread of ours looks at the suspended tasks now and
then, since they are on no thread's stack.

The loops that asyncio itself has are watched; one that makes its tasks elsewhere (uvloop)
is recorded like any other program.
"""

from __future__ import annotations

import _thread
import asyncio
import time
import weakref
from asyncio import tasks
from asyncio.base_events import BaseEventLoop
from collections.abc import Iterator
from types import CodeType
from typing import Any

from wadjet.observe.sampling import _sampling

PERIOD = 0.02
"""Seconds between looks at the suspended tasks, at least."""

SHARE = 50
"""A look may take one part in so many of the time."""


class Watch:
    """Watches the tasks of this process. ``thread`` is the native id of its own thread."""

    def __init__(self) -> None:
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._makers: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.thread = 0
        self._go = _thread.allocate_lock()
        self._go.acquire()
        ready = _thread.allocate_lock()
        ready.acquire()
        _thread.start_new_thread(self._run, (ready,))
        ready.acquire()

    def start(self) -> None:
        """Begin to look at tasks; the recorder is running."""
        self._hook()
        self._go.release()

    def _run(self, ready: _thread.LockType) -> None:
        self.thread = _thread.get_native_id()
        ready.release()
        self._go.acquire()
        last = time.monotonic_ns()
        pause = PERIOD
        while True:
            time.sleep(pause)
            now = time.monotonic_ns()
            self._look(now - last)
            last = now
            pause = max(PERIOD, SHARE * (time.monotonic_ns() - now) / 1e9)

    def _look(self, weight: int) -> None:
        for task, name in list(self._names.items()):
            if task.get_name() != name:
                self._tell(task, None)
            coroutine = task.get_coro()
            frames = list(_waiting(coroutine))[::-1]
            if frames and not task.done():
                loop = getattr(task.get_loop(), "_thread_id", None)
                _sampling.awaits(loop or 0, coroutine, frames, weight)

    def _hook(self) -> None:
        """Learn of every task when it is made, and when it is given a name right after."""
        create_task = BaseEventLoop.create_task

        def create_and_tell(loop: Any, coro: Any, **options: Any) -> Any:
            task = create_task(loop, coro, **options)
            self._tell(task, _current_task())
            return task

        BaseEventLoop.create_task = create_and_tell  # type: ignore[method-assign, assignment]
        set_name = getattr(tasks, "_set_task_name", None)
        if set_name is not None:

            def name_and_tell(task: Any, name: Any) -> None:
                set_name(task, name)
                if name is not None:
                    self._tell(task, _current_task())

            tasks._set_task_name = name_and_tell  # type: ignore[attr-defined]

    def _tell(self, task: Any, parent: Any) -> None:
        coroutine = task.get_coro()
        if parent is not None:
            self._makers[task] = parent.get_coro()
        self._names[task] = task.get_name()
        _sampling.task(coroutine, self._makers.get(task), f"task {task.get_name()}")


def _current_task() -> Any:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None  # no loop runs in this thread


def _waiting(coroutine: Any) -> Iterator[tuple[CodeType, int]]:
    """Yield the frames of a suspended coroutine and of what it awaits, outermost first."""
    while coroutine is not None and not getattr(coroutine, "cr_running", False):
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            return
        yield frame.f_code, frame.f_lasti
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
