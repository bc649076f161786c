"""The screen says how much memory there was, when, and whose."""

from __future__ import annotations

import io
from array import array
from dataclasses import replace

import pytest
from tests.memories import MIB, remembered

from wadjet.model.memory import METRICS
from wadjet.model.profile import Builder, Fact, Profile
from wadjet.render.text import View, main_metric, show, summary


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def shown(profile: Profile, **view: object) -> str:
    out = io.StringIO()
    show(profile, (), View(**view), out)  # type: ignore[arg-type]
    return out.getvalue()


def test_the_head_says_the_peak_and_its_time_what_stays_and_what_was_asked_for() -> None:
    head = " ".join(shown(remembered()).split("\n\n")[0].split())
    assert "memory: peak 40.0 MiB at 3.00 s · resident 50.0 MiB at most" in head
    assert "never given back 12.0 MiB" in head
    assert "asked for 212.0 MiB in 1,012 requests (all counted)" in head
    assert "samples" not in head
    assert "was not sampled" not in head


def test_the_head_of_a_sampled_recording_says_how_far_samples_are_apart() -> None:
    head = shown(remembered(mean=512 * 1024)).split("\n\n")[0]
    assert "(21 samples, 512 KiB apart)" in head


def test_memory_is_shown_over_time() -> None:
    chart = shown(remembered()).partition("Memory over time")[2].split("\n\n")[0]
    top, *_, axis = chart.splitlines()[1:6]
    assert top.startswith("   50.0 MiB │")
    assert axis.split() == ["0", "s", "4.00", "s"]
    assert top.index("▒") > 30, "what is resident grows in the second half"


def test_what_is_in_memory_at_the_end_is_told_by_what_it_is_for() -> None:
    words = " ".join(shown(remembered()).split())
    assert (
        "In memory at the end: 48.0 MiB (C's allocators 30.0 MiB, Python's small objects "
        "10.0 MiB, libraries and files 8.0 MiB)." in words
    )


def test_what_pythons_arenas_were_used_for_is_told_beside_it() -> None:
    half: dict[str, Fact] = {"arenas": 9, "reserved": 9 * MIB, "used": 4 * MIB}
    half |= {"available": 3 * MIB, "unused": 2 * MIB}
    facts: Fact = {
        "mean": 0,
        "resident": [{"total": 9 * MIB, "arenas": 9 * MIB}],
        "pools": [{**half, "sparse": 0}, {**half, "sparse": 3}],
    }
    words = " ".join(shown(remembered(memory=facts)).split())
    assert "Python's arenas: 8.0 MiB live, 10.0 MiB free; 3 of 18 all but empty." in words


def test_how_long_memory_lived_is_told_where_it_is_known() -> None:
    assert " lived" not in shown(remembered())
    profile = remembered()
    assert " lived" not in shown(replace(profile, metrics=profile.metrics[:6]))
    values = list(profile.samples.values)
    average = profile.metric_index("average")
    values[average] = array("q", [0] * len(values[average]))
    values[average][-1] = 3 * MIB  # of `keep`, who asked for 12
    lived = shown(replace(profile, samples=replace(profile.samples, values=tuple(values))))
    table = lived.partition("Asked for in all")[2].splitlines()
    assert table[0].split()[-1] == "lived"
    cells = {line.split()[0]: " ".join(line.split()[5:7]) for line in table[1:3]}
    assert cells == {"shop.py:41": "brief parse", "shop.py:77": "1.00 s"}


def test_a_moment_is_no_curve() -> None:
    assert "over time" not in shown(remembered(moments=((1, MIB, MIB),)))


def test_lines_of_the_program_bear_what_libraries_ask_for_on_their_behalf() -> None:
    lines = shown(remembered()).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("At the peak: 40.0 MiB"))
    assert lines[start + 1].split()[:5] == ["shop.py:41", "70.0", "%", "28.0", "MiB"]
    assert lines[start + 2].split()[:5] == ["shop.py:77", "30.0", "%", "12.0", "MiB"]
    assert any(line.startswith("Never given back: 12.0 MiB") for line in lines)
    assert any(line.startswith("Asked for in all: 212.0 MiB") for line in lines)


def test_exact_figures_have_no_error_and_sampled_ones_do() -> None:
    assert "±" not in shown(remembered(), by="function")
    assert "±" in shown(remembered(mean=512 * 1024), by="function")


def test_a_size_and_an_error_do_not_run_into_each_other() -> None:
    made = Builder(METRICS)
    for number in range(30):
        made.sample([f"f{number} a.py:{number}"], peak=1023 * 1024 + number)
    text = shown(made.build(memory={"mean": 512 * 1024}), by="function")
    assert " 1023.0 KiB " in text


def test_the_summary_of_a_run_without_clocks_says_things_once() -> None:
    out = io.StringIO()
    summary(remembered(), (), out)
    text = out.getvalue()
    assert "At the peak" in text
    assert "Functions by" not in text


def test_without_a_clock_the_peak_is_what_is_shown() -> None:
    metric = main_metric(remembered(), "")
    assert metric is not None
    assert metric.name == "peak"


def test_costs_can_be_summed_by_library() -> None:
    text = shown(remembered(), by="library", metric="peak")
    assert text.partition("Libraries by Memory at the peak")[2].splitlines()[1].split()[:2] == [
        "Python's",
        "library",
    ]
    assert "the program" in text
