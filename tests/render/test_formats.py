"""What holds for every format of the table."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.profiles import CPU, METRICS, Rows, empty, profiles, realistic
from tests.render.written import written

from wadjet.errors import RecordingError
from wadjet.model.profile import Builder, Function, Process, Profile, State, Thread
from wadjet.model.transform import only
from wadjet.render.renderer import Options
from wadjet.render.table import FORMATS

every_format = pytest.mark.parametrize("name", FORMATS)


class Pipe(io.RawIOBase):
    """Like a pipe: it can be written to, and that is all."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


@every_format
@settings(max_examples=30)
@given(profile=profiles())
def test_any_profile_can_be_written(name: str, profile: Profile) -> None:
    written(profile, name)


@every_format
def test_the_same_profile_makes_the_same_bytes(name: str) -> None:
    assert written(realistic(0.3), name) == written(realistic(0.3), name)


@every_format
def test_a_pipe_will_do(name: str) -> None:
    pipe = Pipe()
    FORMATS[name].renderer().render(realistic(0.3), io.BufferedWriter(pipe), Options())  # type: ignore[type-var]
    assert pipe.size or name == "collapsed"


@every_format
def test_a_profile_that_holds_nothing_can_be_written(name: str) -> None:
    written(empty(), name)
    written(only(realistic(0.3), threads=[]), name)
    written(replace(realistic(0.3), about={}, sources={}), name)


@every_format
def test_a_very_deep_recursion_can_be_written(name: str) -> None:
    deep = Builder(METRICS).sample(["f a.py:1"] * 20_000, time=10, wall=10)
    assert written(deep.sample(["f a.py:1"] * 20_000, time=11, cpu=1).build(), name)


@every_format
def test_names_may_hold_anything(name: str) -> None:
    odd = [
        "",
        " ",
        "a;b",
        "a\nb",
        "a\r\nb",
        "a\0b",
        "\udc80",
        "🐍",
        "é" * 5000,
        '"\\<>&',
        "(1) x",
        "calls=1 1",
    ]
    rows = Rows()
    for number, text in enumerate(odd):
        functions = [(Function(text, text, 3, kind), 4) for kind in ("python", "native", "task")]
        rows.wall(10 * number, number, rows.stack(functions), State.WAIT_GIL, number, 10)
        rows.cpu(10 * number, number, rows.stack(functions), State.RUN_NATIVE, 10)
    threads = [Thread(text, number) for number, text in enumerate(odd)]
    assert written(rows.profile([Process(1, command="a\n\udc80")], threads), name)


@every_format
def test_threads_of_two_processes_may_have_equal_ids(name: str) -> None:
    rows = Rows()
    for thread in range(4):
        rows.cpu(thread, thread, -1, State.RUN_GIL, 5)
        rows.wall(thread, thread, -1, State.BLOCKED, -1)
    threads = [Thread("MainThread", 7, number // 2) for number in range(4)]
    assert written(rows.profile([Process(7), Process(7)], threads), name)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json"}))
def test_a_profile_without_a_metric_is_refused_with_one_line(name: str) -> None:
    with pytest.raises(RecordingError, match="no metric"):
        written(Builder([]).build(), name)


@every_format
def test_a_metric_that_is_not_time_can_be_written(name: str) -> None:
    heap = replace(CPU, name="heap", unit="bytes", title="Heap")
    assert written(Builder([heap]).sample(["f a.py:1"], time=3, heap=7).build(), name)


def test_the_table_imports_no_format() -> None:
    code = (
        "import sys, wadjet.render.table as table;"
        "print([each for each in table.FORMATS if f'wadjet.render.{each}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
