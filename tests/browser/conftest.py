"""The report in a real browser: Chromium without a window, offline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.browser.opened import Open, Report

from wadjet.model.finding import Finding
from wadjet.model.profile import Profile
from wadjet.render.html import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")  # its event loop must not outlive the tests that need it
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Open the report of a profile; at the end no page may have complained of anything."""
    opened: list[Report] = []

    def open_report(
        profile: Profile, findings: Sequence[Finding] = (), address: str = "", **options: Any
    ) -> Report:
        path = tmp_path / f"report {len(opened)}.html"
        with path.open("wb") as file:
            render(profile, file, findings)
        opened.append(Report(browser, path, address, options))
        return opened[-1]

    yield open_report
    complaints = [each for report in opened for each in report.complaints]
    for report in opened:
        report.context.close()
    assert not complaints
