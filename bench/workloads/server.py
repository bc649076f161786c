"""A server that holds a large catalogue: requests make cycles, and sessions leave a cache.

python bench/workloads/server.py [--treatment freeze] [--objects N] [--requests N] [--report FILE]
"""

from __future__ import annotations

import contextlib
import gc
import resource
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager

import meter

CACHED = 20_000
STEPS = 10


class Session:
    """Knows its steps, and they know it: the collector has to free it."""

    def __init__(self, user: int) -> None:
        self.user = user
        self.steps = [Step(self, number) for number in range(3)]


class Step:
    __slots__ = ("number", "session")

    def __init__(self, session: Session, number: int) -> None:
        self.session = session
        self.number = number


class Server:
    def __init__(self, objects: int) -> None:
        self.catalogue = {number: (number, [number]) for number in range(objects // 2)}
        self.cache: OrderedDict[int, Session] = OrderedDict()

    def answer(self, request: int) -> int:
        """Look things up, leave a session behind, and drop the oldest."""
        found = 0
        for step in range(STEPS):
            session = Session(request)
            found += self.catalogue[(request * STEPS + step) % len(self.catalogue)][0]
        self.cache[request] = session
        if len(self.cache) > CACHED:
            self.cache.popitem(last=False)
        return found


def treatment(name: str) -> AbstractContextManager[object]:
    """Start a treatment; what is returned ends it."""
    if name == "none":
        return contextlib.nullcontext()
    from wadjet import collector

    if name == "freeze":
        collector.freeze()
        return contextlib.nullcontext()
    start: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "grow": collector.grow,
        "budget": collector.budget,
        "concurrent": collector.concurrent,
    }
    return start[name]()


def serve(server: Server, requests: int, treated: object) -> array[int]:
    """Answer all requests; return the ns that each took."""
    latency = array("q", bytes(8 * requests))
    between = getattr(treated, "request", contextlib.nullcontext)
    for request in range(requests):
        with between():
            start = time.perf_counter_ns()
            server.answer(request)
            latency[request] = time.perf_counter_ns() - start
    return latency


class Stops:
    """Times the runs of the collector, as a callback of it."""

    longest = 0
    start = 0

    def __call__(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self.start = time.perf_counter_ns()
        else:
            self.longest = max(self.longest, time.perf_counter_ns() - self.start)


def main() -> None:
    parser = meter.arguments(__doc__)
    names = ["none", "freeze", "grow", "budget", "concurrent"]
    parser.add_argument("--treatment", choices=names, default="none")
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=150_000)
    args = parser.parse_args()
    gc.disable()
    server = Server(args.objects)
    gc.enable()
    gc.collect()
    stops = Stops()
    with treatment(args.treatment) as treated, meter.measured(args.report) as facts:
        gc.callbacks.append(stops)
        full = gc.get_stats()[2]["collections"]
        latency = sorted(serve(server, args.requests, treated))
        outcomes = getattr(treated, "outcomes", ())
        facts |= {
            "longest": latency[-1] / 1e9,
            "p99": latency[len(latency) * 99 // 100] / 1e9,
            "pause": max(stops.longest, *(each.longest for each in outcomes), 0) / 1e9,
            "full": gc.get_stats()[2]["collections"] - full,
            "concurrent": sum(not each.failure for each in outcomes),
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        gc.callbacks.remove(stops)


if __name__ == "__main__":
    main()
