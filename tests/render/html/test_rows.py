"""Samples become rows: nothing is lost, and a long recording becomes few of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from tests.profiles import METRICS, empty, huge, profiles, realistic

from wadjet.model.profile import Builder, Profile, State
from wadjet.render.html.rows import BUDGET, Table, tabulate
from wadjet.render.html.tree import renumber


def rows_of(profile: Profile, budget: int = BUDGET) -> Table:
    return tabulate(profile, renumber(profile.tree).number, budget)


@given(profiles())
def test_every_sample_is_in_a_row_of_its_thread_node_and_state(profile: Profile) -> None:
    samples, number = profile.samples, renumber(profile.tree).number
    for budget in (BUDGET, 0):
        for values, rows in zip(samples.values, rows_of(profile, budget).metrics, strict=True):
            expected: Counter[tuple[int, int, int]] = Counter()
            found: Counter[tuple[int, int, int]] = Counter()
            for thread, node, state, value in zip(
                samples.thread, samples.node, samples.state, values, strict=True
            ):
                expected[thread, number[node] if node >= 0 else 0, state] += value
            for thread, node, state, value in zip(
                rows.thread, rows.node, rows.state, rows.value, strict=True
            ):
                found[thread, node, state] += value
            assert +expected == +found


@given(profiles())
def test_rows_are_in_order_of_thread_then_time(profile: Profile) -> None:
    for rows in rows_of(profile).metrics:
        order = list(zip(rows.thread, rows.step, strict=True))
        assert order == sorted(order)


def test_a_short_recording_keeps_the_order_of_its_samples() -> None:
    profile = realistic(1.0)
    table = rows_of(profile)
    assert table.exact
    assert table.step <= 100_000
    assert sum(map(len, table.metrics)) == len(profile.samples)


def test_a_long_recording_is_summed_until_it_fits() -> None:
    profile = realistic(20.0)
    steps = []
    for budget in (40_000, 20_000, 12_000):
        table = rows_of(profile, budget)
        assert not table.exact
        assert sum(map(len, table.metrics)) <= budget
        steps.append(table.step)
    assert steps == sorted(set(steps))


def test_time_is_never_coarser_than_a_screen_can_show() -> None:
    profile = huge(500, 20_000)
    assert rows_of(profile, 0).step * 256 <= profile.duration


def test_a_time_lies_in_the_step_that_its_row_says() -> None:
    builder = Builder(METRICS)
    for time in (0, 1_000_000_000, 1_999_999_999):
        builder.sample(["main app.py:1"], time=time, wall=10)
    table = rows_of(builder.build())
    steps = [time // table.step for time in (0, 1_000_000_000, 1_999_999_999)]
    assert list(table.metrics[0].step) == steps


def test_a_holder_is_kept_where_a_thread_waits_for_it() -> None:
    builder = Builder(METRICS)
    builder.sample(["a a.py:1"], thread="a", state=State.RUN_GIL, holder="a", wall=1)
    builder.sample(["b b.py:1"], thread="b", state=State.WAIT_GIL, holder="a", wall=1)
    assert list(rows_of(builder.build()).metrics[0].holder) == [0, 1]


def test_a_recording_without_samples_has_no_rows() -> None:
    assert [len(rows) for rows in rows_of(empty()).metrics] == [0, 0]
