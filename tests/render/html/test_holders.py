"""Who held the GIL is summed by process and step."""

from __future__ import annotations

from tests.profiles import CPU, METRICS, empty, realistic

from wadjet.model.profile import Builder, State
from wadjet.render.html.holders import holders


def test_holders_are_those_that_the_wall_clock_saw() -> None:
    builder = Builder(METRICS)
    for time, holder in ((10, "a"), (20, "b"), (30, None)):
        for thread in ("a", "b"):
            builder.sample(["f f.py:1"], thread=thread, time=time, holder=holder, wall=7)
        builder.sample(["f f.py:1"], time=time, holder="a", cpu=5)
    rows = holders(builder.build(), 10)
    assert list(rows.step) == [1, 2, 3]
    assert list(rows.holder) == [1, 2, 0]
    assert list(rows.value) == [14, 14, 14]


def test_each_process_has_its_own_rows_in_order() -> None:
    rows = holders(realistic(1.0), 100_000_000)
    keys = list(zip(rows.process, rows.step, rows.holder, strict=True))
    assert keys == sorted(set(keys))
    assert set(rows.process) == {0, 1}


def test_there_are_none_where_nobody_looked() -> None:
    builder = Builder([CPU])
    builder.sample(["f f.py:1"], state=State.RUN_GIL, holder="a", cpu=5)
    assert not holders(builder.build(), 10).value
    assert not holders(empty(), 10).value
