"""NumPy's universal functions: how many arrays go in and come out, and what all of them take.

>>> class Add:
...     nin, nout, signature = 2, 1, None
>>> told(Add).found.shape.text().partition(", *,")[0]
'x1, x2, /, out=None'
"""

from __future__ import annotations

from typing import Any

from wadjet.native.signatures.evidence import Found
from wadjet.native.signatures.makers.told import Told
from wadjet.native.signatures.shape import UNKNOWN, Kind, Parameter, Shape

_EACH = {"where": "True"}  # of those that work by element
_CORES = {"axes": UNKNOWN, "axis": UNKNOWN, "keepdims": "False"}  # of those that do not
_ALL = {"casting": "'same_kind'", "order": "'K'", "dtype": "None", "subok": "True"}
_ALL |= {"signature": "None"}


def told(value: Any, *, bound: bool = False) -> Told | None:
    """Return what a ufunc takes: outputs may be given by place as well, in a tuple or each."""
    del bound
    taken = [Parameter(f"x{at + 1}", Kind.PLACE) for at in range(value.nin)]
    if value.nin == 1:
        taken = [Parameter("x", Kind.PLACE)]
    several = [Parameter(f"out{at + 1}", Kind.PLACE, "None") for at in range(value.nout)]
    made = [Parameter("out", Kind.EITHER, "None")]
    if value.nout > 1:
        made = [*several, Parameter("out", Kind.NAME, "None")]
    options = (_EACH if value.signature is None else _CORES) | _ALL
    named = [Parameter(name, Kind.NAME, default) for name, default in options.items()]
    return Told(Found(Shape((*taken, *made, *named)), "ufunc"), ())
