"""Under ``wadjet refs run -- pytest``: a leak is one that grows when its test is repeated."""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from wadjet.native.refs.ledger import Lost, begin, confirm, floating, lost

TURNS = 2
"""How often a test is repeated, each time growing, until a leak is believed."""


class Confirmation:
    """Repeats each test after which there are references that nobody has."""

    def __init__(self) -> None:
        self._known: dict[int, Lost] = {}
        self._judged: set[int] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, Any, Any]:
        """Look at what the test left behind."""
        before = floating()
        result = yield
        if floating() > before:
            self._examine(item, nextitem)
        return result

    def _examine(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        begin()
        first = _look()
        grown = {
            site
            for site, each in first.items()
            if site not in self._judged and abs(each.number) > _count(self._known, site)
        }
        latest = first
        for _ in range(TURNS if grown else 0):
            _repeat(item, nextitem)
            earlier, latest = latest, _look()
            grown = {each for each in grown if _count(latest, each) > _count(earlier, each)}
        for site in grown:
            confirm(site, latest[site])
        self._judged |= grown
        self._known = latest


def _count(found: dict[int, Lost], site: int) -> int:
    return abs(found[site].number) if site in found else 0


def _look() -> dict[int, Lost]:
    gc.collect()
    gc.collect()
    return lost()


def _repeat(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if hasattr(item, "_initrequest"):
        item._initrequest()  # noqa: SLF001 - fixtures are asked for anew
    runtestprotocol(item, log=False, nextitem=nextitem)
