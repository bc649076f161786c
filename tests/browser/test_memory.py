"""Memory in the report: its lane, the peak, ranges, libraries."""

from __future__ import annotations

import pytest
from tests.browser.opened import Open
from tests.memories import MIB, SECOND, remembered
from tests.profiles import realistic

from wadjet.model.memory import METRICS
from wadjet.model.profile import Builder, Fact


def test_memory_has_a_lane_with_its_peak(show: Open) -> None:
    report = show(remembered())
    rows = report.ask("() => wadjet.timeline.rows.map(({ kind }) => kind)")
    assert rows[0] == "memory"
    assert report.texts(".lane.memory")[0].split() == ["Memory", "50.0", "MiB", "live", "resident"]
    peak = report.ask("() => wadjet.timeline.memory.peak")
    assert peak == {"time": pytest.approx(3 * SECOND, abs=SECOND / 100), "live": 40 * MIB}


def test_the_lane_says_what_was_live_and_resident_at_a_time(show: Open) -> None:
    report = show(remembered())
    x, y = report.lane(0.6, 0)
    report.page.mouse.move(x, y)
    report.settle()
    words = report.text("#tip").replace("\u202f", " ")
    assert "30.0 MiB asked for and live" in words
    assert "50.0 MiB resident" in words


def test_the_head_says_how_memory_was_counted_and_not_what_was_not_wanted(show: Open) -> None:
    words = show(remembered()).text(".facts").replace("\u202f", " ")
    assert "peak 40.0 MiB (every request counted)" in words
    assert "no CPU samples" not in words
    words = show(remembered(mean=512 * 1024)).text(".facts").replace("\u202f", " ")
    assert "a sample every 512 KiB" in words


def test_the_peak_is_what_is_shown_first(show: Open) -> None:
    report = show(remembered())
    assert report.ask("() => wadjet.derived.measured(wadjet.store.state).sum") == 40 * MIB
    names = {box["name"] for box in report.boxes()}
    assert {"main", "parse", "decode", "keep"} <= names


def test_of_a_range_what_was_asked_for_within_it_is_offered(show: Open) -> None:
    report = show(remembered())
    report.drag(report.lane(0.25, 0), report.lane(0.5, 0))
    assert "lies at a moment outside of the range" in report.text(".trail")
    report.click(".trail button")
    metric = report.ask("() => wadjet.recording.metrics[wadjet.store.state.metric].name")
    assert metric == "allocated"
    assert report.ask("() => wadjet.derived.measured(wadjet.store.state).sum") == pytest.approx(
        5 * 10 * MIB + 12 * MIB, abs=11 * MIB
    )


def test_libraries_are_told_apart(show: Open) -> None:
    words = show(remembered()).text(".details")
    assert "Python's library" in words
    assert "the program" in words
    assert "null" not in words


def test_memory_knows_no_states(show: Open) -> None:
    assert show(remembered()).texts(".states button") == []


def test_a_recording_without_memory_has_no_lane_of_it(show: Open) -> None:
    report = show(realistic(1.0))
    assert "memory" not in report.ask("() => wadjet.timeline.rows.map(({ kind }) => kind)")


@pytest.mark.parametrize("timeline", ["", [], [[1, 2]], [["a", None, {}]], [[5, 5, 5]]])
def test_a_timeline_that_is_none_is_borne(show: Open, timeline: Fact) -> None:
    report = show(remembered(memory={"mean": 0, "timeline": timeline}))
    assert report.boxes()


def test_a_line_with_a_comprehension_is_counted_once(show: Open) -> None:
    made = Builder(METRICS)
    made.sample(["work shop.py:7", "work.<listcomp> shop.py:7"], peak=30 * MIB)
    made.sample(["work shop.py:9"], peak=10 * MIB)
    report = show(made.build(memory={"mean": 0}), address="#view=source&file=shop.py")
    costs = report.ask(
        "() => [...wadjet.derived.fileLines(wadjet.store.state, 'shop.py')]"
        ".map(([line, { self, total }]) => [line, self, total])"
    )
    assert sorted(costs) == [[7, 30 * MIB, 30 * MIB], [9, 10 * MIB, 10 * MIB]]
