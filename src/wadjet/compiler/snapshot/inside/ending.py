"""How a restored process ends: as the interpreter does, but for what was frozen.

Modules that are in the image are not taken apart, which is most of what ending costs. What
this run has made is let go of, so that its files are written and its finalizers run.
"""

from __future__ import annotations

import atexit
import gc
import sys
from _io import _IOBase

frozen: frozenset[str] = frozenset()
"""The modules that were there when the process was frozen."""


full = False
"""Whether the C libraries of the image are ended as well."""


def exit_code(error: SystemExit) -> int:
    """Return the code that a SystemExit stands for, and print it if it is none."""
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code if -(1 << 63) <= code < 1 << 63 else -1
    if sys.stderr is not None:
        sys.stderr.write(f"{code}\n")
    return 1


def finish_threads() -> None:
    """Wait for the threads, then call what was registered for the end."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()


def let_go() -> bool:
    """Write what this run's open files still hold, and let go of what it has made.

    Returns whether C libraries have something to end, too: those that this run has imported
    may, and those of the image if it was made with ``--full-end``.
    """
    if not frozen:  # something went wrong before, and the process is an ordinary one
        return True
    grown = len(sys.modules) != len(frozen)
    flush_files()
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        sys.__dict__.pop(name, None)
    if grown:
        for name in sys.modules.keys() - frozen:
            del sys.modules[name]
    _empty(sys.modules["__main__"].__dict__)
    gc.collect()
    return grown or full


def _empty(names: dict[str, object]) -> None:
    """Take a module's names away, the private ones first, as the interpreter does."""
    public = []
    for name in list(names):
        if name[:1] == "_" != name[1:2]:
            names[name] = None
        elif name != "__builtins__":
            public.append(name)
    for name in public:
        names[name] = None


def flush_files() -> None:
    """Write what open files still hold."""
    for each in gc.get_objects():
        if issubclass(type(each), _IOBase):
            _flush(each)


def _flush(file: object) -> None:
    try:
        file.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return  # it is closed, or broken: there is nobody left to tell
