"""Names tell threads apart, and never break a line."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.profiles import empty, realistic

from wadjet.model.profile import Process, Profile, Thread
from wadjet.render.naming import one_line, thread_names, title


def with_threads(*threads: Thread, processes: int = 1) -> Profile:
    made = tuple(Process(pid=number) for number in range(1, processes + 1))
    return replace(empty(), threads=threads, processes=made)


def test_a_name_that_is_alone_stays_as_it_is() -> None:
    assert thread_names(with_threads(Thread("a", 1), Thread("b", 2))) == ["a", "b"]


def test_equal_names_are_told_apart_by_tid_and_at_last_by_number() -> None:
    threads = [Thread("a", 1), Thread("a", 2), Thread("b", 3), Thread("b", 3)]
    expected = ["a (tid 1)", "a (tid 2)", "b (tid 3) (thread 2)", "b (tid 3) (thread 3)"]
    assert thread_names(with_threads(*threads)) == expected


def test_several_processes_are_named_with_their_pid() -> None:
    threads = [Thread("MainThread", 1, 0), Thread("MainThread", 1, 1)]
    expected = ["MainThread (pid 1)", "MainThread (pid 2)"]
    assert thread_names(with_threads(*threads, processes=2)) == expected


def test_the_title_is_the_command_or_whatever_is_known() -> None:
    assert title(realistic(0.1)) == "python shop.py --orders 500"
    assert title(replace(realistic(0.1), about={})) == "python shop.py --orders 500"
    assert title(empty()) == "a Python program"


@given(st.text() | st.text(st.characters(categories=["Cs", "Cc", "Zl", "Zp"])))
def test_one_line_is_one_line_and_can_be_encoded(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    line.encode()
