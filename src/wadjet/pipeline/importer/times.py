"""What imports cost: for each module finding, reading and making it, as a Profile.

A module's frame is below that of the module that asked for it first. Below a module's own
frame are what it took to find it, read its file, compile it or load its code, and to load an
extension; the time that is the module's own is that of its statements.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # an import here would be missing in what is told
    from wadjet.model.profile import Profile

_BOOTSTRAP, _EXTERNAL = "_frozen_importlib", "_frozen_importlib_external"
_STAGES = (
    (_BOOTSTRAP, "_find_spec", "find"),
    (_EXTERNAL, "FileLoader.get_data", "read"),
    (_EXTERNAL, "SourceLoader.source_to_code", "compile"),
    (_EXTERNAL, "_compile_bytecode", "load code"),
    (_EXTERNAL, "ExtensionFileLoader.create_module", "load extension"),
    (_EXTERNAL, "ExtensionFileLoader.exec_module", "run extension"),
)
"""What importing a module consists of: functions of importlib, and what we call them."""

_TRIMMED = "<frozen importlib._bootstrap>"
"""Frames in this file are left out of tracebacks by the interpreter."""


class Times:
    """The times of imports from when it began to when it ended; ``profile`` is what they make."""

    def __init__(self) -> None:
        self._began = time.perf_counter_ns()
        self._started = time.time()
        self._lock = threading.Lock()
        self._nodes: dict[tuple[int, str, bool], int] = {}  # parent, name, if that is a module's
        self._rows: list[tuple[int, threading.Thread, int, int]] = []  # end, node, own time
        self._open: dict[threading.Thread, list[list[int]]] = {}  # node, start, time within

    def around(self, function: Callable[..., Any], stage: str = "") -> Callable[..., Any]:
        """Return a function that keeps the time of another: a stage's, or else a module's."""

        def call(*arguments: Any, **options: Any) -> Any:
            thread = self._enter(stage or arguments[0], module=not stage)
            try:
                return function(*arguments, **options)
            finally:
                self._leave(thread)

        call.__code__ = call.__code__.replace(co_filename=_TRIMMED)
        return call

    def _enter(self, name: str, *, module: bool) -> threading.Thread:
        thread = threading.current_thread()
        stack = self._open.setdefault(thread, [])
        node = self._node((stack[-1][0] if stack else -1, name, module))
        stack.append([node, time.perf_counter_ns(), 0])
        return thread

    def _node(self, key: tuple[int, str, bool]) -> int:
        with self._lock:  # or two threads would take one number
            return self._nodes.setdefault(key, len(self._nodes))

    def _leave(self, thread: threading.Thread) -> None:
        now = time.perf_counter_ns()
        stack = self._open[thread]
        node, start, within = stack.pop()
        if stack:
            stack[-1][2] += now - start
        self._rows.append((now - self._began, thread, node, now - start - within))

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the profile for ``wadjet show`` and the others; returns the absolute path.

        Raises OutputError where the file is there already or cannot be written.
        """
        from wadjet.model.store import save

        save(self.profile, Path(path), overwrite=overwrite)
        return Path(path).absolute()

    @property
    def profile(self) -> Profile:
        """What was imported so far, with the time of each part in ns."""
        from wadjet.pipeline.importer.records import Records, profile_of

        number = {thread: index for index, thread in enumerate(self._open)}
        rows = ((end, number[thread], node, own) for end, thread, node, own in self._rows)
        return profile_of(
            Records(
                self._started,
                tuple(thread.name for thread in number),
                tuple(self._nodes),
                tuple(sorted(rows)),
            )
        )


@contextmanager
def timed() -> Iterator[Times]:
    """Keep the time of each import, of every thread, while the block runs."""
    times = Times()
    home = sys.modules[_BOOTSTRAP]
    changed: list[tuple[Any, str, Any]] = []
    try:
        _put(changed, home, "_find_and_load_unlocked", times.around)
        for part, place, stage in _STAGES:
            owner, _, name = place.rpartition(".")
            holder = getattr(sys.modules[part], owner) if owner else sys.modules[part]
            _put(changed, holder, name, partial(times.around, stage=stage))
        yield times
    finally:
        for holder, name, old in reversed(changed):
            setattr(holder, name, old)


def _put(
    changed: list[tuple[Any, str, Any]],
    holder: Any,
    name: str,
    around: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    old = vars(holder)[name]
    setattr(holder, name, around(old))
    changed.append((holder, name, old))
