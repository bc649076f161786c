"""The page of a heap, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.opened import Report

import wadjet
from wadjet.render.html.heap import render

KEPT = {number: str(number) * 20 for number in range(20_000)}


def test_the_map_the_details_and_the_lists_are_shown(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "heap.html"
    with path.open("wb") as out:
        render(wadjet.heap().graph, out)
    page = Report(browser, path, "", {})
    assert page.complaints == []
    assert page.requests == [path.as_uri()]
    page.page.wait_for_selector(".map .box")
    assert "keeps alive" in page.text(".facts-of")
    page.page.evaluate("() => wadjet.map.enter(wadjet.map.below[0][0])")
    page.settle()
    assert page.ask("() => document.querySelectorAll('.crumbs li').length") == 2
    for tab, words in (("Types", "objects"), ("Cycles", "cut"), ("Duplicates", "__slots__")):
        page.click(f".tabs button:has-text('{tab}')")
        assert words in page.text("#view")
    assert page.complaints == []
