"""Wadjet shows what a Python program costs, and then it mends it.

>>> import wadjet
>>> with wadjet.sample() as recording:
...     total = sum(range(1000))
>>> recording.profile.threads[0].name
'MainThread'
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = [
    "Session",
    "Snapshot",
    "collector",
    "heap",
    "load_ipython_extension",
    "memory",
    "sample",
    "signatures",
    "tree",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wadjet import signatures, tree
    from wadjet.embed import collector
    from wadjet.embed.heap import Snapshot, heap
    from wadjet.embed.memory import memory
    from wadjet.embed.notebook import load_ipython_extension
    from wadjet.embed.session import Session, sample

_MODULES = {
    "collector": "wadjet.embed.collector",
    "signatures": "wadjet.signatures",
    "tree": "wadjet.tree",
}
_HOMES = {
    "Session": "wadjet.embed.session",
    "Snapshot": "wadjet.embed.heap",
    "heap": "wadjet.embed.heap",
    "load_ipython_extension": "wadjet.embed.notebook",
    "memory": "wadjet.embed.memory",
    "sample": "wadjet.embed.session",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: ``wadjet --help`` pays for none."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES, *_HOMES])
