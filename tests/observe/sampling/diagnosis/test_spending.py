"""Where CPU time goes is told where it is sure, and known costs with what to write instead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.observe.sampling.diagnosis.scenes import LIB, Act, found, rules, run, scene

from wadjet.model.finding import Place
from wadjet.model.profile import Profile, Thread
from wadjet.observe.sampling.diagnosis import diagnose

IMPORT = "_find_and_load <frozen importlib._bootstrap>:1176"


def mixed(hot: tuple[str, ...], share: int, ticks: int = 200, **sources: str) -> Profile:
    """A program that is in ``hot`` for ``share`` of 100 ticks, else in one of 20 functions."""

    def main(tick: int) -> Act:
        if tick * 37 % 100 < share:
            return run(*hot)
        return run("main app.py:90", f"other{tick % 20} app.py:{200 + tick % 20}")

    return scene(ticks, main=main, sources={f"{name}.py": text for name, text in sources.items()})


def test_a_hot_line_is_told_with_its_text_and_what_it_would_gain() -> None:
    finding = found(
        mixed(("main app.py:9", "parse app.py:2"), 60, app="def parse():\n    work()"), "hot-line"
    )
    assert finding is not None
    assert finding.message == (
        "60 % of the CPU time goes through one line: `parse` (app.py:2), `work()`."
    )
    assert "30 % less CPU time" in finding.treatment
    assert "`wadjet show --tree --focus parse FILE`" in finding.treatment
    assert finding.place == Place("app.py", 2, "parse")


def test_a_hot_line_bears_the_library_code_that_it_calls() -> None:
    stack = ("load app.py:7", f"helper {LIB}csv.py:100", f"inner {LIB}csv.py:200")
    finding = found(mixed(stack, 60), "hot-line")
    assert finding is not None
    assert "`load` (app.py:7)" in finding.message


def test_an_even_program_has_no_hot_line_and_no_hot_function() -> None:
    assert rules(mixed(("parse app.py:2",), 10)) == set()


@pytest.mark.parametrize("ticks", [5, 12])
def test_a_short_program_has_no_hot_line(ticks: int) -> None:
    assert not {"hot-line", "hot-function"} & rules(scene(ticks, main=lambda _: run("f app.py:1")))


def spread(lines: int, share: int) -> Profile:
    return scene(
        300,
        main=lambda tick: (
            run("parse app.py:" + str(41 + tick % lines))
            if tick * 37 % 100 < share
            else run(f"other{tick % 20} app.py:{200 + tick % 20}")
        ),
    )


def test_a_hot_function_over_many_lines_is_told() -> None:
    finding = found(spread(9, 70), "hot-function")
    assert finding is not None
    assert finding.message == "70 % of the CPU time is spent in `parse` (app.py:41), over 9 lines."
    assert "`wadjet show --by line --focus parse FILE`" in finding.treatment
    assert found(spread(9, 70), "hot-line") is None


def test_a_hot_line_is_not_told_again_as_a_function() -> None:
    assert found(spread(1, 70), "hot-line") is not None
    assert found(spread(1, 70), "hot-function") is None


@pytest.mark.parametrize(
    ("rule", "leaf"),
    [
        ("regex-compile", f"_parse {LIB}re/_parser.py:509"),
        ("deepcopy", f"deepcopy {LIB}copy.py:128"),
        ("asdict", f"_asdict_inner {LIB}dataclasses.py:1332"),
        ("json", f"JSONEncoder.iterencode {LIB}json/encoder.py:205"),
        ("logging", f"Logger._log {LIB}logging/__init__.py:1610"),
        ("stack-inspection", f"stack {LIB}inspect.py:1700"),
        ("strptime", f"_strptime {LIB}_strptime.py:309"),
        ("class-creation", f"namedtuple {LIB}collections/__init__.py:348"),
        ("tls-set-up", f"create_default_context {LIB}ssl.py:744"),
        ("pathlib", f"Path.__new__ {LIB}pathlib.py:868"),
        ("pure-decimal", f"Decimal.__add__ {LIB}_pydecimal.py:1160"),
    ],
)
def test_a_costly_habit_is_told_with_who_has_it(rule: str, leaf: str) -> None:
    finding = found(mixed(("report app.py:7", leaf), 25), rule)
    assert finding is not None
    assert finding.message.startswith("25 % of the CPU time goes into ")
    assert finding.message.endswith(", mostly for `report` (app.py:7).")
    assert finding.treatment
    assert found(mixed(("report app.py:7", leaf), 3), rule) is None, "a little of it is fine"


@pytest.mark.parametrize(
    "leaf",
    [
        "parse json/decoder.py:10",
        f"OrderedDict.popitem {LIB}collections/__init__.py:150",
        f"copy {LIB}copy.py:66",
        f"fields {LIB}dataclasses.py:1244",
        f"match {LIB}re/__init__.py:166",
    ],
)
def test_code_that_only_looks_like_a_habit_is_not_told(leaf: str) -> None:
    told = rules(mixed(("report app.py:7", leaf), 25))
    assert told <= {"hot-line", "json"}
    assert "json" not in told or leaf.startswith("parse json")


def test_a_habit_of_imports_is_not_the_program_s() -> None:
    stack = ("<module> app.py:3", IMPORT, "<module> lib.py:1", f"_parse {LIB}re/_parser.py:509")
    assert found(mixed(stack, 40), "regex-compile") is None


def test_json_within_logging_is_logging() -> None:
    stack = ("f app.py:7", f"info {LIB}logging/__init__.py:9", f"dumps {LIB}json/__init__.py:183")
    profile = mixed(stack, 40)
    assert found(profile, "logging") is not None
    assert found(profile, "json") is None


def starting(imports: int, ticks: int = 100) -> Profile:
    pandas = ("<module> app.py:3", IMPORT, "<module> /usr/lib/python3/dist-packages/pandas/a.py:1")
    return scene(
        ticks,
        sources={"app.py": "\n\nimport pandas\n"},
        main=lambda tick: (
            run(*pandas)
            if tick < imports
            else run("<module> app.py:9", f"work{tick % 20} app.py:{20 + tick % 20}")
        ),
    )


def test_imports_that_take_much_of_the_run_are_told_with_the_worst() -> None:
    finding = found(starting(40), "imports")
    assert finding is not None
    assert finding.message == (
        "Imports took 400 ms, 40 % of the run; 400 ms of it `import pandas`, `<module>` (app.py:3)."
    )


def test_quick_imports_are_not_told() -> None:
    assert found(starting(5), "imports") is None
    assert found(starting(8, ticks=20), "imports") is None, "100 ms are not worth it"


def test_collecting_on_demand_is_told() -> None:
    profile = mixed(("step app.py:2",), 25, app="def step():\n    gc.collect()\n")
    finding = found(profile, "collector")
    assert finding is not None
    assert finding.message == (
        "25 % of the CPU time goes into garbage collection, mostly for `step` (app.py:2)."
    )
    assert "Take the call of `gc.collect()` out" in finding.treatment


def test_the_collector_is_told_by_its_native_frames() -> None:
    profile = mixed(("step app.py:2", "gc_collect_main libpython3.11.so.1.0:0"), 25)
    functions = [
        replace(each, kind="native") if each.name.startswith("gc_") else each
        for each in profile.tree.functions
    ]
    profile = replace(profile, tree=replace(profile.tree, functions=tuple(functions)))
    finding = found(profile, "collector")
    assert finding is not None
    assert "`gc.freeze()`" in finding.treatment


def test_a_python_function_of_that_name_is_not_the_collector() -> None:
    assert found(mixed(("step app.py:2", "gc_collect_main app.py:7"), 25), "collector") is None


def test_deep_recursion_is_told_with_the_function_that_recurs() -> None:
    deep = ("main app.py:1", *["walk tree.py:4"] * 200, "visit tree.py:9")
    finding = found(mixed(deep, 25), "deep-recursion")
    assert finding is not None
    assert finding.message == (
        "25 % of the CPU time is spent more than 150 calls deep, in `walk` (tree.py:4)."
    )


def test_stacks_of_usual_depth_are_not_told() -> None:
    assert found(mixed(("main app.py:1", *["walk tree.py:4"] * 90), 25), "deep-recursion") is None
    distinct = [f"layer{n} app.py:{n}" for n in range(200)]
    assert found(mixed(tuple(distinct), 25), "deep-recursion") is None, "deep, but not recursive"


def many(count: int, life: int) -> Profile:
    profile = scene(50, main=lambda tick: run(f"f{tick % 20} app.py:{tick % 20}"))
    short = [Thread(f"t{n}", n, 0, n * 10**7, n * 10**7 + life) for n in range(count)]
    return replace(profile, threads=(*profile.threads, *short))


def test_many_short_threads_are_told() -> None:
    finding = found(many(200, 3_000_000), "short-threads")
    assert finding is not None
    assert finding.message.startswith("200 threads lived for less than 50.0 ms each, 3.00 ms")
    assert "ThreadPoolExecutor" in finding.treatment


def test_a_few_short_threads_or_many_long_ones_are_not_told() -> None:
    assert found(many(10, 3_000_000), "short-threads") is None
    assert found(many(200, 500_000_000), "short-threads") is None


def test_what_costs_more_is_told_first() -> None:
    json_ = ("report app.py:7", f"JSONEncoder.iterencode {LIB}json/encoder.py:205")
    strptime = ("read app.py:8", f"_strptime {LIB}_strptime.py:309")
    profile = scene(300, main=lambda tick: run(*(json_ if tick % 3 else strptime)))
    assert [each.rule for each in diagnose(profile)] == ["json", "hot-line", "strptime"]
