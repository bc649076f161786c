"""Profiles to test with: a realistic one, a huge one, and any at all.

``realistic()`` looks like what `wadjet run` records; ``huge()`` has as many distinct stacks
as a viewer must bear; ``profiles()`` is a hypothesis strategy for everything a recording
may legally hold, names with newlines and nodes of -1 among it.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

from hypothesis import strategies as st

from wadjet.model.profile import (
    NO_NODE,
    CallTree,
    Fact,
    Function,
    Metric,
    Process,
    Profile,
    Samples,
    State,
    Thread,
    TreeBuilder,
)

WALL = Metric("wall", "ns", "Wall time")
CPU = Metric("cpu", "ns", "CPU time")
METRICS = (WALL, CPU)

WALL_PERIOD = 10_000_000
CPU_PERIOD = 1_000_000

ABOUT: dict[str, Fact] = {
    "wadjet": "0.1.0",
    "python": "3.11.7",
    "implementation": "cpython",
    "command": ["python", "shop.py", "--orders", "500"],
    "cwd": "/srv/shop",
    "host": "marlin",
    "platform": "linux-x86_64",
    "cpus": 4,
    "started": 1_700_000_000.25,
    "clocks": {
        "cpu": {"engine": "perf", "rate": 1000, "why": "the kernel permits perf events"},
        "wall": {"engine": "thread", "rate": 100, "why": ""},
    },
    "notes": [],
    "counts": {"cpu": 0, "wall": 0, "dropped": 0},
    "complete": True,
    "exit": 0,
}


@dataclass(slots=True)
class Rows:
    """Samples in the making; ``profile()`` sorts them by time."""

    tree: TreeBuilder = field(default_factory=TreeBuilder)
    rows: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)

    def stack(self, frames: Iterable[tuple[Function, int]]) -> int:
        """Return the node of a stack given root first; -1 for no frame."""
        node = NO_NODE
        for function, line in frames:
            node = self.tree.node(node, function, line)
        return node

    def wall(
        self, time: int, thread: int, node: int, state: State, holder: int, value: int = WALL_PERIOD
    ) -> None:
        """Add a wall sample."""
        self.rows.append((time, thread, node, state, holder, value, 0))

    def cpu(self, time: int, thread: int, node: int, state: State, value: int = CPU_PERIOD) -> None:
        """Add a CPU sample; a thread that runs with the GIL holds it."""
        holder = thread if state is State.RUN_GIL else -1
        self.rows.append((time, thread, node, state, holder, 0, value))

    def profile(
        self,
        processes: Sequence[Process],
        threads: Sequence[Thread],
        about: dict[str, Fact] | None = None,
        sources: dict[str, str] | None = None,
    ) -> Profile:
        """Return the profile of all rows."""
        self.rows.sort(key=lambda row: row[0])
        columns = list(zip(*self.rows, strict=True)) or [()] * 7
        time, thread, node, state, holder, wall, cpu = (
            array(code, column) for code, column in zip("qiibiqq", columns, strict=True)
        )
        return Profile(
            metrics=METRICS,
            processes=tuple(processes),
            threads=tuple(threads),
            tree=self.tree.build(),
            samples=Samples(time, thread, node, state, holder, (wall, cpu)),
            about=about or {},
            sources=sources or {},
        )


def empty() -> Profile:
    """Return a recording in which nothing was ever sampled."""
    tree = CallTree((), *(array("i") for _ in range(4)))
    none = Samples(array("q"), array("i"), array("i"), array("b"), array("i"), (array("q"),) * 2)
    return Profile(METRICS, (), (), tree, none)


SHOP = """\
import json
import threading
import zlib


def parse(text):
    order = json.loads(text)
    total = 0
    for line in order["lines"]:
        total += line["price"] * line["count"]
    return total


def pack(blob):
    return zlib.compress(blob, 9)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
"""

_THREAD = "/usr/lib/python3.11/threading.py"
_BOOT = (Function("Thread._bootstrap", _THREAD, 995), 995)
_INNER = (Function("Thread._bootstrap_inner", _THREAD, 1020), 1038)
_RUN = (Function("Thread.run", _THREAD, 967), 975)
_MAIN = (Function("<module>", "/srv/shop/shop.py", 1), 60)
_SERVE = (Function("Shop.serve", "/srv/shop/shop.py", 40), 44)
_PARSE = Function("parse", "/srv/shop/shop.py", 6)
_LOADS = (Function("loads", "/usr/lib/python3.11/json/__init__.py", 299), 346)
_RAW = (Function("JSONDecoder.raw_decode", "/usr/lib/python3.11/json/decoder.py", 343), 353)
_PACK = (Function("pack", "/srv/shop/shop.py", 14), 15)
_DEFLATE = (Function("deflate", "/usr/lib/libz.so.1", 0, "native"), 0)
_MATCH = (Function("longest_match", "/usr/lib/libz.so.1", 0, "native"), 0)
_FIB = (Function("fib", "/srv/shop/shop.py", 18), 19)
_WAIT = (Function("Condition.wait", _THREAD, 288), 320)
_JOIN = (Function("Thread.join", _THREAD, 1080), 1112)
_LOOP = (
    Function("BaseEventLoop.run_forever", "/usr/lib/python3.11/asyncio/base_events.py", 588),
    607,
)
_TASK = (Function("task fetch-3", "", 0, "task"), 0)
_FETCH = (Function("fetch", "/srv/shop/client.py", 10), 14)


def _work(kind: str, chance: random.Random) -> list[tuple[Function, int]]:
    if kind == "parse":
        line = chance.choice([7, 9, 10, 10])
        tail = [_LOADS, _RAW] if line == 7 else []
        return [_SERVE, (_PARSE, line), *tail]
    if kind == "pack":
        return [_SERVE, _PACK, _DEFLATE, *([_MATCH] if chance.random() < 0.7 else [])]
    if kind == "fib":
        return [_SERVE, *[_FIB] * chance.randint(2, 12)]
    if kind == "fetch":
        return [_LOOP, _TASK, _FETCH]
    return [_SERVE, _WAIT]


_STATES = {
    "parse": [State.RUN_GIL, State.RUN_GIL, State.WAIT_GIL, State.WAIT_GIL, State.RUNNABLE],
    "fib": [State.RUN_GIL, State.WAIT_GIL, State.WAIT_GIL],
    "pack": [State.RUN_NATIVE, State.RUN_NATIVE, State.RUN_NATIVE, State.RUNNABLE],
    "fetch": [State.BLOCKED, State.BLOCKED, State.BLOCKED, State.RUN_GIL],
    "wait": [State.BLOCKED],
}


def realistic(seconds: float = 2.0, seed: int = 1) -> Profile:
    """Return what `wadjet run --children shop.py` might record.

    Two processes whose main threads have equal names; workers that parse (contending for
    the GIL), recurse, compress in native code and wait; a thread without a Python frame.
    """
    return deepcopy(_realistic(seconds, seed))


@cache
def _realistic(seconds: float, seed: int) -> Profile:
    chance = random.Random(seed)
    end = int(seconds * 1e9)
    names = [("MainThread", 0), ("worker-1", 0), ("worker-2", 0), ("packer", 0), ("io", 0)]
    names += [("grpc-poller", 0), ("MainThread", 1)]
    threads = [
        Thread(name, 4242 + number + 1000 * process, process, process * end // 4, end)
        for number, (name, process) in enumerate(names)
    ]
    made = Rows()
    for number, thread in enumerate(threads):
        _live(made, chance, number, thread)
    processes = [
        Process(4242, 1, "python shop.py --orders 500", 0, end, 0),
        Process(
            5248, 4242, "python -c 'from multiprocessing.spawn import spawn_main'", end // 4, end
        ),
    ]
    wall = sum(1 for row in made.rows if row[5])
    counts: Fact = {"wall": wall, "cpu": len(made.rows) - wall, "dropped": 0}
    return made.profile(
        processes, threads, {**ABOUT, "counts": counts}, {"/srv/shop/shop.py": SHOP}
    )


def _live(made: Rows, chance: random.Random, number: int, thread: Thread) -> None:
    """Add a thread's life: bursts of one kind of work, a tenth to half a second each."""
    jobs = {
        "MainThread": ["wait", "wait", "fib"],
        "worker-1": ["parse", "parse", "fib"],
        "worker-2": ["parse", "wait"],
        "packer": ["pack", "pack", "wait"],
        "io": ["fetch"],
        "grpc-poller": ["none"],
    }[thread.name]
    root = [_MAIN] if thread.name == "MainThread" else [_BOOT, _INNER, _RUN]
    when = thread.started + chance.randrange(WALL_PERIOD)
    kind, until = jobs[0], when
    while when < thread.ended:
        if when >= until:
            kind, until = chance.choice(jobs), when + chance.randrange(10**8, 5 * 10**8)
        if kind == "none":
            made.wall(when, number, NO_NODE, State.BLOCKED, -1)
        else:
            _tick(made, chance, number, when, kind, root)
        when += WALL_PERIOD


def _tick(
    made: Rows,
    chance: random.Random,
    number: int,
    when: int,
    kind: str,
    root: list[tuple[Function, int]],
) -> None:
    """Add one wall sample and, where the thread runs, the CPU samples until the next."""
    state = chance.choice(_STATES[kind])
    other = 2 if number == 1 else 1  # the two workers take the GIL from each other
    holder = {State.RUN_GIL: number, State.WAIT_GIL: other}.get(state, -1)
    made.wall(when, number, made.stack([*root, *_work(kind, chance)]), state, holder)
    if state in (State.RUN_GIL, State.RUN_NATIVE):
        for tick in range(0, WALL_PERIOD, CPU_PERIOD):
            node = made.stack([*root, *_work(kind, chance)])
            made.cpu(when + tick, number, node, state)


def huge(stacks: int = 100_000, samples: int = 200_000, threads: int = 8, seed: int = 1) -> Profile:
    """Return a profile with ``stacks`` distinct stacks, up to some 60 frames deep."""
    return deepcopy(_huge(stacks, samples, threads, seed))


@cache
def _huge(stacks: int, samples: int, threads: int, seed: int) -> Profile:
    chance = random.Random(seed)
    functions = [Function(f"function_{n}", f"/srv/big/module_{n % 50}.py", n) for n in range(2000)]
    made = Rows()
    nodes = [made.tree.node(NO_NODE, functions[0], 1)]
    depth = [1]
    while len(nodes) < stacks:
        at = chance.randrange(max(0, len(nodes) - 5000), len(nodes))
        if depth[at] < 60:
            line = chance.randrange(1, 500)
            node = made.tree.node(nodes[at], chance.choice(functions), line)
            if node == len(nodes):
                nodes.append(node)
                depth.append(depth[at] + 1)
    for number in range(samples):
        node = nodes[number] if number < stacks else chance.choice(nodes)
        state = State(chance.randrange(1, 6))
        if state <= State.RUN_NATIVE and number % 2:
            made.cpu(number * 10_000, number % threads, node, state)
        else:
            made.wall(number * 10_000, number % threads, node, state, -1)
    end = samples * 10_000
    return made.profile(
        [Process(4242, 1, "python big.py", 0, end, 0)],
        [Thread(f"worker-{n}", 4242 + n, 0, 0, end) for n in range(threads)],
        dict(ABOUT),
    )


_NAMES = st.text(max_size=8) | st.sampled_from(
    [
        "main",
        "<module>",
        "λ.été",
        "a;b",
        "a\nb",
        "a\rb",
        "a b",
        "",
        "fn=(1) x",
        "x\0y",
        '"<&>\\',
        "🐍",
    ]
)
_FUNCTIONS = st.builds(
    Function,
    name=_NAMES,
    file=_NAMES,
    line=st.integers(0, 2**31 - 1),
    kind=st.sampled_from(["python", "native", "task"]),
)
_FRAMES = st.tuples(_FUNCTIONS, st.integers(0, 2**31 - 1))
_TIMES = st.integers(0, 10**13)


@st.composite
def profiles(draw: st.DrawFn, *, max_samples: int = 20) -> Profile:
    """Draw any legal profile with the metrics wall and cpu."""
    processes = draw(st.lists(_processes(), min_size=1, max_size=3))
    threads = draw(st.lists(_threads(len(processes)), max_size=4))
    frames = draw(st.lists(_FRAMES, min_size=1, max_size=6))
    made = Rows()
    stacks = st.lists(st.sampled_from(frames), max_size=8)
    count = draw(st.integers(0, max_samples)) if threads else 0
    for _ in range(count):
        node = made.stack(draw(stacks))
        thread = draw(st.integers(0, len(threads) - 1))
        state = draw(st.sampled_from(State))
        value = draw(st.integers(1, 10**10))
        time = draw(_TIMES)
        if draw(st.booleans()):
            holder = draw(st.integers(-1, len(threads) - 1))
            made.wall(time, thread, node, state, holder, value)
        else:
            made.cpu(time, thread, node, state, value)
    about = draw(st.sampled_from([{}, ABOUT]))
    return made.profile(processes, threads, about)


def _processes() -> st.SearchStrategy[Process]:
    return st.builds(
        Process,
        pid=st.integers(1, 3),
        parent=st.integers(0, 3),
        command=_NAMES,
        started=_TIMES,
        ended=_TIMES,
        status=st.none() | st.integers(-64, 255),
    )


def _threads(processes: int) -> st.SearchStrategy[Thread]:
    return st.builds(
        Thread,
        name=_NAMES,
        tid=st.integers(0, 3),
        process=st.integers(0, processes - 1),
        started=_TIMES,
        ended=_TIMES,
        cpu=st.integers(0, 10**13),
    )
