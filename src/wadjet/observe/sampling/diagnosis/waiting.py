"""Rules about time in which threads did not run: the GIL, locks, cores, and the world."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import State
from wadjet.model.units import duration, percent, plural
from wadjet.observe.sampling.diagnosis.evidence import STALL, Evidence, Life
from wadjet.observe.sampling.diagnosis.waits import Cause, cause

GIL_WAIT = 0.10
"""A thread waits for the GIL if it surely does so for this part of its life."""

GIL_WAIT_SERIOUS = 0.25
"""From here on waiting for the GIL is a warning."""

TOLD = 0.10
"""Who held the GIL is told from this part of the waiting on."""

STUCK = 0.20
"""It is told from this part on that the holder of the GIL had no core itself."""

STALLED = 0.02
"""Such waits matter from this part of the recording on."""

STARVED = 0.10
"""A thread lacks a core if it surely was runnable, not running, for this part of its life."""

LOCKED = 0.10
"""A lock is fought for if a thread surely waits there for this part of its life."""

WAITING = 0.60
"""A program mostly waits if its main thread surely is blocked for this part of its life."""

BUSY = 0.50
"""A program that uses this much of a core is not waiting, whatever its main thread does."""

WORTH = 200_000_000
"""Waits that add up to less than this (ns) are not worth anyone's time."""


def gil_contention(evidence: Evidence) -> Iterator[Finding]:
    """Who waits for the GIL, and who holds it.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("wall", "ns", "Wall time")])
    >>> for tick in range(0, 10**9, 10**7):
    ...     waits = State.WAIT_GIL if tick % 10**8 < 6 * 10**7 else State.RUN_GIL
    ...     _ = recording.sample(
    ...         ["work app.py:9"], thread="worker-3", time=tick, state=waits, holder="main",
    ...         wall=10**7
    ...     ).sample(["parse app.py:41"], thread="main", time=tick, wall=10**7)
    >>> [found] = gil_contention(Evidence(recording.build()))
    >>> found.message
    '60 % of the time thread `worker-3` waited for the GIL, held mostly by `parse` (app.py:41).'
    """
    victims = [
        life
        for life in evidence.lives.values()
        if life.share(State.WAIT_GIL).low >= GIL_WAIT and life.states[State.WAIT_GIL] >= WORTH
    ]
    if not victims:
        return
    victims.sort(key=lambda life: -life.states[State.WAIT_GIL])
    worst = victims[0]
    share = worst.share(State.WAIT_GIL).value
    waiters = {life.thread for life in victims}
    held, related = _holders(evidence, waiters)
    lacked = sum(evidence.contention.lacked[thread] for thread in waiters)
    waited = sum(evidence.contention.blame[thread].total() for thread in waiters)
    stuck = lacked / waited if waited else 0.0
    no_core = f" Meanwhile the holder had no core {percent(stuck)} of the time."
    yield Finding(
        rule="gil-contention",
        level=Level.WARNING if share >= GIL_WAIT_SERIOUS else Level.NOTE,
        message=f"{percent(share)} of the time thread {evidence.thread(worst.thread)} waited "
        f"for the GIL{held}.{_companions(victims[1:], State.WAIT_GIL)}"
        + (no_core if stuck >= STUCK else ""),
        place=related[0] if related else None,
        related=tuple(related[1:]),
        treatment=_GIL_NO_CORE if stuck >= 0.5 else _gil_treatment(held, related),
        weight=share,
    )


_GIL_NO_CORE = (
    "First see to it that the program has its cores: what else runs on the machine, and are "
    "there more busy threads than cores?"
)


def _gil_treatment(held: str, holders: list[Place]) -> str:
    work = f"`{holders[0].label}`" if "mostly" in held else "the work"
    return (
        f"Threads take turns at Python code, so more of them do not help: run {work} in "
        "processes (`concurrent.futures.ProcessPoolExecutor`), or make it cheaper."
    )


def _holders(evidence: Evidence, waiters: set[int]) -> tuple[str, list[Place]]:
    """Say who held the GIL meanwhile: words for the message, and the places."""
    nodes: Counter[int] = Counter()
    for waiter in waiters:
        nodes.update(evidence.contention.blame[waiter])
    whole = nodes.total()
    functions: Counter[int] = Counter()
    places: defaultdict[int, Counter[Place]] = defaultdict(Counter)
    for node, value in nodes.items():
        if node >= 0:
            function = evidence.profile.tree.function_of(_blamed(evidence, node))
            functions[function] += value
            places[function][evidence.place(_blamed(evidence, node))] += value
    top = [(number, value) for number, value in functions.most_common(3) if value >= TOLD * whole]
    best = [places[number].most_common(1)[0][0] for number, _ in top]
    if not top:
        return "", []
    if top[0][1] >= 0.5 * whole:
        return f", held mostly by {evidence.named(best[0])}", best
    shares = [
        f"{evidence.named(place)} {percent(value / whole)}"
        for place, (_, value) in zip(best, top, strict=True)
    ]
    return f", held by {', '.join(shares)} of that", best


def _blamed(evidence: Evidence, node: int) -> int:
    """Return the frame that a reader would blame: the nearest one of the program's own."""
    return evidence.own[node] if evidence.own[node] >= 0 else node


def _companions(lives: list[Life], state: State) -> str:
    """Say how many other threads fared alike."""
    if not lives:
        return ""
    shares = [life.share(state).value for life in lives]
    low, high = percent(min(shares)), percent(max(shares))
    amount = low if low == high else f"{low.removesuffix(' %')} to {high}"
    return f" So did {plural(len(lives), 'other thread')} ({amount})."


def long_gil_hold(evidence: Evidence) -> Iterator[Finding]:
    """C code that keeps the GIL, seen as threads that wait long for one holder.

    Python code lets the GIL go when it is asked to, after 5 ms. Where a thread is seen
    waiting for the same holder again and again, and no other thread has had a turn in
    between, the holder was inside a C call that does not let go.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("wall", "ns", "Wall time"), Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(0, 10**9, 10**7):
    ...     _ = recording.sample(
    ...         ["serve app.py:9"], thread="io", time=tick, state=State.WAIT_GIL, holder="main",
    ...         wall=10**7
    ...     ).sample(["rank app.py:52"], thread="main", time=tick, cpu=10**7)
    >>> [found] = long_gil_hold(Evidence(recording.build()))
    >>> found.message
    '`rank` (app.py:52) kept the GIL for up to 1.00 s at a time without a break; others waited.'
    """
    span = evidence.profile.duration
    worth = max(WORTH, STALLED * span)
    if all(life.states.get(State.WAIT_GIL, 0) < worth for life in evidence.lives.values()):
        return
    holds = [hold for hold in evidence.contention.holds if hold.kept.total() >= STALL]
    blocked = sum(hold.kept.total() for hold in holds)
    if not holds or blocked < worth:
        return
    nodes: Counter[int] = Counter()
    longest: Counter[int] = Counter()
    for hold in holds:
        node = _blamed(evidence, hold.kept.most_common(1)[0][0])
        nodes[node] += hold.kept.total()
        longest[node] = max(longest[node], hold.kept.total())
    worst = nodes.most_common(1)[0][0]
    place = evidence.place(worst)
    code = evidence.text(place)
    yield Finding(
        rule="long-gil-hold",
        level=Level.WARNING,
        message=f"{evidence.named(place)} kept the GIL for up to {duration(longest[worst])} "
        "at a time without a break; others waited.",
        place=place,
        treatment="Python code lets go every 5 ms, so this is C code that does not"
        + (f": split `{code}` into smaller calls" if code else ": make smaller calls")
        + ", or run it in a process. `wadjet run --native` names the C function.",
        weight=min(1.0, blocked / span) if span else 0.0,
    )


def no_core(evidence: Evidence) -> Iterator[Finding]:
    """Threads that could run, but find no core free.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("wall", "ns", "Wall time")])
    >>> for tick in range(0, 10**9, 10**7):
    ...     state = State.RUNNABLE if tick % 10**8 < 4 * 10**7 else State.RUN_NATIVE
    ...     _ = recording.sample(["pack app.py:9"], time=tick, state=state, wall=10**7)
    >>> [found] = no_core(Evidence(recording.build(cpus=2)))
    >>> found.message
    'Thread `MainThread` was ready to run but found no core free 40 % of the time (2 cores).'
    """
    starved = [
        life
        for life in evidence.lives.values()
        if life.share(State.RUNNABLE).low >= STARVED and life.states[State.RUNNABLE] >= WORTH
    ]
    if not starved:
        return
    starved.sort(key=lambda life: -life.states[State.RUNNABLE])
    share = starved[0].share(State.RUNNABLE).value
    cpus = evidence.profile.about.get("cpus")
    cores = f" ({plural(cpus, 'core')})" if isinstance(cpus, int) else ""
    yield Finding(
        rule="no-core",
        level=Level.WARNING if share >= 2 * STARVED else Level.NOTE,
        message=f"Thread {evidence.thread(starved[0].thread)} was ready to run but found no "
        f"core free {percent(share)} of the time{cores}."
        + _companions(starved[1:], State.RUNNABLE),
        treatment="Run fewer threads at once than there are cores, or give the program more "
        "cores; see what else runs on the machine.",
        weight=share,
    )


def _blocked(evidence: Evidence) -> dict[int, Counter[int]]:
    """Return for each thread its blocked time by node, in ns."""
    rows = evidence.wall
    table: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for thread, node, state, value in zip(
        rows.thread, rows.node, rows.state, rows.value, strict=True
    ):
        if state == State.BLOCKED and node >= 0:
            table[thread][node] += value
    return table


def lock_contention(evidence: Evidence) -> Iterator[Finding]:
    r"""Threads that wait for a lock of the program's own.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from dataclasses import replace
    >>> recording = Builder([Metric("wall", "ns", "Wall time")])
    >>> for tick in range(0, 10**9, 10**7):
    ...     state = State.BLOCKED if tick % 10**8 < 4 * 10**7 else State.RUN_GIL
    ...     _ = recording.sample(["put store.py:2"], time=tick, state=state, wall=10**7)
    >>> text = "def put(self, item):\n    with self.lock:\n"
    >>> profile = replace(recording.build(), sources={"store.py": text})
    >>> [found] = lock_contention(Evidence(profile))
    >>> found.message
    'Thread `MainThread` waited 40 % of the time for a lock at `put` (store.py:2).'
    """
    places: defaultdict[Place, Counter[int]] = defaultdict(Counter)
    for thread, nodes in _blocked(evidence).items():
        for node, value in nodes.items():
            if cause(evidence, node) is Cause.LOCK:
                places[evidence.place(_blamed(evidence, node))][thread] += value
    for place, threads in places.items():
        thread, value = threads.most_common(1)[0]
        life = evidence.lives[thread]
        share = life.share_of(value)
        if share.low >= LOCKED and sum(threads.values()) >= WORTH:
            others = len(threads) - 1
            yield Finding(
                rule="lock-contention",
                level=Level.WARNING,
                message=f"Thread {evidence.thread(thread)} waited {percent(share.value)} of the "
                f"time for a lock at {evidence.named(place)}."
                + (f" {plural(others, 'other thread')} waited there too." if others else ""),
                place=place,
                treatment="Hold the lock for less: do the work before it is taken, and only "
                "exchange the result under it.",
                weight=share.value,
            )


_CURES = {
    Cause.NETWORK: "Overlap the requests (a thread pool, or asyncio) and reuse connections.",
    Cause.SLEEP: "It sleeps on purpose: wait for an event instead, or for less.",
    Cause.CHILD: "Record the child process too: `wadjet run --children`.",
    Cause.PROCESS: "Record the other process too: `wadjet run --children`.",
    Cause.LOCK: "Hold the lock for less, or look at who holds it.",
    Cause.FILE: "Write less often, or in a thread beside the work.",
    Cause.THREADS: "Look at the threads it waits for.",
    Cause.WORK: "Record it under load: an idle program has nothing to show.",
    Cause.SOMETHING: "`wadjet show --metric wall --state blocked FILE` lists where it waits.",
}
_PEACEFUL = (Cause.WORK, Cause.SLEEP)


def mostly_waiting(evidence: Evidence) -> Iterator[Finding]:
    """A program that waits for the world more than it works.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("wall", "ns", "Wall time")])
    >>> for tick in range(0, 10**9, 10**7):
    ...     stack = ["fetch app.py:12", "SocketIO.readinto /usr/lib/python3.11/socket.py:706"]
    ...     _ = recording.sample(stack, time=tick, state=State.BLOCKED, wall=10**7)
    >>> [found] = mostly_waiting(Evidence(recording.build()))
    >>> found.message
    'Thread `MainThread` waited 100 % of the time for the network, mostly in `fetch` (app.py:12).'
    """
    if not evidence.lives or evidence.busy >= BUSY:
        return
    blocked = _blocked(evidence)
    thread = _awaited(evidence, blocked)
    causes: Counter[Cause] = Counter()
    places: defaultdict[Cause, Counter[Place]] = defaultdict(Counter)
    for node, value in blocked.get(thread, Counter()).items():
        kind = cause(evidence, node)
        causes[kind] += value
        places[kind][evidence.place(_blamed(evidence, node))] += value
    if not causes:
        return
    kind, value = causes.most_common(1)[0]
    share = evidence.lives[thread].share_of(value)
    if share.low < WAITING or value < WORTH or kind is Cause.LOCK:
        return
    place, most = places[kind].most_common(1)[0]
    where = f", mostly in {evidence.named(place)}" if most >= 0.5 * value else ""
    yield Finding(
        rule="mostly-waiting",
        level=Level.NOTE if kind in _PEACEFUL else Level.WARNING,
        message=f"Thread {evidence.thread(thread)} waited {percent(share.value)} of the time"
        + (f" {kind.value}" if kind.value else "")
        + f"{where}.",
        place=place,
        treatment=_CURES[kind],
        weight=share.value,
    )


def _awaited(evidence: Evidence, blocked: dict[int, Counter[int]]) -> int:
    """Return the thread whose waits hold the program up.

    That is the first one, unless it only waits for others: then it is the one of them
    that waits longest for anything but work.
    """
    first = min(evidence.lives)

    def toll(thread: int) -> int:
        idle = (Cause.WORK, Cause.THREADS)
        nodes = blocked.get(thread, Counter())
        return sum(value for node, value in nodes.items() if cause(evidence, node) not in idle)

    others = [thread for thread in blocked if thread != first]
    mine = sum(blocked.get(first, Counter()).values())
    if not others or toll(first) >= 0.5 * mine:
        return first
    longest = max(others, key=toll)
    return longest if toll(longest) > toll(first) else first
