"""What the imports read: variables of the environment, and files."""

from __future__ import annotations

import os

import _wadjet_snapshot as core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

whole = False
"""Whether somebody went through all variables; which of them mattered cannot be known."""

_names: set[bytes] = set()
_watched: list[Any] = []


class _Listening(dict):  # type: ignore[type-arg]
    """The variables, which note who is asked for."""

    def __getitem__(self, key: bytes) -> bytes:
        _names.add(key)
        return dict.__getitem__(self, key)  # type: ignore[no-any-return]

    def __iter__(self) -> Any:
        global whole
        whole = True
        return dict.__iter__(self)


def watch(environment: Any) -> None:
    """Note from now on which variables are asked for, by Python and by C, and which files."""
    _watched.append(environment)
    environment._data = os.environb._data = _Listening(environment._data)  # type: ignore[attr-defined]
    core.listen(True)


def finish() -> tuple[list[str], list[str]]:
    """Note no more; return the names of variables and the paths of files that were read."""
    core.listen(False)
    for environment in _watched:
        environment._data = os.environb._data = dict(environment._data.items())  # type: ignore[attr-defined]
    _watched.clear()
    always = {name for name in os.environb if core.is_read_by_all(name + b"=")}
    names = {os.fsdecode(name) for name in _names | always | set(core.asked())}
    opened = {os.fsdecode(path) for path in core.opened()}
    _names.clear()
    return sorted(names), sorted(opened)
