"""Functions that libraries and programs want called in each process that comes back."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_hooks: list[Callable[[], object]] = []


def add(hook: Callable[[], object]) -> None:
    """Call `hook` in each process that comes back, after those that were added before."""
    _hooks.append(hook)


def run() -> None:
    """Call all hooks. What one raises ends the program: its state would be of the past."""
    for hook in _hooks:
        hook()
