"""The flame graph and the time order: where boxes lie, and what a pointer does to them."""

from __future__ import annotations

import re

import pytest
from tests.browser.opened import Open, Report
from tests.profiles import CPU, Rows, realistic

from wadjet.model.profile import Builder, Function, Metric, Process, Profile, Thread

PROFILE = realistic(1.0)


def small() -> Profile:
    """main calls a (6 ms: 2 of its own, 4 in b) and b (2 ms); 10 ms in all."""
    builder = Builder([CPU])
    stacks = {"main,a": 2, "main,a,b": 4, "main,b": 2, "main": 2}
    for number, (stack, cost) in enumerate(stacks.items()):
        frames = [f"{name} app.py:{line}" for line, name in enumerate(stack.split(","), 1)]
        builder.sample(frames, time=(number + 1) * 10_000_000, cpu=cost * 1_000_000)
    return builder.build()


def widths(report: Report) -> dict[tuple[int, str], float]:
    boxes = report.boxes()
    whole = boxes[0]["w"]
    return {(box["depth"], box["name"]): box["w"] / whole for box in boxes}


def test_a_box_is_as_wide_as_its_share_and_the_costliest_comes_first(show: Open) -> None:
    report = show(small())
    assert widths(report) == pytest.approx(
        {(0, ""): 1, (1, "main"): 1, (2, "a"): 0.6, (2, "b"): 0.2, (3, "b"): 0.4}
    )
    assert [box["name"] for box in report.boxes() if box["depth"] == 2] == ["a", "b"]


def test_children_lie_within_their_parent(show: Open) -> None:
    report = show(PROFILE)
    boxes = report.boxes()
    for box in boxes:
        if box["depth"]:
            assert any(
                above["depth"] == box["depth"] - 1
                and above["x"] - 0.01 <= box["x"]
                and box["x"] + box["w"] <= above["x"] + above["w"] + 0.01
                for above in boxes
            ), box


def test_a_click_zooms_and_a_click_above_zooms_out(show: Open) -> None:
    report = show(small())
    report.click_frame("a")
    assert widths(report)[2, "a"] == 1
    assert "b" not in [box["name"] for box in report.boxes() if box["depth"] == 2]
    assert re.findall(r"\w+", report.text(".trail")) == ["All", "main", "a"]
    report.click_frame("main")
    assert widths(report)[2, "a"] == pytest.approx(0.6)
    report.click(".trail button")
    assert report.state["zoom"] == -1


def test_flames_grow_upwards_and_icicles_downwards(show: Open) -> None:
    report = show(small())
    assert report.frame("main")[1] < report.frame("a")[1]
    report.press("f")
    assert report.frame("main")[1] > report.frame("a")[1]


def test_flames_stand_on_the_floor_of_their_panel(show: Open) -> None:
    report = show(small(), address="#flip=1")
    floor = report.ask("() => wadjet.views.flame.flame.element.getBoundingClientRect().bottom")
    assert floor - 45 < report.frame("main")[1] < floor


def test_inverted_starts_at_the_leaves(show: Open) -> None:
    report = show(small())
    report.press("i")
    whole = report.boxes()[0]["w"]
    shares = [(box["depth"], box["name"], round(box["w"] / whole, 2)) for box in report.boxes()]
    assert shares == [
        (0, "", 1),
        *[(1, "b", 0.6), (1, "main", 0.2), (1, "a", 0.2)],
        *[(2, "a", 0.4), (2, "main", 0.2), (2, "main", 0.2)],
        (3, "main", 0.4),
    ]


def test_lines_split_a_function_that_was_seen_at_several(show: Open) -> None:
    builder = Builder([CPU])
    for line in (3, 4):
        builder.sample([f"main app.py:{line}"], time=line, cpu=5)
    report = show(builder.build())
    assert len(report.boxes()) == 2
    report.press("l")
    assert len(report.boxes()) == 3


def test_hovering_tells_what_a_frame_cost(show: Open) -> None:
    report = show(small())
    report.page.mouse.move(*report.frame("a"))
    tip = report.text("#tip")
    assert "total 6.00\u202fms (60.0\u202f%)" in tip
    assert "self 2.00\u202fms (20.0\u202f%)" in tip
    assert "app.py" in tip
    report.page.mouse.move(5, 5)
    assert not report.page.locator("#tip").is_visible()


def test_frames_too_narrow_to_draw_become_one_box_that_counts_them(show: Open) -> None:
    builder = Builder([CPU])
    builder.sample(["main app.py:1"], cpu=10_000_000)
    for number in range(300):
        builder.sample(["main app.py:1", f"f{number} app.py:{number}"], cpu=1000)
    report = show(builder.build())
    rest = [box for box in report.boxes() if box["rest"]]
    assert [box["rest"] for box in rest] == [300]
    x = rest[0]["x"] + rest[0]["w"] / 2
    canvas = report.page.locator(".flame canvas").bounding_box()
    report.page.mouse.move(canvas["x"] + x, canvas["y"] + 2 * 20 + 10)
    assert "300 narrower frames" in report.text("#tip")


def test_the_details_show_the_source_around_the_hottest_line(show: Open) -> None:
    report = show(PROFILE)
    report.click_frame("parse")
    details = report.text(".details")
    assert "/srv/shop/shop.py:6" in details
    assert "total += line" in details
    report.click(".details .excerpt .row >> nth=3")
    assert report.state["view"] == "source"
    assert report.state["file"] == "/srv/shop/shop.py"


def test_boxes_in_the_order_of_time_lie_where_they_were(show: Open) -> None:
    report = show(small(), address="#view=time")
    spans = [(box["name"], box["time"]) for box in report.boxes("time") if box["depth"] == 2]
    ends = {"a": (10_000_000, 20_000_000), "b": (30_000_000,)}
    step = report.ask("() => wadjet.recording.step")
    for name, (start, end) in spans:
        assert any(end == pytest.approx(each, abs=step) for each in ends[name])
        assert end - start == pytest.approx(
            {"a": 2e6, "b": 2e6}[name], rel=0.01
        ) or end - start == pytest.approx(4e6, rel=0.01)
    assert [name for name, _ in spans] == ["a", "a", "b"]


def test_boxes_of_one_row_never_overlap_in_the_order_of_time(show: Open) -> None:
    report = show(PROFILE, address="#view=time&threads=1")
    rows: dict[int, float] = {}
    for box in report.boxes("time"):
        assert box["x"] >= rows.get(box["depth"], 0) - 1, box
        rows[box["depth"]] = box["x"] + box["w"]
    assert len(rows) > 5


def test_neighbours_that_share_a_frame_share_its_box(show: Open) -> None:
    made = Rows()
    main, left, right = (
        Function("main", "a.py"),
        Function("left", "a.py"),
        Function("right", "a.py"),
    )
    for number in range(10):
        leaf = left if number < 5 else right
        made.cpu((number + 1) * 1_000_000, 0, made.stack([(main, 1), (leaf, 2)]), 1)  # type: ignore[arg-type]
    profile = made.profile([Process(1, ended=20_000_000)], [Thread("t")])
    report = show(profile, address="#view=time")
    assert [box["name"] for box in report.boxes("time")] == ["main", "left", "right"]


def test_a_double_click_in_the_order_of_time_zooms_to_the_box(show: Open) -> None:
    report = show(small(), address="#view=time")
    report.page.mouse.dblclick(*report.frame("a", 1, "time"))
    report.settle()
    low, high = report.state["range"]
    assert high == pytest.approx(20_000_000, abs=1_000)
    assert high - low == pytest.approx(4_000_000, rel=0.01)


def test_another_thread_can_be_chosen_for_the_order_of_time(show: Open) -> None:
    report = show(PROFILE, address="#view=time")
    report.page.locator(".trail select").select_option("3")
    assert report.state["threads"] == [3]
    names = {box["name"] for box in report.boxes("time")}
    assert "deflate" in names
    assert "parse" not in names


def test_sums_over_steps_are_admitted(show: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wadjet.render.html.rows.tabulate.__defaults__", (2_000,))
    report = show(PROFILE, address="#view=time")
    assert "Summed over steps of" in report.text(".trail")


def test_a_metric_without_time_is_laid_out_by_cost_in_its_order(show: Open) -> None:
    builder = Builder([Metric("bytes", "bytes", "Memory")])
    for number, (name, size) in enumerate([("a", 100), ("b", 300), ("a", 100)]):
        builder.sample([f"{name} app.py:1"], time=(number + 1) * 1_000_000, bytes=size)
    report = show(builder.build(), address="#view=time")
    boxes = [box for box in report.boxes("time") if box["depth"] == 1]
    assert [box["name"] for box in boxes] == ["a", "b", "a"]
    assert boxes[1]["w"] == pytest.approx(3 * boxes[0]["w"])


def test_everything_is_drawn_anew_for_the_size_of_the_window(show: Open) -> None:
    report = show(PROFILE)
    before = report.boxes()[0]["w"]
    report.page.set_viewport_size({"width": 1000, "height": 700})
    report.settle()
    assert report.boxes()[0]["w"] == before - 280
