"""A report that is open in a browser, as the tests handle it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


class Report:
    """A report that is open in the browser, with the complaints of its page."""

    def __init__(self, browser: Any, path: Path, address: str, options: dict[str, Any]) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.url = path.as_uri()
        self.open(address)

    def open(self, address: str = "") -> None:
        """Load the page anew and wait until it is drawn."""
        self.page.goto("about:blank")
        self.page.goto(self.url + address)
        self.page.wait_for_selector("#app:not([aria-busy])")
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for has been drawn: two frames, no clock."""
        self.page.evaluate(
            "() => new Promise((done) => "
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
        )

    def ask(self, script: str, value: object = None) -> Any:
        """Return what a script says once the page is drawn."""
        self.settle()
        return self.page.evaluate(script, value)

    def set(self, **state: object) -> None:
        """Change the state of the page."""
        self.ask("(patch) => wadjet.store.set(patch)", state)
        self.settle()

    @property
    def state(self) -> dict[str, Any]:
        """The state of the page."""
        return dict(self.ask("() => wadjet.store.state"))

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def click(self, selector: str, **options: Any) -> None:
        """Click the first element that matches."""
        self.page.locator(selector).first.click(**options)
        self.settle()

    def text(self, selector: str) -> str:
        """Return the text of the first element that matches."""
        self.settle()
        return str(self.page.locator(selector).first.inner_text())

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements that match."""
        self.settle()
        return [str(text) for text in self.page.locator(selector).all_inner_texts()]


Open = Callable[..., Report]
"""Opens the report of ``(profile, findings, address, **options of the browser)``."""
