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

    def frame(self, name: str, which: int = 0, view: str = "flame") -> tuple[float, float]:
        """Return where on the page the middle of a frame's box is; the first is the topmost."""
        x, y = self.ask(
            """([name, which, view]) => {
                const { flame } = wadjet.views[view];
                const found = [];
                for (let depth = 0; depth < flame.layout.depth; depth++) {
                    for (const box of flame.layout.row(depth)) {
                        const known = wadjet.recording.functions[box.fn]?.name;
                        if (!box.rest && known === name) found.push([box, depth]);
                    }
                }
                const [box, depth] = found[which];
                flame.reveal(depth);
                const { left, top } = flame.painter.canvas.getBoundingClientRect();
                return [left + box.x + box.w / 2,
                    top + flame.top(depth) - flame.element.scrollTop + 10];
            }""",
            [name, which, view],
        )
        return float(x), float(y)

    def click_frame(self, name: str, which: int = 0, view: str = "flame") -> None:
        """Click a frame of the flame graph."""
        self.page.mouse.click(*self.frame(name, which, view))
        self.settle()

    def boxes(self, view: str = "flame") -> list[dict[str, Any]]:
        """Return the boxes that are laid out, with name, depth, x, w and time."""
        found = self.ask(
            """(view) => {
                const { layout } = wadjet.views[view].flame;
                const name = ({ fn }) => wadjet.recording.functions[fn]?.name ?? '';
                return Array.from({ length: layout.depth }, (_, depth) => layout.row(depth)
                    .map((box) => ({ name: name(box), depth, x: box.x, w: box.w,
                        rest: box.rest ?? 0, time: box.time ?? null }))).flat();
            }""",
            view,
        )
        return list(found)

    def lane(self, part: float, row: int) -> tuple[float, float]:
        """Return where ``part`` (0 to 1) of the time is in a lane, the rows counted from 0."""
        x, y = self.ask(
            """([part, row]) => {
                const { timeline } = wadjet;
                const { left, top } = timeline.painter.canvas.getBoundingClientRect();
                const { top: at, height } = timeline.rows[row];
                return [left + timeline.gutter + part * timeline.width, top + at + height / 2];
            }""",
            [part, row],
        )
        return float(x), float(y)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag the pointer from a place of the page to another."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()
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
