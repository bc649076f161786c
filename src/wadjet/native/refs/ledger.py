"""The ledger of this process, as far as Python asks it."""

from __future__ import annotations

import gc
from typing import NamedTuple

from wadjet.native.refs import _ledger


class Lost(NamedTuple):
    """References that a line took and that nobody has: how many, why, the type of one.

    The number is negative for such as a line gave away, and that nobody had.

    ``by`` is the number of the function that was called, ``used`` that of the line that saw
    the object last; ``way`` the calls that led to both, as the ledger has them.
    """

    number: int
    why: str
    type: str
    by: int
    used: int
    way: bytes


def floating() -> int:
    """Return how many references were not found again when their call ended."""
    return _ledger.floating()


def begin() -> None:
    """Say that the next look is the first of several, between which something is repeated.

    Of None and its like, which everybody has, only what repetitions add is told.
    """
    _ledger.begin()


def lost() -> dict[int, Lost]:
    """Return the references that nobody has, by the number of the line that took them."""
    return {site: Lost(*row) for site, row in _ledger.settle(gc.get_objects()).items()}


def confirm(site: int, found: Lost) -> None:
    """Report a leak that has grown."""
    _ledger.leak(site, found, True)


def watched() -> bool:
    """Say whether an extension that was built for the ledger has run here."""
    return _ledger.sites() > 0
