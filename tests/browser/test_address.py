"""A view is in the address: it can be sent to someone, and Back undoes a step."""

from __future__ import annotations

import pytest
from tests.browser.opened import Open
from tests.profiles import realistic

PROFILE = realistic(0.5)


def test_an_address_opens_what_it_was_copied_from(show: Open) -> None:
    report = show(PROFILE)
    report.set(view="functions", metric=0, range=[100, 400_000_000], threads=[1, 2], states=10)
    report.set(fn=4, native=False, query="a b&c=d#/é", sort="total", span=[0, 450_000_000])
    state = report.state
    report.page.wait_for_function("location.hash.includes('total')")
    address = report.ask("() => location.hash")
    other = show(PROFILE, address=address)
    assert other.state == state


def test_what_is_as_at_the_start_is_not_in_the_address(show: Open) -> None:
    report = show(PROFILE)
    report.set(view="time")
    report.set(view="flame")
    assert report.ask("() => location.hash") in ("", "#")


def test_back_undoes_a_step(show: Open) -> None:
    report = show(PROFILE)
    report.click_frame("Thread.run")
    report.press("3")
    assert report.state["view"] == "functions"
    report.page.go_back()
    report.page.wait_for_function("wadjet.store.state.view === 'flame'")
    assert report.state["zoom"] > 0
    report.page.go_back()
    report.page.wait_for_function("wadjet.store.state.zoom === -1")


@pytest.mark.parametrize(
    "address",
    [
        "#view=nonsense&metric=99&zoom=-7&pick=1e9&fn=x",
        "#range=5&span=a-b&threads=77-x-1&states=4096",
        "#__proto__=1&constructor=2&%zz",
        "#range=-&threads=-&query=%00",
        "#range=900000000000-1&span=7-7",
    ],
)
def test_an_address_that_was_made_up_is_harmless(show: Open, address: str) -> None:
    report = show(PROFILE, address=address)
    for view in ("flame", "time", "functions", "source"):
        report.set(view=view)
    assert report.state["metric"] in (0, 1)
    assert set(report.state["threads"]) <= {1}


def test_a_zoom_of_the_inverted_graph_is_in_the_address(show: Open) -> None:
    report = show(PROFILE)
    report.press("i")
    report.click_frame("parse")
    report.click_frame("Shop.serve")
    assert report.text(".trail").endswith("Shop.serve")
    address = report.ask("() => location.hash")
    assert show(PROFILE, address=address).text(".trail") == report.text(".trail")
    report.page.go_back()
    report.page.wait_for_function("wadjet.store.state.path.length === 1")


def test_a_drag_over_the_lanes_is_one_step_back(show: Open) -> None:
    report = show(PROFILE)
    before = report.ask("() => history.length")
    report.drag(report.lane(0.2, 3), report.lane(0.6, 3))
    assert report.ask("() => history.length") == before + 1
    report.page.go_back()
    report.page.wait_for_function("wadjet.store.state.range === null")


def test_a_frame_survives_the_hiding_of_native_code(show: Open) -> None:
    report = show(PROFILE)
    report.click_frame("longest_match")
    report.press("n")
    assert report.text(".details h2") == "pack"
    assert report.text(".trail").endswith("pack")
