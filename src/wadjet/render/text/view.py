"""What to show of a recording."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """What to show of a recording.

    ``metric`` is empty for CPU time where it was sampled; ``by`` is one of
    ``costs.KINDS``, or empty for functions and lines; ``sort`` is "self" or "total".
    ``tree`` shows the call tree instead, of branches worth ``least`` of all or more;
    ``upward`` says that its stacks are turned around. ``scope`` says in words which part
    of the recording is shown; ``path`` is its file. ``brief`` leaves out what is said already.
    """

    metric: str = ""
    by: str = ""
    top: int = 10
    sort: str = "self"
    tree: bool = False
    least: float = 0.01
    upward: bool = False
    scope: str = ""
    path: str = ""
    brief: bool = False
