"""The report can be read by everyone: by colour, by keyboard, aloud, at any size, on paper."""

from __future__ import annotations

from itertools import combinations
from math import dist
from operator import mul

import pytest
from tests.browser.opened import Open, Report
from tests.profiles import realistic

from wadjet.model.finding import Finding, Level
from wadjet.model.profile import State

PROFILE = realistic(0.5)

CONTRASTS = """() => {
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const luminance = (color, under) => {
        for (const each of [under, color].filter(Boolean)) {
            context.fillStyle = each;
            context.fillRect(0, 0, 1, 1);
        }
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (ink, paper) => {
        const [low, high] = [luminance(ink, paper), luminance(paper)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const { palette } = wadjet;
    const found = {};
    for (const [whose, shades] of Object.entries(palette.boxes)) {
        shades.forEach((shade, at) => {
            found[`${whose} ${at}`] = contrast(palette.boxInk, shade);
        });
    }
    found.match = contrast(palette.boxInk, palette.match);
    for (const paper of ['panel', 'paper', 'sunken']) {
        for (const ink of ['ink', 'muted', 'accent']) {
            found[`${ink} on ${paper}`] = contrast(palette[ink], palette[paper]);
        }
    }
    return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_it_is_written_on(show: Open, theme: str) -> None:
    report = show(PROFILE, color_scheme=theme)
    weak = {what: value for what, value in report.ask(CONTRASTS).items() if value < 4.5}
    assert not weak


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_states_stay_apart_for_every_kind_of_colour_vision(show: Open, theme: str) -> None:
    """Two states differ visibly after what protanopes, deuteranopes and tritanopes lose."""
    report = show(PROFILE, color_scheme=theme)
    colors = report.ask(
        """() => {
            const canvas = new OffscreenCanvas(1, 1);
            const context = canvas.getContext('2d', { willReadFrequently: true });
            return wadjet.palette.states.map((color) => {
                context.fillStyle = color;
                context.fillRect(0, 0, 1, 1);
                return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
            });
        }"""
    )
    for matrix in BLINDNESS.values():
        seen = [[sum(map(mul, row, color)) for row in matrix] for color in colors[State.RUN_GIL :]]
        for one, other in combinations(seen, 2):
            assert dist(one, other) > 40, (colors, seen)


BLINDNESS = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def test_every_control_has_a_name(show: Open) -> None:
    report = show(PROFILE)
    for view in ("flame", "time", "functions", "source"):
        report.set(view=view, fn=3)
        nameless = report.ask(
            """() => [...document.querySelectorAll('button, select, input, canvas, [tabindex]')]
                .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.title))
                .map((e) => e.outerHTML)"""
        )
        assert nameless == []


def test_the_parts_of_the_page_are_announced(show: Open) -> None:
    report = show(PROFILE)
    for role in ("banner", "main", "tablist", "tabpanel", "search", "complementary"):
        assert report.page.get_by_role(role).count() >= 1, role
    assert report.page.get_by_role("heading", level=1).inner_text() == "python shop.py --orders 500"
    assert report.page.get_by_role("tab", selected=True).inner_text() == "Flame graph"


def test_the_focus_can_be_seen(show: Open) -> None:
    report = show(PROFILE)
    for _ in range(12):
        report.press("Tab")
        width = report.ask(
            "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        )
        style = report.ask("() => getComputedStyle(document.activeElement).outlineStyle")
        assert (width >= 2, style) == (True, "solid")


def test_nothing_moves_for_those_who_asked_for_rest(show: Open) -> None:
    report = show(PROFILE, reduced_motion="reduce")
    moving = report.ask(
        """() => [...document.querySelectorAll('*')].filter((e) => {
            const style = getComputedStyle(e);
            return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
        }).length"""
    )
    assert moving == 0


@pytest.mark.parametrize("view", ["flame", "time", "functions", "source"])
def test_the_page_never_scrolls_sideways(show: Open, view: str) -> None:
    report = show(PROFILE, address=f"#view={view}&fn=4")
    for width in (320, 480, 760, 1000, 2500):
        report.page.set_viewport_size({"width": width, "height": 700})
        assert report.ask("() => document.documentElement.scrollWidth") <= width


def visible(report: Report, selector: str) -> int:
    report.settle()
    return sum(each.is_visible() for each in report.page.locator(selector).all())


def test_it_prints_in_light_with_all_findings_and_goes_back(show: Open) -> None:
    findings = [Finding("rule", Level.NOTE, f"finding {n}") for n in range(6)]
    report = show(PROFILE, findings, color_scheme="dark")
    assert visible(report, ".card") == 3
    report.page.emulate_media(media="print")
    report.ask("() => dispatchEvent(new Event('beforeprint'))")
    assert report.ask("() => document.documentElement.dataset.theme") == "light"
    assert visible(report, ".card") == 6
    assert not report.page.locator(".search").is_visible()
    assert report.page.locator(".states").is_visible()  # the key to the lanes
    report.page.emulate_media(media="screen")
    report.ask("() => dispatchEvent(new Event('afterprint'))")
    assert report.ask("() => document.documentElement.dataset.theme") == "dark"
    assert len(report.page.pdf()) > 10_000


def test_findings_are_shown_in_short_in_full_or_not_at_all(show: Open) -> None:
    findings = [Finding("rule", Level.WARNING, "what", None, (), "do `this`") for _ in range(6)]
    report = show(PROFILE, findings)
    assert "warning" in report.ask("() => document.querySelector('.card').textContent")
    assert report.text(".card code") == "this"
    assert visible(report, ".card") == 3
    report.page.get_by_text("Show all 6 findings").click()
    assert visible(report, ".card") == 6
    report.page.get_by_text("Hide").click()
    assert visible(report, ".card") == 0
    report.page.get_by_text("Show 6 findings").click()
    assert visible(report, ".card") == 3
