"""The table of functions, with callers and callees of the one that is selected."""

from __future__ import annotations

from tests.browser.opened import Open, Report
from tests.profiles import CPU, huge, realistic

from wadjet.model.profile import Builder, Profile


def ring() -> Profile:
    """Two callers of f (3 and 1 ms); f calls itself once and g."""
    builder = Builder([CPU])
    for stack, cost in {"a,f,g": 2, "a,f,f": 1, "b,f": 1}.items():
        frames = [f"{name} {name}.py:1" for name in stack.split(",")]
        builder.sample(frames, cpu=cost * 1_000_000)
    return builder.build()


def names(report: Report) -> list[str]:
    return report.texts(".functions .row .name span.code")


def drawn(report: Report, which: str) -> list[tuple[int, str, float]]:
    rows = report.ask(
        """(which) => {
            const { layout } = wadjet.views.functions[which];
            return Array.from({ length: layout.depth }, (_, depth) => layout.row(depth)
                .map((box) => [depth, wadjet.recording.functions[box.fn].name, box.w])).flat();
        }""",
        which,
    )
    return [(depth, name, round(width / rows[0][2], 2)) for depth, name, width in rows]


def test_functions_are_sorted_by_any_column(show: Open) -> None:
    report = show(ring(), address="#view=functions")
    assert names(report) == ["f", "g", "a", "b"]
    report.click(".functions .heads .total button")
    assert names(report) == ["f", "a", "g", "b"]
    report.click(".functions .heads .name button")
    assert names(report) == ["a", "b", "f", "g"]
    heads = report.page.locator(".functions [aria-sort]")
    assert [heads.nth(at).get_attribute("aria-sort") for at in range(3)] == [
        "none",
        "none",
        "ascending",
    ]


def test_a_row_tells_self_and_total_and_the_place(show: Open) -> None:
    report = show(ring(), address="#view=functions")
    row = report.text(".functions .row")
    for text in ("2.00\u202fms", "50.0", "4.00\u202fms", "100.0", "f.py"):
        assert text in row


def test_callers_and_callees_of_a_recursive_function_are_counted_once(show: Open) -> None:
    report = show(ring(), address="#view=functions")
    assert "Select a function" in report.text(".beside")
    report.click(".functions .row >> nth=0")
    assert drawn(report, "above") == [(0, "f", 1), (1, "a", 0.75), (1, "b", 0.25)]
    assert drawn(report, "below") == [(0, "f", 1), (1, "g", 0.5), (1, "f", 0.25)]


def test_a_callee_that_is_clicked_becomes_the_selected_function(show: Open) -> None:
    report = show(ring(), address="#view=functions")
    report.click(".functions .row >> nth=0")
    canvas = report.page.locator(".split .flame canvas").nth(1).bounding_box()
    report.page.mouse.click(canvas["x"] + canvas["width"] * 0.25, canvas["y"] + 30)
    assert report.text(".split h2").startswith("g")


def test_the_table_is_walked_by_keys(show: Open) -> None:
    report = show(ring(), address="#view=functions")
    report.page.locator(".functions .long").focus()
    report.press("ArrowDown", "ArrowDown")
    assert report.text(".functions .row[aria-selected=true] span.code") == "g"
    report.press("Enter")
    assert report.state["view"] == "source"


def test_thousands_of_functions_make_few_rows(show: Open) -> None:
    report = show(huge(5_000, 10_000), address="#view=functions")
    assert len(report.texts(".functions .row")) < 80
    count = report.page.locator(".functions .long").get_attribute("aria-rowcount")
    assert int(count) > 1_000


def test_a_double_click_opens_the_source(show: Open) -> None:
    report = show(realistic(0.5), address="#view=functions")
    report.page.locator(".functions .row", has_text="parse").first.dblclick()
    report.settle()
    assert report.state["view"] == "source"
    assert report.state["line"] == 6
