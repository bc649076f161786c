"""A difference between recordings is told from chance."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.profiles import empty, realistic

from wadjet.model.difference import Change, difference
from wadjet.model.profile import Builder, Metric, Profile

CPU = Metric("cpu", "ns", "CPU time")
MS = 1_000_000


def recording(
    costs: dict[str, int], *, where: str = "/srv/", shift: int = 0, end: int = 0
) -> Profile:
    """Record functions for so many milliseconds each, sampled once a millisecond."""
    made = Builder([CPU])
    for name, cost in costs.items():
        for _ in range(cost):
            made.sample([f"main {where}app.py:9", f"{name} {where}app.py:{41 + shift}"], cpu=MS)
    profile = made.build(cwd=where.rstrip("/"))
    process = replace(profile.processes[0], ended=end or sum(costs.values()) * MS)
    return replace(profile, processes=(process,))


def change(name: str, *both: Profile, **options: str) -> Change:
    found = difference(*both, "cpu", **options)  # type: ignore[arg-type, call-arg]
    return next(each for each in found.changes if each.name == name)


def test_a_function_that_moved_is_the_same_function() -> None:
    before = recording({"parse": 300, "draw": 300})
    after = recording({"parse": 300, "draw": 300}, where="/home/ci/checkout/", shift=17)
    found = difference(before, after, "cpu")
    assert {each.name: each.delta for each in found.changes} == {"main": 0, "parse": 0, "draw": 0}
    assert not any(each.sure for each in found.changes)
    assert {each.file for each in found.changes} == {"app.py"}


def test_a_change_far_beyond_chance_is_sure() -> None:
    parse = change(
        "parse", recording({"parse": 300, "x": 700}), recording({"parse": 600, "x": 700})
    )
    assert (parse.before, parse.after, parse.sure) == (300 * MS, 600 * MS, True)


def test_a_change_within_chance_is_not() -> None:
    before = recording({"parse": 300, "x": 700})
    after = recording({"parse": 315, "x": 685})
    assert not change("parse", before, after).sure


def test_the_same_change_is_surer_in_a_longer_recording() -> None:
    short = change("f", recording({"f": 30, "x": 70}), recording({"f": 40, "x": 60}))
    long = change("f", recording({"f": 3000, "x": 7000}), recording({"f": 4000, "x": 6000}))
    assert (short.sure, long.sure) == (False, True)


def test_new_and_gone_functions_are_told() -> None:
    found = difference(recording({"old": 400}), recording({"new": 300}), "cpu")
    named = {each.name: each for each in found.changes}
    assert (named["old"].before, named["old"].after) == (400 * MS, 0)
    assert (named["new"].before, named["new"].after) == (0, 300 * MS)
    assert [each.name for each in found.changes] == ["old", "new", "main"]


def test_per_second_recordings_of_different_length_compare() -> None:
    short = recording({"serve": 500}, end=1_000 * MS)
    long = recording({"serve": 2000}, end=4_000 * MS)
    found = difference(short, long, "cpu", "second")
    assert (found.before, found.after, found.sure) == (500 * MS, 500 * MS, False)
    assert not change("serve", short, long, basis="second").sure
    assert change("serve", short, long).sure, "of the whole run it is four times as much"


def test_shares_compare_where_the_work_differs() -> None:
    before, after = recording({"f": 500, "g": 500}), recording({"f": 500, "g": 1500})
    assert change("f", before, after, basis="share").delta == pytest.approx(-0.25)
    assert change("f", before, after, basis="share").sure
    assert not difference(before, after, "cpu", "share").sure


def test_two_samplings_of_one_program_rarely_differ_surely() -> None:
    """Twenty pairs of 50 functions: at 95 % for the family, about one pair may have a false one."""
    chance = random.Random(5)
    weights = [chance.paretovariate(1) for _ in range(50)]

    def sampled() -> Profile:
        picks = chance.choices(range(50), weights, k=2000)
        return recording({f"f{n}": picks.count(n) for n in range(50)})

    false = sum(
        any(each.sure for each in difference(sampled(), sampled(), "cpu").changes)
        for _ in range(20)
    )
    assert false <= 3


def test_recursion_and_namesakes_in_a_file_are_one() -> None:
    made = Builder([CPU]).sample(["<genexpr> a.py:1", "<genexpr> a.py:9"], cpu=5)
    [each] = difference(made.build(), made.build(), "cpu").changes
    assert each.before == each.after == 5


def test_empty_recordings_compare() -> None:
    found = difference(empty(), empty(), "cpu")
    assert (found.before, found.after, found.sure, found.changes) == (0, 0, False, ())
    assert difference(empty(), realistic(), "cpu", "share").after == 1


def test_a_missing_metric_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no metric 'memory'"):
        difference(realistic(), realistic(), "memory")
