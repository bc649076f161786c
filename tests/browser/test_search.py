"""Search marks what matches and says how much of the whole it is."""

from __future__ import annotations

from tests.browser.opened import Open
from tests.profiles import CPU, realistic

from wadjet.model.profile import Builder, Profile


def nested() -> Profile:
    """parse_a calls parse_b (3 ms), and other (1 ms) is alone."""
    builder = Builder([CPU])
    builder.sample(["parse_a lib.py:1", "parse_b lib.py:2"], cpu=3_000_000)
    builder.sample(["other app.py:1"], cpu=1_000_000)
    return builder.build()


def test_the_share_that_matches_counts_no_stack_twice(show: Open) -> None:
    report = show(nested())
    report.press("/")
    report.page.keyboard.type("PARSE")
    report.settle()
    assert report.text(".found") == "75.0\u202f%"
    assert report.state["query"] == "PARSE"


def test_names_files_and_expressions_are_searched(show: Open) -> None:
    report = show(nested())
    for query, share in {
        "app.py": "25.0",
        "/^parse_[ab]$/": "75.0",
        "/^(parse_a|other)$/": "100.0",
        "/(/": "0",
        "nothing": "0",
    }.items():
        report.page.locator(".search input").fill(query)
        assert report.text(".found") == f"{share}\u202f%", query


def test_half_an_expression_does_no_harm(show: Open) -> None:
    report = show(nested())
    report.press("/")
    report.page.keyboard.type("/parse_(a|b)/")
    report.settle()
    assert report.text(".found") == "75.0\u202f%"


def test_matches_are_marked_and_the_rest_is_dimmed(show: Open) -> None:
    report = show(nested())
    colors = """() => {
        const { layout, painter } = wadjet.views.flame.flame;
        const copy = new OffscreenCanvas(painter.canvas.width, 30);
        const context = copy.getContext('2d', { willReadFrequently: true });
        context.drawImage(painter.canvas, 0, 0);
        const middle = (box) => Math.round((box.x + box.w / 2) * devicePixelRatio);
        return layout.row(1).map((box) => [...context.getImageData(middle(box), 22, 1, 1).data]);
    }"""
    before = report.ask(colors)
    report.set(query="parse_a")
    after = report.ask(colors)
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[0] != after[1]
    report.set(query="")
    assert report.ask(colors) == before


def test_the_table_holds_only_what_matches(show: Open) -> None:
    report = show(nested(), address="#view=functions&query=parse")
    assert len(report.texts(".functions .row")) == 2


def test_escape_leaves_the_field_and_then_undoes_the_search(show: Open) -> None:
    report = show(realistic(0.3))
    report.press("/")
    report.page.keyboard.type("fib")
    report.press("Escape")
    assert report.ask("() => document.activeElement === document.body")
    report.press("Escape")
    assert report.state["query"] == ""
