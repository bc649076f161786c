"""freeze, grow and budget: what they do to the collector, and that they undo it."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

import wadjet
from wadjet.observe.collector import _collector
from wadjet.observe.collector.budget import Budget
from wadjet.observe.collector.freezing import freeze, measure_sharing
from wadjet.observe.collector.growth import Growth

lists = pytest.mark.skipif(_collector.is_incremental(), reason="3.14.0 to 3.14.4")


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.unfreeze()
    assert (gc.get_threshold(), list(gc.callbacks)) == before


def test_what_is_frozen_is_not_examined_again() -> None:
    node: list[object] = []
    node.append(node)
    assert freeze() >= len(gc.get_objects())
    before = gc.get_freeze_count()
    keep = [[n] for n in range(1000)]
    assert gc.get_freeze_count() == before
    assert len(keep) == 1000


def test_garbage_is_collected_before_it_would_be_frozen() -> None:
    gc.disable()
    try:
        for _ in range(100):
            node: list[object] = []
            node.append(node)
        del node
        freeze()
        gc.unfreeze()
        assert gc.collect() == 0
    finally:
        gc.enable()


@lists
def test_a_large_frozen_heap_does_not_put_off_the_next_full_run() -> None:
    program = """
        import collections, gc, math
        from wadjet import collector
        heap = [[n] for n in range(1_600_000)]
        collector.freeze()
        freed = []
        gc.callbacks.append(
            lambda phase, info: freed.append(info["collected"]) if phase == "stop" else None
        )
        cache = collections.deque(maxlen=20_000)
        for _ in range(600_000):
            node = []
            node.append(node)
            cache.append(node)
        assert 0 < max(freed) < 1.5 * math.prod(gc.get_threshold()), max(freed)
    """
    run(program)


def test_a_forked_worker_that_collects_copies_little_of_a_frozen_heap() -> None:
    program = """
        import gc, warnings
        warnings.simplefilter("ignore")
        from wadjet import collector
        heap = [[n] for n in range(400_000)]
        loose = collector.measure_sharing()
        collector.freeze()
        frozen = collector.measure_sharing()
        assert loose.copied > 20 << 20, loose
        assert frozen.copied < loose.copied / 10, (loose, frozen)
    """
    run(program)


def test_work_that_fails_in_the_child_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(RuntimeError, match="failed in the child"):
        measure_sharing(fail)
    assert "ValueError('no')" in capfd.readouterr().err


@lists
def test_the_threshold_grows_with_the_heap_and_comes_back() -> None:
    first = gc.get_threshold()[0]
    with Growth(0.1, most=50_000):
        heap = [[n] for n in range(300_000)]
        assert gc.get_threshold()[0] > max(first, 15_000)
        more = [[n] for n in range(500_000)]
        assert 30_000 < gc.get_threshold()[0] <= 50_000
    assert len(heap) + len(more) == 800_000
    assert gc.get_threshold()[0] == first


@lists
def test_where_there_is_much_garbage_the_threshold_stays_low() -> None:
    first = gc.get_threshold()[0]
    heap = [[n] for n in range(300_000)]
    with Growth(0.1):
        more = [[n] for n in range(100_000)]
        assert gc.get_threshold()[0] > first
        for _ in range(100_000):
            node: list[object] = []
            node.append(node)
        assert gc.get_threshold()[0] == first
    assert len(heap) + len(more) == 400_000


@lists
def test_a_collector_that_was_turned_off_stays_off() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with Growth():
            gc.collect()
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


@lists
def test_collections_come_at_the_end_of_requests_and_not_within() -> None:
    within: list[int] = []
    after: list[int] = []
    serving = False
    heap: list[list[int]] = []

    def called(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            (within if serving else after).append(info["generation"])

    gc.callbacks.append(called)
    try:
        with Budget(pause=1.0) as budget:
            for _ in range(30):
                with budget.request():
                    serving = True
                    heap += [[n] for n in range(5000)]
                    serving = False
    finally:
        gc.callbacks.remove(called)
    assert len(heap) == 30 * 5000
    assert within == []
    assert len(after) >= 30 - 1
    assert sum(budget.runs) == len(after)


@lists
def test_a_request_that_allocates_without_end_is_collected_within() -> None:
    with Budget(most=10_000) as budget, budget.request():
        before = gc.get_stats()[0]["collections"]
        heap = [[n] for n in range(100_000)]
        assert gc.get_stats()[0]["collections"] > before + 5
    assert len(heap) == 100_000


@lists
def test_what_does_not_fit_the_budget_is_postponed() -> None:
    gc.collect()
    with Budget(pause=1e-9) as budget:
        for _ in range(3):
            with budget.request():
                heap = [[n] for n in range(5000)]
    assert len(heap) == 5000
    assert budget.runs == [0, 0, 0]
    assert budget.postponed >= 3


@lists
def test_only_when_the_last_of_several_requests_has_ended_it_collects() -> None:
    with Budget(pause=1.0) as budget:
        other = budget.request()
        other.__enter__()
        with budget.request():
            heap = [[n] for n in range(5000)]
        assert budget.runs == [0, 0, 0]
        other.__exit__(None, None, None)
        assert sum(budget.runs) == 1
    assert len(heap) == 5000


@lists
def test_a_wsgi_application_is_served_within_a_request() -> None:
    seen: list[int] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        seen.append(budget._serving)
        yield b"hello"
        seen.append(budget._serving)

    with Budget() as budget:
        served = budget.wsgi(application)
        assert list(served({}, lambda *_: None)) == [b"hello"]
        assert seen == [1, 1]
        assert budget._serving == 0


@lists
def test_an_asgi_application_is_served_within_a_request_and_its_lifespan_is_none() -> None:
    seen: list[tuple[str, int]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append((scope["type"], budget._serving))

    async def main() -> None:
        served = budget.asgi(application)
        await asyncio.gather(*(served({"type": kind}, None, None) for kind in ("http", "lifespan")))

    with Budget() as budget:
        asyncio.run(main())
        assert budget._serving == 0
    assert sorted(seen) == [("http", 1), ("lifespan", 0)]


def test_a_treatment_is_started_once() -> None:
    for kind in (Growth, Budget):
        with kind() as treatment, pytest.raises(RuntimeError, match="already"):
            treatment.start()
        treatment.stop()


def test_nonsense_is_refused() -> None:
    for nonsense in (
        lambda: Growth(0),
        lambda: Growth(most=0),
        lambda: Budget(0),
        lambda: Budget(most=0),
    ):
        with pytest.raises(ValueError, match="positive"):
            nonsense()


def test_the_module_is_reached_by_its_public_name() -> None:
    assert "collector" in dir(wadjet)
    assert wadjet.collector.freeze is freeze
    with wadjet.collector.trace() as recording:
        threading.Thread(target=gc.collect).start()
    assert recording.profile.metric_index("gc-pause") > 0


def run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
