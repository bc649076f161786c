"""The numbers in the report are those of the recording, under every filter."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.browser.opened import Open, Report
from tests.profiles import realistic

from wadjet.model.profile import Profile, State
from wadjet.model.totals import Total, by_function, by_line, by_node

PROFILE = realistic(1.0)
METRICS = {metric.name: number for number, metric in enumerate(PROFILE.metrics)}


def functions(report: Report) -> dict[int, Total]:
    """What the functions table is made from."""
    pairs = report.ask(
        """() => {
            const { self, total } = wadjet.derived.functions(wadjet.store.state);
            return Array.from(self, (each, fn) => [each, total[fn]]);
        }"""
    )
    known = range(len(PROFILE.tree.functions))
    return {fn: Total(*map(round, pairs[fn])) for fn in known if pairs[fn][1]}


def expected(profile: Profile, metric: str, **chosen: object) -> dict[int, Total]:
    sums = by_node(profile, metric, **chosen)  # type: ignore[arg-type]
    return {fn: total for fn, total in by_function(profile.tree, sums).items() if total.total}


@pytest.mark.parametrize("metric", METRICS)
def test_functions_cost_what_the_recording_says(show: Open, metric: str) -> None:
    report = show(PROFILE)
    report.set(metric=METRICS[metric])
    assert functions(report) == expected(PROFILE, metric)


def test_a_filter_by_thread_leaves_the_others_out(show: Open) -> None:
    report = show(PROFILE)
    report.set(threads=[1, 3])
    assert functions(report) == expected(PROFILE, "cpu", thread=[1, 3])


def test_a_filter_by_state_leaves_the_others_out(show: Open) -> None:
    report = show(PROFILE)
    report.set(metric=METRICS["wall"], states=1 << State.WAIT_GIL | 1 << State.BLOCKED)
    chosen = [State.WAIT_GIL, State.BLOCKED]
    assert functions(report) == expected(PROFILE, "wall", states=chosen)


def test_a_range_of_time_leaves_out_what_was_before_and_after(show: Open) -> None:
    report = show(PROFILE)
    low, high = 250_000_000, 600_000_000
    report.set(range=[low, high])
    step = report.ask("() => wadjet.recording.step")
    samples = PROFILE.samples
    certain = possible = 0
    for time, value in zip(samples.time, samples.values[METRICS["cpu"]], strict=True):
        certain += value if low <= time <= high else 0
        possible += value if low - step <= time <= high + step else 0
    assert certain <= report.ask("() => wadjet.derived.measured(wadjet.store.state).sum")
    assert report.ask("() => wadjet.derived.measured(wadjet.store.state).sum") <= possible


def test_lines_cost_what_the_recording_says(show: Open) -> None:
    report = show(PROFILE)
    file = "/srv/shop/shop.py"
    lines = report.ask(
        "(file) => [...wadjet.derived.fileLines(wadjet.store.state, file)]"
        ".map(([line, { self, total }]) => [line, self, total])",
        file,
    )
    sums: dict[int, Total] = {}
    for (fn, line), total in by_line(PROFILE.tree, by_node(PROFILE, "cpu")).items():
        if PROFILE.tree.functions[fn].file == file and total.total:
            sums[line] = total
    assert {line: Total(round(self), round(total)) for line, self, total in lines} == sums


def test_hidden_native_frames_count_to_their_callers(show: Open) -> None:
    report = show(PROFILE)
    before = functions(report)
    report.press("n")
    after = functions(report)
    names = [function.name for function in PROFILE.tree.functions]
    pack, native = names.index("pack"), [names.index("deflate"), names.index("longest_match")]
    assert after[pack].self == before[pack].self + sum(before[fn].self for fn in native)
    assert after[pack].total == before[pack].total
    assert not after.keys() & set(native)


def waits_by_holder(fn: int) -> Counter[int]:
    """What the stacks through a function waited for the GIL, by the thread that held it."""
    tree, samples = PROFILE.tree, PROFILE.samples
    waits: Counter[int] = Counter()
    rows = zip(
        samples.node, samples.state, samples.holder, samples.values[METRICS["wall"]], strict=True
    )
    for node, state, holder, value in rows:
        if state == State.WAIT_GIL and fn in map(tree.function_of, tree.path(node)):
            waits[holder] += value
    return waits


def test_states_threads_and_holders_of_a_function_add_up(show: Open) -> None:
    report = show(PROFILE)
    names = [function.name for function in PROFILE.tree.functions]
    fn = names.index("parse")
    report.set(metric=METRICS["wall"], fn=fn)
    parts = report.ask(
        """() => {
            const { states, threads, holders } = wadjet.derived.split(wadjet.store.state);
            return [states, threads, holders].map((each) => Array.from(each));
        }"""
    )
    total = expected(PROFILE, "wall")[fn].total
    assert sum(parts[0]) == sum(parts[1]) == total
    assert sum(parts[2]) == parts[0][State.WAIT_GIL]
    assert sorted(filter(None, parts[2])) == sorted(waits_by_holder(fn).values())


def test_lanes_show_the_share_of_each_state(show: Open) -> None:
    report = show(PROFILE)
    spent: Counter[tuple[int, int]] = Counter()
    samples = PROFILE.samples
    for thread, state, value in zip(
        samples.thread, samples.state, samples.values[METRICS["wall"]], strict=True
    ):
        spent[thread, state] += value
    for thread in range(len(PROFILE.threads)):
        shares = report.ask(
            """(thread) => {
                const { lanes } = wadjet.timeline;
                return Array.from(lanes.states(thread, [0, wadjet.recording.duration], 500));
            }""",
            thread,
        )
        column = PROFILE.duration / 500
        for state in State:
            drawn = sum(shares[state::6]) * column
            # The first sample of a lane stands for time from before the start, too.
            assert drawn == pytest.approx(spent[thread, state], abs=12_000_000)


def test_the_whole_never_exceeds_its_parts_when_it_recurses(show: Open) -> None:
    report = show(PROFILE)
    costs = functions(report)
    everything = report.ask("() => wadjet.derived.measured(wadjet.store.state).sum")
    assert all(cost.self <= cost.total <= everything for cost in costs.values())
