"""Source files with the cost of each line."""

from __future__ import annotations

from tests.browser.opened import Open
from tests.profiles import CPU, realistic

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import Builder, Profile

CODE = '''\
"""Says hello,
at length."""  # not a string
def f(x):
    return f"{x}" + 'it\\'s' + str(12)  # done
'''


def one_file(text: str = CODE) -> Profile:
    builder = Builder([CPU])
    builder.sample(["f app.py:4"], cpu=3_000_000).sample(["f app.py:3"], cpu=1_000_000)
    profile = builder.build()
    return Profile(
        profile.metrics,
        profile.processes,
        profile.threads,
        profile.tree,
        profile.samples,
        {},
        {"app.py": text},
    )


def test_each_line_has_its_cost_and_its_heat(show: Open) -> None:
    report = show(one_file(), address="#view=source")
    rows = report.texts(".listing .row")
    assert len(rows) == 5
    assert rows[3].split()[:3] == ["75.0", "%", "75.0"]
    assert rows[0].split()[0] == "1"
    heats = report.ask(
        "() => [...document.querySelectorAll('.listing .row')]"
        ".map((row) => Number(row.style.getPropertyValue('--heat') || 0))"
    )
    assert heats[3] == 1
    assert 0 < heats[2] < 1
    assert heats[0] == 0


def test_words_strings_and_comments_are_told_apart(show: Open) -> None:
    report = show(one_file(), address="#view=source")
    assert report.texts(".listing .string") == [
        '"""Says hello,',
        'at length."""',
        'f"{x}"',
        "'it\\'s'",
    ]
    assert report.texts(".listing .comment") == ["# not a string", "# done"]
    assert report.texts(".listing .keyword") == ["def", "return"]
    assert report.texts(".listing .digit") == ["12"]


def test_the_text_is_shown_as_it_is(show: Open) -> None:
    text = "a = '<b>&amp;'\n\tif\x00 x:\n'''open\nstill open\n"
    report = show(one_file(text), address="#view=source")
    shown = report.ask(
        "() => [...document.querySelectorAll('.listing .text')].map((e) => e.textContent)"
    )
    assert shown == text.split("\n")


def test_a_file_that_was_not_kept_shows_the_lines_that_were_seen(show: Open) -> None:
    builder = Builder([CPU])
    builder.sample(["f lost.py:40"], cpu=5).sample(["f lost.py:7"], cpu=1)
    report = show(builder.build(), address="#view=source")
    assert "does not hold this file" in report.text(".notice")
    assert [row.split()[-1] for row in report.texts(".listing .row")] == ["7", "40"]


def test_a_finding_leads_to_its_line(show: Open) -> None:
    finding = Finding("hot", Level.WARNING, "`f` is hot", Place("/srv/shop/shop.py", 19))
    report = show(realistic(0.5), [finding])
    report.click(".card .link")
    assert report.state["view"] == "source"
    assert "19" in report.text(".listing .row[aria-current=true]")


def test_a_picked_frame_leads_to_its_source(show: Open) -> None:
    report = show(realistic(0.5))
    report.click_frame("pack")
    report.press("s")
    assert report.state["view"] == "source"
    assert report.state["file"] == "/srv/shop/shop.py"
    assert "def pack" in report.text(".listing .row[aria-current=true]")


def test_files_come_in_order_of_their_cost(show: Open) -> None:
    report = show(realistic(0.5), address="#view=source")
    files = report.texts(".files .row")
    assert files[0].startswith("shop.py")
    report.click(".files .row >> nth=1")
    assert report.page.locator(".files .row").nth(1).get_attribute("aria-selected") == "true"


def test_a_long_file_makes_few_rows(show: Open) -> None:
    report = show(one_file("x = 1\n" * 30_000), address="#view=source&file=app.py&line=29000")
    assert len(report.texts(".listing .row")) < 100
    assert "29000" in report.text(".listing .row[aria-current=true]")
