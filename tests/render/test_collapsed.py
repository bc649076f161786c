"""Collapsed stacks have a line for each stack, whatever the names hold."""

from __future__ import annotations

import re

from hypothesis import given
from tests.profiles import CPU, METRICS, WALL, empty, profiles, realistic
from tests.render.written import measured, total, written

from wadjet.model.profile import Builder, Profile
from wadjet.render.renderer import Options

LINE = re.compile(r"(?P<stack>.*) (?P<value>[0-9]+)")
"""How flamegraph.pl and inferno read a line."""


def lines(profile: Profile, options: Options | None = None) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in written(profile, "collapsed", options).decode().split("\n")[:-1]:
        match = LINE.fullmatch(line)
        assert match, line
        found[match["stack"]] = found.get(match["stack"], 0) + int(match["value"])
    return found


@given(profile=profiles())
def test_any_profile_keeps_its_weight_and_its_depths(profile: Profile) -> None:
    names = measured(profile)
    metric = "cpu" if "cpu" in names else "wall"
    assert sum(lines(profile).values()) == total(profile, metric)
    deepest = max((len(list(profile.tree.path(n))) for n in profile.samples.node), default=0)
    assert all(1 <= len(stack.split(";")) <= max(deepest, 1) for stack in lines(profile))


def test_a_line_is_the_stack_from_the_root_and_its_nanoseconds() -> None:
    profile = Builder([CPU]).sample(["main app.py:3", "work app.py:7"], cpu=250).build()
    assert written(profile, "collapsed") == b"main (app.py);work (app.py) 250\n"


def test_equal_stacks_are_added_up_whichever_thread_and_line_they_are_of() -> None:
    profile = (
        Builder([CPU])
        .sample(["main app.py:3"], thread="a", cpu=1)
        .sample(["main app.py:4"], thread="b", cpu=2)
        .build()
    )
    assert lines(profile) == {"main (app.py)": 3}


def test_thread_first_makes_the_thread_the_root() -> None:
    profile = (
        Builder([CPU])
        .sample(["main app.py:3"], thread="a", cpu=1)
        .sample([], thread="b;c", cpu=2)
        .build()
    )
    found = lines(profile, Options(thread_first=True))
    assert found == {"a;main (app.py)": 1, "b:c;(no Python frame)": 2}


def test_names_cannot_break_a_line_or_a_stack() -> None:
    profile = Builder([CPU]).sample(["a;b\nc app.py:3", "\udcff é.py:1"], cpu=1).build()
    assert lines(profile) == {"a:b\\nc (app.py);\\udcff (é.py)": 1}


def test_recursion_stays_as_deep_as_it_was() -> None:
    profile = Builder([CPU]).sample(["f a.py:1"] * 500, cpu=1).build()
    assert [stack.count("f (a.py)") for stack in lines(profile)] == [500]


def test_cpu_time_is_written_if_measured_and_else_wall_time() -> None:
    both = Builder(METRICS).sample(["f a.py:1"], cpu=3).sample(["g a.py:2"], wall=9).build()
    assert lines(both) == {"f (a.py)": 3}
    only_wall = Builder(METRICS).sample(["g a.py:2"], wall=9).build()
    assert lines(only_wall) == {"g (a.py)": 9}
    assert lines(Builder([WALL]).sample(["g a.py:2"], wall=9).build()) == {"g (a.py)": 9}


def test_an_empty_recording_has_no_lines() -> None:
    assert written(empty(), "collapsed") == b""


def test_a_function_is_named_with_the_line_where_it_begins() -> None:
    assert any("parse (shop.py:6)" in stack for stack in lines(realistic()))


def test_files_have_the_shortest_name_that_people_recognise() -> None:
    stack = next(each for each in lines(realistic()) if "raw_decode" in each)
    assert stack == (
        "Thread._bootstrap (threading.py:995);Thread._bootstrap_inner (threading.py:1020);"
        "Thread.run (threading.py:967);Shop.serve (shop.py:40);parse (shop.py:6);"
        "loads (json/__init__.py:299);JSONDecoder.raw_decode (json/decoder.py:343)"
    )


def test_lines_are_in_order_so_that_the_same_profile_makes_the_same_text() -> None:
    text = written(realistic(), "collapsed").decode().splitlines()
    assert text == sorted(text)
