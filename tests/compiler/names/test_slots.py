"""Globals are bound by a remembered place, and are the module's own as ever."""

from __future__ import annotations

import ast
import importlib
import pickle
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from wadjet import importer
from wadjet.compiler.catalog import chosen
from wadjet.compiler.names.slots import slots
from wadjet.pipeline.code import compiled
from wadjet.pipeline.equivalence import difference
from wadjet.pipeline.passes import applied


def same(code: str) -> str:
    return ast.unparse(ast.parse(code))


COUNTER = """
count = 0
seed = 7
text = ''
def step():
    global count
    count += 1
    return count
def draw():
    global seed
    seed = (seed * 75 + 74) % 65537
    return seed
def log(word):
    global text
    text += word
def many(n):
    global last
    for number in range(n):
        last = number
    return last
def watch(): return count, seed, text
class Kept:
    total = 0
    @staticmethod
    def add():
        global count
        count = count + 1
"""


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "counter.py").write_text(COUNTER)
    monkeypatch.syspath_prepend(tmp_path)
    installed = importer.install("slots", hook_only=True)
    try:
        module = importlib.import_module("counter")
        yield module
    finally:
        installed.undo()
        sys.modules.pop("counter", None)


def test_a_slot_is_the_modules_own_global(counter: Any) -> None:
    assert "_wadjet_0slots" in vars(counter)
    assert [counter.step(), counter.step(), counter.count] == [1, 2, 2]
    counter.count = 10
    assert (counter.step(), vars(counter)["count"], counter.watch()[0]) == (11, 11, 11)
    vars(counter)["count"] = 20
    assert (counter.step(), counter.count) == (21, 21)
    exec("count = 30", vars(counter))
    counter.Kept.add()
    assert counter.step() == 32
    with mock.patch.object(counter, "count", 100):
        assert counter.step() == 101
    assert counter.count == 32
    from counter import count  # type: ignore[import-not-found]

    assert count == 32


def test_a_slot_may_be_gone_or_be_anything(counter: Any) -> None:
    del counter.count
    with pytest.raises(NameError, match="name 'count' is not defined"):
        counter.step()
    counter.seed = "x"
    with pytest.raises(TypeError):
        counter.draw()
    del counter.seed
    with mock.patch("builtins.seed", 5, create=True):
        assert counter.draw() == (5 * 75 + 74) % 65537
    assert (counter.many(4), counter.last) == (3, 3)


def test_functions_with_slots_are_functions_like_others(counter: Any) -> None:
    assert pickle.loads(pickle.dumps(counter.step)) is counter.step
    assert counter.Kept.add.__qualname__ == "Kept.add"
    assert counter.step.__closure__ is None
    assert counter.step.__code__.co_names == ("count", "_wadjet_0slots")


def test_slots_outlive_a_reload(counter: Any) -> None:
    before = counter.step
    before()
    importlib.reload(counter)
    assert counter.count == 0
    assert (before(), counter.step(), counter.count) == (1, 2, 2)


def test_threads_see_one_slot(counter: Any) -> None:
    lock = threading.Lock()

    def work() -> None:
        for _ in range(500):
            with lock:
                counter.step()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert counter.count == 2000


@pytest.mark.parametrize(
    "code",
    [
        "n = []\ndef f():\n    global n\n    n += [1]",
        "n = 0\ndef f(x):\n    global n\n    n += x",
        "n = 0\ndef f():\n    global n\n    n += 1\ndef g(x):\n    global n\n    n = x",
        "n = 0\ndef f():\n    global n\n    n += 1\nexec('n = []')",
        "n = 0\nn = x\ndef f():\n    global n\n    n += 1",
        "import n\ndef f():\n    global n\n    n += 1",
        "def f():\n    global n\n    n = 1",
        "def f():\n    global n\n    def g():\n        n = n + 1",
        "def f():\n    global __n__\n    __n__ = __n__ + 1",
        "n = 0\ndef f():\n    global n\n    n, m = n, 1\n    del n",
    ],
)
def test_what_is_bound_seldom_or_in_place_has_no_slot(code: str) -> None:
    assert applied(code, slots) == same(code)


def test_two_counters_of_one_name_are_both_slots() -> None:
    code = "n = 0\ndef f():\n    global n\n    n += 1\ndef g():\n    global n\n    n -= 2"
    assert applied(code, slots).count("_wadjet_0slots.n = n ") == 2


def test_lines_of_a_traceback_are_those_of_the_source() -> None:
    code = (
        "n = 1\ndef f():\n    global n\n    while True:\n        n = (n -\n             1 / n)\nf()"
    )
    assert difference(code, slots) is None


def test_a_private_global_has_its_private_name() -> None:
    code = """
class C:
    def f(self):
        global _C__n
        _C__n = 1
        for i in range(3): _C__n = _C__n + 1
print(C().f(), _C__n)
"""
    assert difference(code, slots) is None


def test_code_is_the_same_each_time() -> None:
    passes = chosen(["all"])
    assert compiled("a.py", COUNTER, passes) == compiled("a.py", COUNTER, passes)
