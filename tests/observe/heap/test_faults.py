"""What can go wrong while a snapshot is taken leaves the program as it was."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

import pytest

from wadjet.model.graph.file import load
from wadjet.model.graph.paths import find
from wadjet.observe.heap import take

SOURCE = Path(__file__).parents[2] / "ext" / "traverse.c"
COMPILER = os.environ.get("CC", "cc")
FAILING = """
import resource, sys
from pathlib import Path
from wadjet.observe.heap.taking import write_to
from wadjet.errors import OutputError
kept = [str(number) for number in range(200_000)]
which, limit, fork, path = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "fork", Path(sys.argv[4])
number = getattr(resource, which)
used = int(open("/proc/self/statm").read().split()[0]) * 4096 if which == "RLIMIT_AS" else 0
resource.setrlimit(number, (used + limit, resource.RLIM_INFINITY))
try:
    write_to(path, fork=fork)
except OutputError as error:
    print("refused:", error)
resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
write_to(path, fork=fork)
print("the program goes on", len(kept))
"""


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not shutil.which(COMPILER):
        pytest.skip("needs a C compiler")
    path = tmp_path_factory.mktemp("traverse") / "traverse.so"
    include = sysconfig.get_path("include")
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-O1", f"-I{include}", "-o", path, SOURCE], check=True
    )
    spec = importlib.util.spec_from_file_location("traverse", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Liar


class Held:
    """What the liars hold."""


@pytest.mark.parametrize("way", range(5))
@pytest.mark.parametrize("fork", [False, True])
def test_a_type_whose_traverse_and_size_lie_harms_no_one(liar: Any, way: int, fork: bool) -> None:
    gc.disable()  # which believes what such a type says
    try:
        thing = liar(way, Held())
        where = hex(id(thing))
        graph = take(fork=fork)
        del thing
    finally:
        gc.enable()
    (node,) = find(graph, where)
    assert 16 <= graph.size(node) < 200
    assert graph.total < 2**45
    found = find(graph, "Held")
    assert way == 0 or len(found) == 1


@pytest.mark.parametrize("fork", ["here", "fork"])
@pytest.mark.parametrize(
    ("limit", "room"),
    [("RLIMIT_AS", 1_000_000), ("RLIMIT_AS", 8_000_000), ("RLIMIT_FSIZE", 200_000)],
)
def test_without_room_the_snapshot_is_refused_and_the_program_goes_on(
    tmp_path: Path, limit: str, room: int, fork: str
) -> None:
    path = tmp_path / "late.heap"
    command = [sys.executable, "-c", FAILING, limit, str(room), fork, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "refused:" in done.stdout
    assert "the program goes on 200000" in done.stdout
    assert len(load(path)) > 200_000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fork", [False, True])
def test_snapshots_of_a_program_whose_threads_work_on(fork: bool) -> None:
    stop = threading.Event()
    done = []

    def work() -> None:
        count = 0
        while not stop.is_set():
            made = [{"number": number, "text": str(number)} for number in range(50)]
            count += len(made)
        done.append(count)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            assert len(take(fork=fork, twins=False)) > 1000
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(done) == 4


def children() -> set[str]:
    """The processes that could be waited for."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for each in lists for pid in each.read_text().split()}


def test_a_forked_child_is_not_seen_by_the_program() -> None:
    before = children()  # those that other tests have left
    take(fork=True)
    assert children() == before


def test_a_forked_child_calls_no_code_of_the_program() -> None:
    called = []

    class Sized:
        def __sizeof__(self) -> int:
            called.append(os.getpid())
            os.write(2, b"called in the child")
            return 4096

    thing = Sized()
    graph = take(fork=True)
    (node,) = find(graph, hex(id(thing)))
    assert graph.size(node) < 4096
    assert called == []


def test_an_interrupt_during_a_size_reaches_the_program() -> None:
    class Interrupting:
        def __sizeof__(self) -> int:
            raise KeyboardInterrupt

    thing = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        _take_and_go_on()
    assert thing


def _take_and_go_on() -> None:
    take()
    for _ in range(1000):
        pass
