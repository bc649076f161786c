r"""nanobind: ``__nb_signature__`` has a text for each form, and the defaults beside it.

>>> class Function:
...     __nb_signature__ = (("def f(self, by: int = \\0) -> int", "", (3,)),)
>>> told(Function, bound=True).forms
('(by: int = 3) -> int',)
"""

from __future__ import annotations

import re
from typing import Any

from wadjet.native.signatures.makers.told import Told, of_forms
from wadjet.native.signatures.typed import Form, read

_DEFAULT = re.compile(r"\\(\d+)")


def told(value: Any, *, bound: bool) -> Told | None:
    """Return what each form of a function says."""
    rows = value.__nb_signature__
    return of_forms([_form(*row, bound=bound) for row in rows], "nanobind signature")


def _form(text: str, doc: str | None, defaults: Any, *, bound: bool) -> Form | None:
    """Return one form; an author's own text may have decorators before it."""
    del doc

    def shown(match: re.Match[str]) -> str:
        return repr(defaults[int(match[1])])

    line = next((each for each in text.split("\n") if each.startswith("def ")), "")
    return read(_DEFAULT.sub(shown, line).removeprefix("def "), bound=bound)
