"""The lanes: choosing a range, a thread, a zoom; a thousand threads; processes and the GIL."""

from __future__ import annotations

import re

import pytest
from tests.browser.opened import Open, Report
from tests.profiles import Rows, realistic

from wadjet.model.profile import Function, Process, Profile, State, Thread

PROFILE = realistic(1.0)


def crowd(threads: int = 1_000) -> Profile:
    """Threads of which each ran as many milliseconds as its number says."""
    made = Rows()
    node = made.stack([(Function("work", "app.py"), 3)])
    for thread in range(threads):
        for tick in range(4):
            made.wall((tick + 1) * 10_000_000, thread, node, State.BLOCKED, -1)
        made.cpu(thread * 1_000, thread, node, State.RUN_GIL, thread * 1_000 + 1)
    names = [Thread(f"pool-{number}", 100 + number, 0, 0, 40_000_000) for number in range(threads)]
    return made.profile([Process(7, 1, "python pool.py", 0, 40_000_000)], names)


def row_of(report: Report, thread: int) -> int:
    return int(
        report.ask("(thread) => wadjet.timeline.rows.findIndex((r) => r.thread === thread)", thread)
    )


def total(report: Report) -> float:
    return float(report.ask("() => wadjet.derived.measured(wadjet.store.state).sum"))


def test_dragging_chooses_a_range_that_everything_follows(show: Open) -> None:
    report = show(PROFILE)
    before, row = total(report), row_of(report, 1)
    report.drag(report.lane(0.25, row), report.lane(0.5, row))
    low, high = report.state["range"]
    assert low == pytest.approx(0.25 * PROFILE.duration, rel=0.02)
    assert high == pytest.approx(0.5 * PROFILE.duration, rel=0.02)
    assert 0 < total(report) < before
    assert re.fullmatch(r"25\d\sms to 50\d\sms ✕", report.text(".chips"))
    report.page.mouse.dblclick(*report.lane(0.7, row))
    report.settle()
    assert report.state["range"] is None
    assert total(report) == before


def test_an_end_of_the_range_can_be_pulled(show: Open) -> None:
    report = show(PROFILE)
    row = row_of(report, 1)
    report.drag(report.lane(0.25, row), report.lane(0.5, row))
    low, _ = report.state["range"]
    report.drag(report.lane(0.5, row), report.lane(0.75, row))
    assert report.state["range"][0] == low
    assert report.state["range"][1] == pytest.approx(0.75 * PROFILE.duration, rel=0.02)


def test_a_click_on_a_lane_or_its_name_shows_only_that_thread(show: Open) -> None:
    report = show(PROFILE)
    report.page.mouse.click(*report.lane(0.5, row_of(report, 3)))
    assert report.ask("() => wadjet.store.state.threads") == [3]
    report.click("#lane-3")
    assert report.state["threads"] == []
    report.click("#lane-1")
    report.click("#lane-2", modifiers=["Shift"])
    assert report.state["threads"] == [1, 2]
    assert report.page.locator("#lane-2").get_attribute("aria-pressed") == "true"


def test_processes_are_headings_over_their_threads(show: Open) -> None:
    report = show(PROFILE)
    kinds = report.ask("() => wadjet.timeline.rows.map(({ kind }) => kind)")
    assert kinds.count("process") == 2
    assert kinds[:2] == ["process", "gil"]
    assert "python shop.py --orders 500" in report.texts(".lane.process")[0]


def test_the_lane_of_the_gil_names_its_holders(show: Open) -> None:
    report = show(PROFILE)
    report.page.mouse.move(*report.lane(0.5, 1))
    tip = report.text("#tip")
    assert "Who holds the GIL" in tip
    assert "worker-1 (4242)" in tip


def test_hovering_a_lane_tells_the_states_and_the_frame(show: Open) -> None:
    report = show(PROFILE)
    report.page.mouse.move(*report.lane(0.5, row_of(report, 5)))
    tip = report.text("#tip")
    assert "grpc-poller" in tip
    assert "Blocked 100.0" in tip
    assert "(no Python frame)" in tip


def test_a_thousand_threads_have_few_elements_and_the_busiest_comes_first(show: Open) -> None:
    report = show(crowd())
    shown = report.texts(".lane.thread .label")
    assert len(shown) < 60
    assert shown[:3] == ["pool-999", "pool-998", "pool-997"]
    report.ask("() => { wadjet.timeline.painter.area.scrollTop = 1e9; }")
    assert "pool-0" in report.texts(".lane.thread .label")


def test_threads_are_found_by_their_name(show: Open) -> None:
    report = show(crowd())
    report.page.locator(".corner input").fill("pool-77")
    expected = {"pool-77", *(f"pool-77{digit}" for digit in range(10))}
    assert set(report.texts(".lane.thread .label")) == expected


def test_the_wheel_zooms_only_with_control(show: Open) -> None:
    report = show(PROFILE)
    report.page.mouse.move(*report.lane(0.5, 3))
    report.page.mouse.wheel(0, -300)
    assert report.state["span"] is None
    report.page.keyboard.down("Control")
    report.page.mouse.wheel(0, -300)
    report.page.keyboard.up("Control")
    report.page.wait_for_function("wadjet.store.state.span !== null")
    low, high = report.ask("() => wadjet.store.state.span")
    assert high - low < PROFILE.duration
    assert low < PROFILE.duration / 2 < high


def test_z_zooms_to_the_range_and_back(show: Open) -> None:
    report = show(PROFILE)
    report.set(range=[200_000_000, 300_000_000])
    report.press("z")
    assert report.state["span"] == [200_000_000, 300_000_000]
    assert report.state["range"] is None
    report.press("z")
    assert report.state["span"] is None


def test_the_range_is_moved_and_stretched_by_keys(show: Open) -> None:
    report = show(PROFILE)
    report.page.locator(".timeline canvas").focus()
    report.press("ArrowRight")
    low, high = report.state["range"]
    report.press("Shift+ArrowRight")
    assert report.state["range"][0] == low
    assert report.state["range"][1] > high
    report.press("Backspace")
    assert report.state["range"] is None


def test_what_is_picked_is_shown_in_the_lanes_where_it_ran(show: Open) -> None:
    report = show(PROFILE)
    names = [function.name for function in PROFILE.tree.functions]
    report.set(fn=names.index("deflate"))
    runs = report.ask(
        """() => wadjet.recording.threads.map((_, thread) => {
            const { timeline, derived, store, recording } = wadjet;
            const nodes = derived.insideNodes(store.state);
            const span = [0, recording.duration];
            return timeline.lanes.inside(thread, span, 200, nodes, store.state.metric)
                .some((share) => share > 0);
        })"""
    )
    assert [thread for thread, ran in enumerate(runs) if ran] == [3]
