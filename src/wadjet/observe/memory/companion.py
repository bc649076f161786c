"""Reads the memory of the processes that are recorded, and writes it as samples.

The tracker in the program counts by call chain, in memory that it shares with us. Every
now and then the counters are read, and what has grown since becomes samples of that
moment; so the program has no part in telling time. At its end the counters also say what
was live at the peak, and what still is.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Mapping as Values
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from wadjet.model.memory import METRICS
from wadjet.model.profile import Fact, Metric
from wadjet.observe.memory import _memory
from wadjet.observe.memory.agent import LIBRARY
from wadjet.observe.memory.residency import ARENA, Mapping, Pools, Residency, account, pools
from wadjet.observe.sampling.companions import Columns, Ledger

SAMPLED = 512 * 1024
"""Bytes between samples on the average."""

UNIT = 1024
"""Blocks are counted in parts: a sampled one stands for a fraction more than itself."""

POINTS = 2000
"""Moments of the timeline that are kept; beyond, every second one is left out."""

_PEAK, _LIVE, _ALLOCATED, _ALLOCATIONS, _TEMPORARY, _MAPPED, _AVERAGE, _KEEPING = range(
    len(METRICS)
)
_REQUESTS = (_ALLOCATED, _ALLOCATIONS, _TEMPORARY)
_Asked = tuple[
    int, int, int, int, int
]  # context, bytes, blocks, those of them that were brief, samples
_CHANGE = struct.Struct("=7q")
_NATIVE, _DEEPER = 1, 2
_PERIOD = 100_000_000  # ns between readings
_ROWS = 20_000  # samples of a second at most, in the long run
_PARTS = 64  # rows of one reading of one context
_PAGE = 4096
_LOW = (1 << 32) - 1


class Memory:
    """The companion that records memory.

    ``mean`` is the number of bytes between samples, 0 to count every request; ``native`` is
    for all C functions of a call chain in place of the one that asked.
    """

    name = "memory"
    agent = "wadjet.observe.memory.agent"
    preload = LIBRARY
    metrics: tuple[Metric, ...] = METRICS

    def __init__(self, mean: int = SAMPLED, *, native: bool = False) -> None:
        self.argument = f"{mean} native" if native else str(mean)
        self._mean = mean
        self._readers: list[_Reader] = []

    def attach(self, ledger: Ledger, fd: int, first: int) -> _Reader:
        """Read what the tracker of a process writes into ``fd``."""
        reader = _Reader(ledger, _memory.Table(fd), first, is_exact=self._mean == 0)
        self._readers.append(reader)
        return reader

    def facts(self) -> Values[str, Fact]:
        """Return how memory was recorded, and how much there was of it over time."""
        points = _together([each.points for each in self._readers])
        return {
            "memory": {
                "mean": self._mean,
                "peak": sum(each.peak for each in self._readers),
                "lost": sum(each.lost for each in self._readers),
                "resident": [asdict(each.residency) for each in self._readers if each.residency],
                "pools": [asdict(each.pools) for each in self._readers if each.pools],
                "timeline": [list(each) for each in points],
            }
        }


class _Reader:
    """Reads one process."""

    def __init__(self, ledger: Ledger, table: _memory.Table, first: int, *, is_exact: bool) -> None:
        self.points: list[tuple[int, int, int]] = []
        self.peak = self.lost = 0
        self.residency: Residency | None = None
        self.pools: Pools | None = None
        self._ledger = ledger
        self._table = table
        self._first = first
        self._is_exact = is_exact
        self._functions: list[tuple[int, str, str, int, int]] = [(_DEEPER, "", "", 0, 0)]
        self._nodes = [-1]  # by context
        self._context_threads = [0]
        self._threads: list[int] = []
        self._peak_time = self._due = 0
        self._period = _PERIOD
        self._pause = 1  # readings from one point of the timeline to the next
        self._skipped = 0
        self._live: defaultdict[int, int] = defaultdict(int)  # bytes by context
        self._held = _Held(ledger.started)
        self._over: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])

    def read(self, time: int) -> None:
        """Write what has come since the last reading, if that is long enough ago."""
        if time < self._due:
            return
        self._look(time)
        rows = self._write_changes(time)
        self._due = time + max(self._period, rows * 1_000_000_000 // _ROWS)

    def close(self, time: int) -> None:
        """Write the rest, and what was live at the peak and at the end."""
        self._look(time)
        self._write_changes(time)
        self._learn()
        peaks = {number: size for number, size, _ in self._table.peaks()}
        average = self._held.average(self._live, time)
        for metric, moment, sizes in (
            (_PEAK, self._peak_time, peaks),
            (_LIVE, time, self._live),
            (_AVERAGE, time, average),
            (_KEEPING, time, dict(self._table.keeping())),
        ):
            there = {number: size for number, size in sizes.items() if size > 0}
            self._write(moment, list(there), {metric: list(there.values())})
        self._account(time)
        self._table.close()

    def _account(self, time: int) -> None:
        """Write what the program has mapped by itself, and what of it all is in memory."""
        smaps = self._table.farewell().decode(errors="replace")
        mappings = [Mapping(*each) for each in self._table.mappings()]
        if not smaps:
            return  # it ended without a word
        self.residency = account(smaps, mappings, self._table.head()["own"])
        self.pools = pools(mappings)
        for each in mappings:
            if each.kind != ARENA and each.resident:
                self._write(time, [each.context], {_MAPPED: [each.resident]})

    def _look(self, time: int) -> None:
        head = self._table.head()
        self.lost = head["lost"]
        if head["peak"] > self.peak:
            self.peak = head["peak"]
            self._peak_time = time
        self._skipped += 1
        if self._skipped >= self._pause:
            self._skipped = 0
            self.points.append((time, head["live"], _resident(self._ledger.pid)))
        if len(self.points) > POINTS:
            del self.points[1::2]
            self._pause *= 2

    def _learn(self) -> None:
        """Give nodes to the contexts that are new, and numbers to their threads."""
        ledger = self._ledger
        if not self._threads:  # the first stands for those of which none is known
            self._threads = [ledger.thread(ledger.pid)]
        self._threads += [ledger.thread(tid) for tid in self._table.threads()]
        contexts = self._table.contexts()
        self._functions += self._table.functions()
        for parent, function, line, thread in contexts:
            self._nodes.append(self._node(self._nodes[parent], function, line))
            self._context_threads.append(thread)

    def _node(self, parent: int, number: int, line: int) -> int:
        kind, name, file, first_line, address = self._functions[number]
        if kind == _NATIVE:
            return self._ledger.native(parent, file or "[unknown]", address)
        if kind == _DEEPER:
            return self._ledger.python(parent, "", "<deeper frames>", 0, 0)
        return self._ledger.python(parent, file, name, first_line, line)

    def _write_changes(self, time: int) -> int:
        """Write what has changed; returns how many samples that took."""
        changes = self._table.changes()
        if not changes:
            return 0
        self._learn()
        asked = []
        for context, size, blocks, live, _, brief, samples in _CHANGE.iter_unpack(changes):
            number = context & _LOW
            if live:
                self._held.settle(number, self._live[number], time)
                self._live[number] += live
            if samples:
                asked.append((number, size, blocks, brief, samples))
        return (
            self._write_counted(time, asked) if self._is_exact else self._write_drawn(time, asked)
        )

    def _write_counted(self, time: int, asked: list[_Asked]) -> int:
        """Write a row for each place; contexts that differ by less than a line are one."""
        sums: dict[tuple[int, int], list[int]] = {}
        nodes, threads = self._nodes, self._context_threads
        for number, size, blocks, brief, _ in asked:
            place = (nodes[number], threads[number])
            held = sums.get(place)
            if held is None:
                sums[place] = [number, size, blocks // UNIT, brief // UNIT]
            else:
                held[1] += size
                held[2] += blocks // UNIT
                held[3] += brief // UNIT
        if sums:
            numbers, *columns = zip(*sums.values(), strict=True)
            self._write(time, numbers, dict(zip(_REQUESTS, columns, strict=True)))
        return len(sums)

    def _write_drawn(self, time: int, asked: list[_Asked]) -> int:
        """Write as many rows as there were samples, so that chance can be told from their sizes."""
        numbers: list[int] = []
        columns: tuple[list[int], ...] = ([], [], [])
        for number, size, blocks, brief, samples in asked:
            parts = min(max(samples, 1), _PARTS)
            numbers += [number] * parts
            for column, value in zip(
                columns, (size, *self._whole(number, blocks, brief)), strict=True
            ):
                column += [
                    value * (part + 1) // parts - value * part // parts for part in range(parts)
                ]
        self._write(time, numbers, dict(zip(_REQUESTS, columns, strict=True)))
        return len(numbers)

    def _whole(self, number: int, blocks: int, brief: int) -> tuple[int, int]:
        """Return whole blocks; what is left over counts the next time."""
        over = self._over[number]
        allocations, over[0] = divmod(over[0] + blocks, UNIT)
        temporary, over[1] = divmod(over[1] + brief, UNIT)
        return allocations, temporary

    def _write(self, time: int, numbers: Sequence[int], values: Columns) -> None:
        """Write a row for each context, given as columns."""
        threads = [self._threads[self._context_threads[number]] for number in numbers]
        nodes = [self._nodes[number] for number in numbers]
        by_number = {self._first + metric: column for metric, column in values.items()}
        self._ledger.add(time, threads, nodes, by_number)


class _Held:
    """How much memory was live on the average, by context.

    What is asked for and given back between two readings counts for nothing, and what lives
    longer for more or less than it should by a reading at most: right on the average.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._area: defaultdict[int, int] = defaultdict(int)  # bytes times ns
        self._since: dict[int, int] = {}  # up to when that is so

    def settle(self, number: int, live: int, time: int) -> None:
        """Note that ``live`` bytes of a context were live until now."""
        self._area[number] += live * (time - self._since.get(number, time))
        self._since[number] = time

    def average(self, live: Values[int, int], end: int) -> dict[int, int]:
        """Return bytes by context, from the start to the end."""
        for number, size in live.items():
            self.settle(number, size, end)
        return {number: area // max(end - self._start, 1) for number, area in self._area.items()}


def _resident(pid: int) -> int:
    """Return the bytes of a process that are in memory, 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _together(lines: list[list[tuple[int, int, int]]]) -> list[tuple[int, int, int]]:
    """Return the sum of several processes' points over time."""
    moments = sorted(
        (time, number, live, resident)
        for number, line in enumerate(lines)
        for time, live, resident in [*line, *((line[-1][0] + 1, 0, 0) for _ in line[-1:])]
    )
    if len(lines) == 1:
        return lines[0]
    now = [(0, 0)] * len(lines)
    found = []
    for time, number, live, resident in moments:
        now[number] = (live, resident)
        found.append((time, sum(each for each, _ in now), sum(each for _, each in now)))
    return found[:: len(found) // POINTS + 1]
