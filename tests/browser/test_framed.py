"""The report within a frame of another page, as a notebook shows it."""

from __future__ import annotations

import html
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.profiles import realistic

from wadjet.render.html import render


def test_a_report_in_a_frame_stays_there_whatever_is_clicked(browser: Any, tmp_path: Path) -> None:
    report = BytesIO()
    render(realistic(0.3), report)
    outer = tmp_path / "notebook.html"
    framed = html.escape(report.getvalue().decode())
    outer.write_text(f'<iframe srcdoc="{framed}" width="1000" height="700"></iframe>')
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(outer.as_uri())
    frame = page.frames[1]
    frame.wait_for_selector("#app:not([aria-busy])")
    frame.evaluate("() => wadjet.store.set({ view: 'functions' }, { step: true })")
    frame.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert frame.url == "about:srcdoc"
    assert frame.evaluate("() => wadjet.store.state.view") == "functions"
    assert page.url == outer.as_uri()
    assert not complaints
    page.close()
