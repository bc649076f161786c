"""What is called in a forked child, and what of it a process needs that comes back.

It is no child: nobody held a lock that is now nobody's. What the standard library does for that
is left out; it takes longer than all else that Python does for a child.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_all: list[tuple[list[Any], list[Any]]] = []


def shorten() -> None:
    """Leave out what needs not be called, until `lengthen`."""
    hooks = _hooks()
    if hooks is not None:
        _all.append((hooks, hooks[:]))
        hooks[:] = [each for each in map(_needed, hooks) if each is not None]


def lengthen(number: int) -> None:
    """Have all of it again, for children of this process, whose main thread has a number."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading.main_thread()._native_id = number
    for hooks, former in _all:
        hooks[:] = former
    _all.clear()


def _hooks() -> list[Any] | None:
    """Return the interpreter's own list: the one whose end is what was registered last."""

    def probe() -> None:
        pass

    os.register_at_fork(after_in_child=probe)
    holders = [each for each in gc.get_referrers(probe) if type(each) is list]
    found = [each for each in holders if each and each[-1] is probe]
    if len(found) != 1:
        return None
    del found[0][-1]
    return found[0]


def _needed(hook: Any) -> Callable[[], object] | None:
    """Return what is to be called in the place of a hook."""
    name = getattr(hook, "__module__", None), getattr(hook, "__name__", None)
    if name == ("threading", "_after_fork") and _is_alone():
        return None
    if name == ("logging", "_after_at_fork_child_reinit_locks"):
        logging = sys.modules["logging"]
        return getattr(logging, "_releaseLock", None) or logging._lock.release  # type: ignore[no-any-return]
    random = sys.modules.get("random")
    if random is not None and hook == random._inst.seed:
        return None  # randomness.py has it
    return hook  # type: ignore[no-any-return]


def _is_alone() -> bool:
    threading = sys.modules["threading"]
    return list(threading._active.values()) == [threading.main_thread()]
