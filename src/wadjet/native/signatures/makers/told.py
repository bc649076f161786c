"""What a tool says of a callable that it wrote the code of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wadjet.native.signatures.evidence import Found, merged
from wadjet.native.signatures.typed import Form


class Told(NamedTuple):
    """What all forms have in common, and each of them as it was written, with types."""

    found: Found
    forms: tuple[str, ...]


def of_forms(forms: Sequence[Form | None], source: str) -> Told | None:
    """Return what forms say together; None where there are none, or one cannot be read.

    It is exact if there is one: several accept more calls together than each of them.
    """
    read = [each for each in forms if each is not None]
    shape = merged([each.shape for each in read])
    if shape is None or len(read) < len(forms):
        return None
    one = len({each.shape.key for each in read}) == 1
    return Told(Found(shape, source, one), tuple(each.text for each in read))
