"""From the start of the process to the moment that it is frozen, and from there on.

The library that is loaded first (``core/compiler/snapshot``) starts the interpreter and asks
for a plan: a function, its arguments, and globals for the code that it may return. It carries
the plan out itself, so that nothing of this module is in the program's tracebacks.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys

import _wadjet_snapshot as core
from wadjet.compiler.snapshot.inside import (
    ending,
    forks,
    hooks,
    randomness,
    reads,
    starting,
    trial,
    waking,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

order: dict[str, Any] = {}
"""What the parent asked for; empty in a process that is none of ours."""

restored = False
"""Whether this process has been frozen and has come back."""


def prepare() -> starting.Plan:
    """Import what the order names, freeze, and return what the process is to do."""
    order["frozen"] = False
    order.update(marshal.loads(bytes.fromhex(core.specification())))
    order["plain"] = _names() | {"__main__"}
    if order["script"] is not None or order["preload"]:
        randomness.watch()
    reads.watch(os.environ)
    if order["path"] is not None:
        sys.path.insert(0, order["path"])
    for name in order["preload"]:
        __import__(name)
    if order["ready"]:
        return starting.script(order, [order["script"]])
    exec(compile(order["head"], "<imports>", "exec"), {"__name__": "__wadjet_imports__"})
    if order["path"] is not None and order["script"] is None:
        sys.path.remove(order["path"])
    return starting.plan(order, freeze())


def freeze() -> list[str]:
    """Write this process; in each that comes back, return the words that it was called with."""
    global restored
    randomness.keep()
    starting.warm(order)
    found = order["described"] = _described()
    ending.full = order["full_end"]
    ending.frozen = frozenset(sys.modules)
    order["names"] = _names() - order["plain"]
    order["written"] = written = _arguments(*found)
    forks.shorten()
    gc.collect()
    gc.freeze()
    woken = _written(written)
    if woken is None:
        _tell({"needed": core.needed()})
        os._exit(0)
    restored = order["frozen"] = True
    words = waking.wake(*woken)
    if trial.NAME in waking.variables():
        trial.run(order)
    hooks.run()
    return words


def _described() -> tuple[list[str], list[str]]:
    """Say what was read; return the variables, and the paths that each start looks at."""
    variables, files = reads.finish()
    _tell({"refusals": core.refusals((order["image"], order["report"]))})
    _tell({"variables": variables, "files": files, "whole": reads.whole})
    _tell({"modules": _origins(), "prefixes": [sys.prefix, sys.base_prefix], "path": sys.path})
    return variables, marshal.loads(_answer())


def _arguments(variables: list[str], roots: list[str]) -> tuple[Any, ...]:
    """Return what `core.freeze` takes.

    It is to be kept: each process that comes back would let go of it first, and touch all the
    pages where it is.
    """
    return (
        order["image"],
        os.fsencode(order["python"]),
        [os.fsencode(each) for each in order["words"]],
        sorted((_entry(each) for each in variables), key=lambda each: b"=" not in each),
        [os.fsencode(each) for each in roots],
        [os.fsencode(each) for each in order["images"]],
    )


def _written(arguments: tuple[Any, ...]) -> Any:
    """Write the image; return None here, and in each process of it what it was called with."""
    try:
        return core.freeze(*arguments)
    except OSError as error:
        _tell({"errno": error.errno})
    except RuntimeError as error:
        _tell({"why": str(error)})
    os._exit(1)


def freeze_here() -> bool:
    """Do what `wadjet.snapshot.ready` says: freeze once, and tell whether this came back."""
    if order and not restored and order["ready"]:
        sys.argv[:] = freeze()
    return restored


def _names() -> frozenset[str]:
    """Return the modules that there are, without what is within a package."""
    return frozenset(name.partition(".")[0] for name in sys.modules)


def _entry(name: str) -> bytes:
    key = os.fsencode(name)
    value = waking.variables().get(key)
    return key if value is None else key + b"=" + value


def _origins() -> list[str]:
    found = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({path for path in found if isinstance(path, str)})


def _tell(what: dict[str, Any]) -> None:
    data = marshal.dumps(what)
    data = len(data).to_bytes(8, "little") + data
    while data:
        data = data[os.write(order["report"], data) :]


def _answer() -> bytes:
    """Read what the parent has decided that each start looks at."""
    found = b""
    while piece := os.read(0, 65536):
        found += piece
    return found
