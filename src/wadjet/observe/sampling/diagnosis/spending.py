"""Rules about CPU time: where it goes, and known ways to spend too much of it."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator

from wadjet.model.collection import is_traced
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.origin import shown
from wadjet.model.profile import NO_NODE
from wadjet.model.units import duration, percent, plural
from wadjet.observe.sampling.diagnosis.evidence import Evidence
from wadjet.observe.sampling.diagnosis.habits import HABITS

WORTH = 200_000_000
"""What costs less than this (ns) is not worth anyone's time."""

HOT_LINE = 0.30
"""A line is hot if it, with the library code it calls, surely takes this much of the CPU."""

HOT_FUNCTION = 0.40
"""The same for a function whose cost is spread over its lines."""

SERIOUS = 0.60
"""From here on a hot place is a warning."""

HABIT = 0.07
"""A known bad habit matters if it surely takes this much of the CPU time."""

IMPORTS = 0.15
"""Imports matter if they surely take this much of the run."""

COLLECTOR = 0.05
"""Garbage collection matters if it surely takes this much of the CPU time."""

DEEP = 150
"""A stack of more frames than this is deep."""

DEEP_SHARE = 0.05
"""Deep stacks matter if they surely take this much of the CPU time."""

MANY_THREADS = 30
"""So many short threads are too many."""

SHORT = 50_000_000
"""A thread is short if it lived less than this (ns)."""


def hot_line(evidence: Evidence) -> Iterator[Finding]:
    """One line of the program, with the library code it calls, takes much of the CPU time.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(1000):
    ...     stack = ["main app.py:9", f"parse app.py:{41 if tick % 10 < 6 else 44}"]
    ...     _ = recording.sample(stack, time=tick * 10**6, cpu=10**6)
    >>> [found] = hot_line(Evidence(recording.build()))
    >>> print(found.message)
    60 % of the CPU time goes through one line: `parse` (app.py:41).
    >>> print(found.treatment.partition(". ")[0])
    Start here: were this line twice as fast, the program would use 30 % less CPU time
    """
    hottest = _hottest_line(evidence)
    if hottest is None:
        return
    place, value = hottest
    share = evidence.cpu_share(value)
    code = evidence.text(place)
    yield Finding(
        rule="hot-line",
        level=Level.WARNING if share.low >= SERIOUS else Level.NOTE,
        message=f"{percent(share.value)} of the CPU time goes through one line: "
        f"{evidence.named(place)}" + (f", `{code}`." if code else "."),
        place=place,
        treatment=f"Start here: were this line twice as fast, the program would use "
        f"{percent(share.value / 2)} less CPU time. `wadjet show --tree --focus "
        f"{place.label.rpartition('.')[2]} FILE` shows what it calls.",
        weight=share.value,
    )


def _hottest_line(evidence: Evidence) -> tuple[Place, int] | None:
    """Return the hot line and its CPU time, if there is one."""
    lines: Counter[tuple[int, int]] = Counter()
    tree = evidence.profile.tree
    for node, value in evidence.cpu_by_own_node.items():
        lines[tree.function_of(node), tree.line_of(node)] += value
    if not lines:
        return None
    (number, line), value = lines.most_common(1)[0]
    if value < WORTH or evidence.cpu_share(value).low < HOT_LINE:
        return None
    function = tree.functions[number]
    return Place(function.file, line, function.name), value


def hot_function(evidence: Evidence) -> Iterator[Finding]:
    """One function takes much of the CPU time, over several lines.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(1000):
    ...     stack = ["main app.py:9", f"parse app.py:{41 + tick % 5}"] if tick % 10 < 7 else []
    ...     _ = recording.sample(stack, time=tick * 10**6, cpu=10**6)
    >>> [found] = hot_function(Evidence(recording.build()))
    >>> found.message
    '70 % of the CPU time is spent in `parse` (app.py:41), over 5 lines.'
    """
    if _hottest_line(evidence) is not None:
        return
    functions: defaultdict[int, Counter[int]] = defaultdict(Counter)
    tree = evidence.profile.tree
    for node, value in evidence.cpu_by_own_node.items():
        functions[tree.function_of(node)][tree.line_of(node)] += value
    sums = {number: sum(lines.values()) for number, lines in functions.items()}
    number = max(sums, key=sums.__getitem__, default=None)
    if number is None or sums[number] < WORTH:
        return
    share = evidence.cpu_share(sums[number])
    if share.low < HOT_FUNCTION:
        return
    function, lines = tree.functions[number], functions[number]
    place = Place(function.file, function.line or min(lines), function.name)
    yield Finding(
        rule="hot-function",
        level=Level.WARNING if share.low >= SERIOUS else Level.NOTE,
        message=f"{percent(share.value)} of the CPU time is spent in {evidence.named(place)}, "
        f"over {plural(len(lines), 'line')}.",
        place=place,
        related=tuple(Place(function.file, line) for line, _ in lines.most_common(3)),
        treatment=f"`wadjet show --by line --focus {function.name.rpartition('.')[2]} FILE` "
        "shows its lines; a better algorithm gains more than tuning any of them.",
        weight=share.value,
    )


def habits(evidence: Evidence) -> Iterator[Finding]:
    """A known costly use of the standard library; ``habits.HABITS`` lists them.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(1000):
    ...     stack = ["find app.py:7", "compile /usr/lib/python3.11/re/_compiler.py:738"]
    ...     _ = recording.sample(stack[:2 if tick % 4 else 1], time=tick * 10**6, cpu=10**6)
    >>> [found] = habits(Evidence(recording.build()))
    >>> print(found.message)
    75 % of the CPU time goes into compiling regular expressions, mostly for `find` (app.py:7).
    """
    if not evidence.cpu_total:
        return
    spent: Counter[int] = Counter()
    callers: defaultdict[int, Counter[Place]] = defaultdict(Counter)
    cost = evidence.cpu_by_node
    for node, habit in enumerate(_habit_of_nodes(evidence)):
        if habit >= 0 and cost[node]:
            spent[habit] += cost[node]
            if evidence.own[node] >= 0:
                callers[habit][evidence.place(evidence.own[node])] += cost[node]
    for number, value in spent.most_common():
        share = evidence.cpu_share(value)
        if value < WORTH or share.low < HABIT:
            continue
        habit_, places = HABITS[number], callers[number].most_common(3)
        whose = f", mostly for {evidence.named(places[0][0])}" if places else ""
        yield Finding(
            rule=habit_.rule,
            level=Level.WARNING,
            message=f"{percent(share.value)} of the CPU time goes into {habit_.doing}{whose}.",
            place=places[0][0] if places else None,
            related=tuple(place for place, _ in places[1:]),
            treatment=habit_.treatment,
            weight=share.value,
        )


def _habit_of_nodes(evidence: Evidence) -> array[int]:
    """Return for each node the habit it is part of (an index into HABITS), -1 for none.

    The outermost one counts: JSON that logging writes is logging. Imports have a rule of
    their own and may compile patterns and create classes as they like.
    """
    tree = evidence.profile.tree
    by_function = [
        next(
            (
                number
                for number, habit in enumerate(HABITS)
                if habit.matches(shown(function.file), function.name)
            ),
            -1,
        )
        for function in tree.functions
    ]
    found = array("i", [-1]) * (len(tree) + 1)
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        if found[parent] >= 0:
            found[node] = found[parent]
        elif evidence.importing[node] == NO_NODE:
            found[node] = by_function[tree.frame_function[frame]]
    found.pop()
    return found


def imports(evidence: Evidence) -> Iterator[Finding]:
    """Imports take a large part of the run.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("wall", "ns", "Wall time")])
    >>> for tick in range(100):
    ...     stack = ["<module> app.py:3", "_find_and_load <frozen importlib._bootstrap>:1176"]
    ...     _ = recording.sample(stack[:2 if tick < 40 else 1], time=tick * 10**7, wall=10**7)
    >>> [found] = imports(Evidence(recording.build()))
    >>> found.message
    'Imports took 400 ms, 40 % of the run; 400 ms of it `<module>` (app.py:3).'
    """
    by_importer: Counter[int] = Counter()
    rows = evidence.wall if evidence.wall.count else evidence.cpu
    for node, value in zip(rows.node, rows.value, strict=True):
        if node >= 0 and evidence.importing[node] != NO_NODE:
            by_importer[evidence.importing[node]] += value
    whole = sum(by_importer.values())
    share = evidence.run_share(whole)
    if whole < WORTH or share.low < IMPORTS:
        return
    lines: Counter[Place] = Counter()
    for node, value in by_importer.items():
        importer = evidence.profile.tree.node_parent[node]
        if importer >= 0:
            lines[evidence.place(importer)] += value
    worst = lines.most_common(3)
    message = f"Imports took {duration(whole)}, {percent(share.value)} of the run"
    if worst:
        code = evidence.text(worst[0][0])
        message += f"; {duration(worst[0][1])} of it " + (f"`{code}`, " if code else "")
        message += evidence.named(worst[0][0])
    yield Finding(
        rule="imports",
        level=Level.NOTE,
        message=message + ".",
        place=worst[0][0] if worst else None,
        related=tuple(place for place, _ in worst[1:]),
        treatment="Import it inside the function that uses it, so that only runs that need it "
        "pay for it.",
        weight=share.value,
    )


def collector(evidence: Evidence) -> Iterator[Finding]:
    r"""Garbage collection takes time: seen in native frames, or asked for in the source.

    >>> from wadjet.model.profile import Builder, Metric
    >>> from dataclasses import replace
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(1000):
    ...     stack = [f"step app.py:{2 if tick % 5 == 0 else 3}"]
    ...     _ = recording.sample(stack, time=tick * 10**6, cpu=10**6)
    >>> text = "def step():\n    gc.collect()\n    work()\n"
    >>> [found] = collector(Evidence(replace(recording.build(), sources={"app.py": text})))
    >>> found.message
    '20 % of the CPU time goes into garbage collection, mostly for `step` (app.py:2).'
    """
    if is_traced(evidence.profile) or not evidence.cpu_total:
        return  # ``collecting`` has it exactly, or nobody has
    tree, cost = evidence.profile.tree, evidence.cpu_by_node
    native = [
        function.kind == "native" and function.name.startswith(("gc_collect", "_PyGC_"))
        for function in tree.functions
    ]
    inside = array("b", bytes(len(tree) + 1))
    places: Counter[Place] = Counter()
    asked = False
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        inside[node] = inside[parent] or native[tree.frame_function[frame]]
        owner = evidence.own[node]
        if cost[node] and owner >= 0:
            called = "gc.collect(" in evidence.text(evidence.place(owner))
            asked = asked or called
            if called or inside[node]:
                places[evidence.place(owner)] += cost[node]
    value = sum(places.values())
    share = evidence.cpu_share(value)
    if value < WORTH or share.low < COLLECTOR:
        return
    worst = places.most_common(1)[0][0]
    yield Finding(
        rule="collector",
        level=Level.WARNING,
        message=f"{percent(share.value)} of the CPU time goes into garbage collection, mostly "
        f"for {evidence.named(worst)}.",
        place=worst,
        treatment="Take the call of `gc.collect()` out; the collector runs by itself."
        if asked
        else "Call `gc.freeze()` once the program is set up, or raise `gc.set_threshold`.",
        weight=share.value,
    )


def deep_recursion(evidence: Evidence) -> Iterator[Finding]:
    """Much of the CPU time is spent on deep stacks of one function.

    >>> from wadjet.model.profile import Builder, Metric
    >>> recording = Builder([Metric("cpu", "ns", "CPU time")])
    >>> for tick in range(200):
    ...     stack = ["main app.py:9", *["walk tree.py:4"] * 300]
    ...     _ = recording.sample(stack, time=tick * 10**6, cpu=10**6)
    >>> [found] = deep_recursion(Evidence(recording.build()))
    >>> found.message
    '100 % of the CPU time is spent more than 150 calls deep, in `walk` (tree.py:4).'
    """
    if not evidence.cpu_total:
        return
    tree, cost = evidence.profile.tree, evidence.cpu_by_node
    depth = array("i", bytes(4 * (len(tree) + 1)))
    deepest, value = NO_NODE, 0
    for node, parent in enumerate(tree.node_parent):
        depth[node] = depth[parent] + 1
        if depth[node] > DEEP and cost[node]:
            value += cost[node]
            if deepest < 0 or depth[node] > depth[deepest]:
                deepest = node
    share = evidence.cpu_share(value)
    if value < WORTH or share.low < DEEP_SHARE:
        return
    calls = Counter(tree.function_of(node) for node in tree.path(deepest))
    again, times = calls.most_common(1)[0]
    if times < DEEP / 3:
        return
    place = next(evidence.place(n) for n in tree.path(deepest) if tree.function_of(n) == again)
    yield Finding(
        rule="deep-recursion",
        level=Level.NOTE,
        message=f"{percent(share.value)} of the CPU time is spent more than {DEEP} calls deep, "
        f"in {evidence.named(place)}.",
        place=place,
        treatment="Turn the recursion into a loop with a list as its stack, or keep results "
        "that come up again (`functools.cache`).",
        weight=share.value,
    )


def short_threads(evidence: Evidence) -> Iterator[Finding]:
    """Many threads that live for a moment each.

    >>> from wadjet.model.profile import Builder, Metric, Thread
    >>> from dataclasses import replace
    >>> threads = tuple(Thread(f"t{n}", n, 0, n * 10**7, n * 10**7 + 2 * 10**6) for n in range(200))
    >>> profile = Builder([Metric("cpu", "ns", "CPU time")]).build()
    >>> [found] = short_threads(Evidence(replace(profile, threads=threads)))
    >>> found.message
    '200 threads lived for less than 50.0 ms each, 2.00 ms on average (median).'
    """
    lives = [
        each.ended - each.started for each in evidence.profile.threads if each.ended > each.started
    ]
    short = sorted(life for life in lives if life < SHORT)
    if len(short) < MANY_THREADS or len(short) < 0.5 * len(lives):
        return
    yield Finding(
        rule="short-threads",
        level=Level.NOTE,
        message=f"{plural(len(short), 'thread')} lived for less than {duration(SHORT)} each, "
        f"{duration(short[len(short) // 2])} on average (median).",
        treatment="Starting a thread costs about as much as 10,000 Python operations: keep a "
        "`concurrent.futures.ThreadPoolExecutor`.",
        weight=len(short) / len(lives),
    )
