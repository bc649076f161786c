r"""Cython: a signature at the head of the documentation, where ``embedsignature`` was asked for.

Its own functions have a code object, which ``inspect`` reads; those of types that Cython makes,
and functions of modules that were compiled without ``binding``, have the documentation alone.

>>> def grow(): ...
>>> grow.__doc__ = "Box.grow(self, int by=1, *, bool both=False)\\n\\nGrow."
>>> told(grow, bound=True).found.shape.text()
'by=1, *, both=False'
"""

from __future__ import annotations

from typing import Any

from wadjet.native.signatures.makers.told import Told, of_forms
from wadjet.native.signatures.typed import read

EMBEDDED = "cython docstring"


def told(value: Any, *, bound: bool) -> Told | None:
    """Return what the first line of the documentation says, if it is of this callable."""
    line = (value.__doc__ or "").partition("\n")[0]
    own = line.partition("(")[0].rpartition(".")[2].replace("_cython__", "__")
    if own != value.__name__:
        return None
    form = read(line, bound=bound and not isinstance(value, type), of_c=True)
    return None if form is None else of_forms([form], EMBEDDED)
