"""pybind11: the documentation begins with a signature, or has a list of them.

>>> def f(): ...
>>> f.__doc__ = '''f(*args, **kwargs)
... Overloaded function.
...
... 1. f(a: int) -> int
...
... 2. f(a: int, b: str = 'x') -> str
... '''
>>> told(f, bound=False).forms
('(a: int) -> int', "(a: int, b: str = 'x') -> str")
"""

from __future__ import annotations

import re
from typing import Any

from wadjet.native.signatures.makers.told import Told, of_forms
from wadjet.native.signatures.typed import read

_SEVERAL = "Overloaded function."


def told(value: Any, *, bound: bool) -> Told | None:
    """Return what the documentation says that pybind11 wrote; None where it wrote none."""
    lines = (value.__doc__ or "").split("\n")
    head = f"{value.__name__}("
    if not lines[0].startswith(head):
        return None
    lines = _numbered(lines[2:], head) if lines[1:2] == [_SEVERAL] else lines[:1]
    return of_forms([read(each, bound=bound) for each in lines], "pybind11 docstring")


def _numbered(lines: list[str], head: str) -> list[str]:
    """Return the signatures of a list: the first is behind ``1.``, and so on."""
    found: list[str] = []
    for line in lines:
        match = re.match(rf"{len(found) + 1}\. (?={re.escape(head)})", line)
        if match:
            found.append(line[match.end() :])
    return found
