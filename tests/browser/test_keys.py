"""Everything can be done from the keyboard."""

from __future__ import annotations

from tests.browser.opened import Open
from tests.profiles import CPU, realistic

from wadjet.model.profile import Builder

PROFILE = realistic(0.5)
NAMES = [function.name for function in PROFILE.tree.functions]


def test_digits_choose_the_view(show: Open) -> None:
    report = show(PROFILE)
    for key, view in (("2", "time"), ("3", "functions"), ("4", "source"), ("1", "flame")):
        report.press(key)
        assert report.state["view"] == view
        assert report.page.locator(f"#tab-{view}").get_attribute("aria-selected") == "true"


def test_letters_switch_how_it_is_drawn(show: Open) -> None:
    report = show(PROFILE)
    for key, field in {"n": "native", "l": "lines", "f": "flip", "i": "invert"}.items():
        before = report.state[field]
        report.press(key)
        assert report.state[field] is not before
        pressed = report.page.locator(f"#toggle-{field}").get_attribute("aria-pressed")
        assert pressed == str(not before).lower()
        report.press(key)
        assert report.state[field] is before


def test_m_goes_through_the_metrics(show: Open) -> None:
    report = show(PROFILE)
    seen = {report.state["metric"]}
    report.press("m")
    seen.add(report.state["metric"])
    assert seen == {0, 1}


def test_t_turns_the_light_off_and_on(show: Open) -> None:
    report = show(PROFILE, color_scheme="light")
    theme = "() => document.documentElement.dataset.theme"
    paper = "() => getComputedStyle(document.body).backgroundColor"
    light = report.ask(paper)
    assert report.ask(theme) == "light"
    report.press("t")
    assert report.ask(theme) == "dark"
    assert report.ask(paper) != light
    report.press("t")
    assert report.ask(paper) == light


def test_the_page_follows_the_readers_preference_for_dark(show: Open) -> None:
    report = show(PROFILE, color_scheme="dark")
    assert report.ask("() => document.documentElement.dataset.theme") == "dark"


def test_a_question_mark_explains_the_keys(show: Open) -> None:
    report = show(PROFILE)
    report.press("?")
    assert "Walk over the frames" in report.text("dialog")
    report.press("Escape")
    assert not report.page.locator("dialog").is_visible()


def test_arrows_walk_the_flame_graph_and_enter_zooms(show: Open) -> None:
    report = show(PROFILE)
    report.page.locator(".flame canvas").focus()
    picked = """() => {
        const { state } = wadjet.store;
        const tree = wadjet.derived.tree(state);
        const fn = tree.fn[tree.of[state.pick]];
        return wadjet.recording.functions[fn].name;
    }"""
    walk = []
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp"):
        report.press(key)
        walk.append(report.ask(picked))
    rows = {(box["depth"], box["name"]) for box in report.boxes()}
    assert (1, walk[0]) in rows
    assert (2, walk[1]) in rows
    assert (2, walk[2]) in rows
    assert walk[1] == walk[3]
    assert walk[4] == walk[0]
    assert walk[4] in report.ask("() => document.getElementById('said').textContent")
    report.press("ArrowDown", "Enter")
    assert report.state["zoom"] == report.state["pick"]


def test_walking_a_deep_stack_scrolls_along(show: Open) -> None:
    builder = Builder([CPU]).sample(["main app.py:1", *["fib app.py:2"] * 200], cpu=5)
    report = show(builder.build())
    report.page.locator(".flame canvas").focus()
    report.press(*["ArrowDown"] * 60)
    assert report.ask("() => wadjet.views.flame.flame.element.scrollTop") > 0


def test_escape_undoes_one_thing_at_a_time(show: Open) -> None:
    report = show(PROFILE)
    report.set(query="fib", range=[0, 400_000_000], threads=[1], states=2)
    report.click_frame("Thread.run")
    for field, rest in {"pick": -1, "query": "", "zoom": -1, "range": None, "threads": []}.items():
        assert report.state[field] != rest
        report.press("Escape")
        assert report.state[field] == rest, field
    report.press("Escape")
    assert report.state["states"] == 63


def test_a_stack_is_copied_as_text(show: Open) -> None:
    report = show(PROFILE)
    report.context.grant_permissions(["clipboard-read", "clipboard-write"])
    report.click_frame("longest_match")
    report.press("c")
    assert report.text("#toast") == "Copied"
    lines = report.ask("() => navigator.clipboard.readText()").splitlines()
    assert lines[0] == "Thread._bootstrap (/usr/lib/python3.11/threading.py:995)"
    assert lines[-1] == "longest_match (/usr/lib/libz.so.1)"


def test_letters_typed_into_the_search_are_only_typed(show: Open) -> None:
    report = show(PROFILE)
    report.press("/")
    report.page.keyboard.type("film 1")
    state = report.state
    assert (state["view"], state["flip"], state["query"]) == ("flame", False, "film 1")


def test_the_focus_stays_on_a_switch_that_was_pressed(show: Open) -> None:
    report = show(PROFILE)
    for name in ("#toggle-lines", "#state-1", "#tab-time", "#lane-1"):
        report.page.locator(name).focus()
        report.press("Enter")
        assert report.ask("() => document.activeElement.id") == name[1:]
