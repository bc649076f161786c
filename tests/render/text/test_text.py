"""The screen says what was measured, in any terminal and in none."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from tests.profiles import empty, profiles, realistic

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import Builder, Fact, Metric, Profile, State, Thread
from wadjet.render.text import View, show, summary

WARNING = Finding(
    "gil-contention",
    Level.WARNING,
    "61 % of the time thread `worker-3` waited for the GIL, held mostly by `parse` (app.py:41).",
    Place("app.py", 41, "parse"),
    treatment="See who calls it: `wadjet show --tree --focus parse FILE`.",
    weight=0.61,
)
NOTE = Finding("few-samples", Level.NOTE, "There are 40 CPU samples only.")
CPU = Metric("cpu", "ns", "CPU time")


class Terminal(io.StringIO):
    """A stream with an encoding, which may be a terminal."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = False) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")


def shown(
    profile: Profile | None = None,
    findings: tuple[Finding, ...] = (),
    out: io.StringIO | None = None,
    part: Profile | None = None,
    **view: object,
) -> str:
    out = Terminal() if out is None else out
    show(profile or realistic(), findings, View(**view), out, part=part)  # type: ignore[arg-type]
    return out.getvalue()


def section(text: str, title: str) -> list[str]:
    """Return the lines under a title, up to the next empty line."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(title))
    end = next((n for n in range(start, len(lines)) if not lines[n]), len(lines))
    return lines[start + 1 : end]


def test_the_header_says_what_ran_what_it_cost_and_how_it_was_sampled() -> None:
    head = shown().split("\n\n")[0]
    assert head.startswith("python shop.py --orders 500 ")
    assert "2.00 s · 2.74 s CPU (1.4 of 4 cores) · 7 threads in 2 processes" in head
    assert "CPython 3.11.7" in head
    assert "2,740 CPU samples at 1000 Hz (perf) · 1,350 wall samples at 100 Hz" in head


@pytest.mark.parametrize(
    ("status", "words"),
    [(3, "exit status 3"), (-9, "killed by SIGKILL"), (-77, "killed by signal 77")],
)
def test_the_header_says_how_the_program_ended_badly(status: int, words: str) -> None:
    profile = realistic()
    assert words in shown(replace(profile, about={**profile.about, "exit": status}))
    assert "exit status" not in shown(profile)


@pytest.mark.parametrize("started", [None, "noon", 1e300, float("nan"), -1e12])
def test_a_start_that_no_calendar_has_is_left_out(started: Fact) -> None:
    profile = replace(realistic(), about={**realistic().about, "started": started})
    assert shown(profile).splitlines()[0].rstrip() == "python shop.py --orders 500"


def test_notes_of_the_recording_stand_in_the_header() -> None:
    notes: Fact = ["perf events are not permitted: CPU time is sampled by timers at 250 Hz"]
    profile = replace(realistic(), about={**realistic().about, "notes": notes})
    assert "! perf events are not permitted: CPU time is sampled by timers" in shown(profile)


def test_a_clock_that_was_not_there_is_said() -> None:
    clocks: Fact = {"cpu": {"engine": "none", "rate": 0, "why": ""}}
    profile = replace(realistic(), about={**realistic().about, "clocks": clocks})
    assert "CPU time was not sampled" in shown(profile)


def test_a_finding_is_told_with_its_treatment_for_this_file() -> None:
    text = shown(findings=(WARNING,), path="my app.wadjet")
    assert "▲ 61 % of the time thread `worker-3` waited for the GIL, held mostly by" in text
    assert "→ See who calls it: `wadjet show --tree --focus parse 'my app.wadjet'`." in text
    assert "Nothing stands out" not in text


def test_without_a_warning_nothing_stands_out() -> None:
    assert "Nothing stands out." in shown()
    text = shown(findings=(NOTE,))
    assert "Nothing stands out." in text
    assert "● There are 40 CPU samples only." in text


@pytest.mark.parametrize("before", range(64, 76))
def test_no_line_ends_between_a_figure_and_its_unit(before: int) -> None:
    message = "x" * before + " 61 % of it " + "y" * (before - 6) + " 250 ms of it"
    lines = shown(findings=(replace(WARNING, message=message),)).splitlines()
    assert not any(line.strip().startswith(("%", "ms")) for line in lines)
    assert any("61 %" in line for line in lines)


def test_functions_come_with_self_error_and_total() -> None:
    rows = section(shown(), "Functions by CPU time")
    assert re.fullmatch(r"  fib +shop.py:18 +█+ +30.7 % +±1.8 +840 ms +30.7 %", rows[0])
    assert any("JSONDecoder" in row and "7.2 %" in row for row in rows)
    assert not any("Thread._bootstrap" in row for row in rows), "it costs nothing itself"


def test_sorted_by_total_callers_come_first() -> None:
    rows = section(shown(sort="total"), "Functions by CPU time")
    assert rows[0].split()[0] == "Shop.serve"


def test_lines_come_with_their_source_text() -> None:
    rows = section(shown(), "Lines by CPU time")
    assert re.search(r"shop.py:19 +30.7 % +±1.8 +840 ms +return n if n < 2 else", rows[0])


def test_what_is_not_shown_is_summed() -> None:
    rows = section(shown(top=2), "Functions by CPU time")
    assert len(rows) == 3
    assert rows[-1] == "  4 more functions: 48 %"


def test_files_and_modules_can_be_asked_for() -> None:
    files = section(shown(by="file"), "Files by CPU time")
    assert files[0].split()[0] == "shop.py"
    modules = section(shown(by="module"), "Modules by CPU time")
    assert [row.split()[0] for row in modules[:3]] == ["shop", "libz.so.1", "client"]


def test_threads_come_with_their_states_and_cpu_time() -> None:
    rows = section(shown(), "Threads")
    worker = next(row for row in rows if "worker-1" in row)
    assert re.search(r"█+▒+░+ +36 % +55 % +10 % +710 ms", worker)
    assert "MainThread 5248" in "\n".join(rows)
    assert "waiting for the GIL" in rows[-2] + rows[-1]


def test_a_thousand_threads_are_summed_beyond_the_first() -> None:
    profile = realistic()
    more = tuple(Thread(f"t{n}", n, 0, 0, 10, cpu=2_000_000) for n in range(1000))
    rows = section(shown(replace(profile, threads=profile.threads + more)), "Threads")
    assert len(rows) == 10 + 1 + 2
    assert rows[10] == "  997 more threads: 1.99 s CPU"


def test_a_thread_that_only_the_system_saw_is_shown() -> None:
    profile = realistic()
    unseen = Thread("ghost", 9, 0, 0, 10, cpu=5_000_000_000)
    rows = section(shown(replace(profile, threads=(*profile.threads, unseen))), "Threads")
    assert rows[0].startswith("  ghost")
    assert rows[0].endswith("5.00 s")


def test_the_tree_shows_callers_above_callees() -> None:
    rows = section(shown(tree=True), "Call tree by CPU time")
    names = [re.split(r"\d (?:ms|s) +", row, maxsplit=1)[-1] for row in rows]
    assert names[1].startswith("Thread.run")
    assert "Shop.serve" in names[2]
    assert any(re.match(r"[│ ├╰╴]+pack +shop.py:14", name) for name in names)
    assert any("fib (recursive)" in name for name in names)
    assert rows[-1] == "  branches below 1 % are left out"


def test_small_branches_are_left_out() -> None:
    assert "JSONDecoder" in shown(tree=True, least=0.05)
    assert "JSONDecoder" not in shown(tree=True, least=0.1)


def test_the_import_machinery_is_left_out_of_the_tree() -> None:
    boot = [f"{name} <frozen importlib._bootstrap>:9" for name in ("_find_and_load", "_load")]
    stack = ["<module> app.py:3", *boot, "<module> lib.py:1"]
    profile = Builder([CPU]).sample(stack, cpu=5).sample(stack[:3], cpu=5).build()
    text = shown(profile, tree=True)
    assert "_find_and_load" not in text
    assert re.search(r"50.0 % +5 ns +<module> +app.py:3", text) is None
    assert re.search(r"100.0 % +50.0 % .*<module> +app.py:3", text)


def test_very_deep_trees_stay_within_the_terminal() -> None:
    stacks = [[f"f{n} a.py:{n}" for n in range(deep)] for deep in range(1, 120)]
    made = Builder([CPU])
    for stack in stacks:
        made.sample(stack, cpu=5)
        made.sample([*stack, "leaf a.py:1"], cpu=5)
    lines = shown(made.build(), tree=True, least=0.0).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("⋯" in line for line in lines)


def test_the_part_that_is_shown_is_named_with_its_size() -> None:
    profile = realistic()
    rows = profile.samples.values[1]
    part = replace(profile, samples=replace(profile.samples, values=(rows, rows)))
    text = shown(profile, part=part, scope="thread `worker-1`")
    assert "Shown: thread `worker-1`. That is 2.74 s of CPU time, 100 % of all." in text
    assert "Diagnosis" not in text


def test_wall_time_can_be_asked_for() -> None:
    assert "Functions by Wall time" in shown(metric="wall")


def test_a_recording_with_wall_samples_only_shows_them() -> None:
    profile = realistic()
    wall, cpu = profile.samples.values
    only = replace(profile, samples=replace(profile.samples, values=(wall, cpu[:0] + cpu)))
    for row in range(len(cpu)):
        only.samples.values[1][row] = 0
    assert "Functions by Wall time" in shown(only)


def test_an_empty_recording_is_shown() -> None:
    text = shown(empty())
    assert "0 CPU samples" in text
    assert "No Wall time was sampled here." in text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for view in ({}, {"tree": True}, {"by": "line"}, {"by": "module", "sort": "total"}):
        text = shown(findings=(WARNING, NOTE), **view)
        assert max(map(len, text.splitlines())) <= width
        assert not any(line != line.rstrip() for line in text.splitlines() if "│" in line)


def test_what_is_piped_has_no_colour_and_is_the_same_each_time() -> None:
    text = shown(findings=(WARNING,))
    assert "\x1b" not in text
    assert text == shown(findings=(WARNING,))


def test_a_terminal_gets_colours_unless_it_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in shown(out=Terminal(tty=True))
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(out=Terminal(tty=True))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", text), "bold may stay, colours may not"
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(out=Terminal(tty=True))


def test_a_terminal_without_unicode_gets_ascii() -> None:
    profile = realistic()
    functions = [replace(f, name=f.name.replace("fib", "λ")) for f in profile.tree.functions]
    odd = replace(profile, tree=replace(profile.tree, functions=tuple(functions)))
    text = shown(odd, findings=(WARNING,), out=Terminal("ascii"))
    text += shown(odd, out=Terminal("ascii"), tree=True)
    assert text.isascii()
    assert "\\u03bb" in text
    assert "####" in text
    assert "+-1.8" in text


def test_names_cannot_move_the_cursor_or_start_a_line() -> None:
    made = Builder([CPU]).sample(["f a.py:1"], thread="x\x1b[2J\ny", cpu=5).build()
    evil = replace(made.tree.functions[0], name="a\x1b[31m\r\nb\u2028c\x9bd")
    profile = replace(made, tree=replace(made.tree, functions=(evil,)))
    text = shown(profile, tree=True) + shown(profile)
    assert "\x1b" not in text
    assert "\\x1b[31m\\r\\nb\\u2028c\\x9bd" in text
    assert "\r" not in text


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(profile=profiles())
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_any_recording_can_be_shown(encoding: str, profile: Profile) -> None:
    for view in ({}, {"tree": True}, {"by": "module"}, {"metric": "wall", "by": "line"}):
        shown(profile, out=Terminal(encoding), **view)


def test_wide_characters_are_measured_in_cells() -> None:
    made = Builder([CPU]).sample(["測試測試測試測試測試測試測試測試測試測試 a.py:1"], cpu=5)
    from rich.cells import cell_len

    lines = shown(made.build()).splitlines()
    assert max(map(cell_len, lines)) <= 80


def test_states_that_are_not_known_leave_the_bar_empty() -> None:
    wall = Metric("wall", "ns", "Wall time")
    made = Builder([wall]).sample(["f a.py:1"], state=State.UNKNOWN, wall=5)
    rows = section(shown(made.build()), "Threads")
    assert re.fullmatch(r"  MainThread +0 s", rows[0])


def test_a_summary_is_short_and_says_where_to_go_on() -> None:
    out = Terminal()
    findings = [replace(WARNING, weight=n / 10) for n in range(7)]
    summary(realistic(), findings, out, "app.wadjet")
    text = out.getvalue()
    assert text.count("▲") == 4
    assert "wadjet show app.wadjet (3 more findings)" in text
    assert "wadjet show --tree app.wadjet" in text
    assert "wadjet report app.wadjet" in text
    assert len(section(text, "Functions by CPU time")) <= 7


def test_a_recording_that_changed_since_is_not_shown_with_another_s_source(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Without recorded sources a file on disk serves, unless it is younger than the recording."""
    path = tmp_path_factory.mktemp("src") / "app.py"
    path.write_text("first = 1\nanswer = compute()\n")
    then = path.stat().st_mtime
    made = Builder([CPU]).sample([f"f {path}:2"], cpu=5)
    assert "answer = compute()" in shown(made.build(started=then + 1))
    assert "answer = compute()" not in shown(made.build(started=then - 1))
