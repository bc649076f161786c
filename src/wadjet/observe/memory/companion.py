"""Reads the memory of the processes that are recorded, and writes it as samples.

The tracker in the program counts by call chain, in memory that it shares with us. Every
now and then the counters are read, and what has grown since becomes samples of that
moment; so the program has no part in telling time. At its end the counters also say what
was live at the peak, and what still is.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Values
from dataclasses import asdict
from pathlib import Path

from wadjet.model import columns, confidence
from wadjet.model.memory import METRICS
from wadjet.model.profile import NO_NODE, Fact, Metric
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
_CHANGE = 7  # numbers of a row of changes
_NATIVE, _DEEPER = 1, 2
_PERIOD = 100_000_000  # ns between readings
_ROWS = 20_000  # samples of a second at most, in the long run
_PARTS = 64  # rows of one reading of one context
_MOST = 1 << 16  # samples that the tracker remembers
_PAGE = 4096


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
        reader = _Reader(ledger, _memory.Table(fd), first, self._mean)
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

    def __init__(self, ledger: Ledger, table: _memory.Table, first: int, mean: int) -> None:
        self.points: list[tuple[int, int, int]] = []
        self.peak = self.lost = 0
        self.residency: Residency | None = None
        self.pools: Pools | None = None
        self._ledger = ledger
        self._table = table
        self._first = first
        self._mean = mean
        self._is_exact = mean == 0
        self._functions: list[tuple[int, str, str, int, int]] = [(_DEEPER, "", "", 0, 0)]
        self._nodes = array("i", [NO_NODE])  # by context
        self._context_threads = array("i")
        self._threads: list[int] = []
        self._peak_time = self._due = 0
        self._period = _PERIOD
        self._pause = 1  # readings from one point of the timeline to the next
        self._skipped = 0
        self._over: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])

    def read(self, time: int) -> None:
        """Write what has come since the last reading, if that is long enough ago."""
        if time < self._due:
            self._learn()  # so that little is left to do at the end
            return
        self._look(time)
        rows = self._write_changes(time)
        self._due = time + max(self._period, rows * 1_000_000_000 // _ROWS)

    def close(self, time: int) -> None:
        """Write the rest, and what was live at the peak and at the end."""
        self._look(time)
        self._write_changes(time)
        self._learn()
        for metric, moment, pairs in (
            (_PEAK, self._peak_time, self._table.peaks()),
            (_LIVE, time, self._table.live()),
            (_AVERAGE, time, self._table.averages(self._ledger.started, time)),
            (_KEEPING, time, self._table.keeping()),
        ):
            rows = _columns(pairs, 4)
            is_whole = self._is_exact or metric == _KEEPING
            numbers, sizes = rows[:2] if is_whole else self._drawn(rows)
            self._write(moment, numbers, {metric: sizes})
        self._account(time)
        self._table.close()

    def _drawn(self, rows: list[array[int]]) -> tuple[array[int], array[int]]:
        """Return as many rows as there are samples behind a figure, each of about its worth."""
        numbers, sizes = array("q"), array("q")
        for number, value, asked, blocks in zip(*rows, strict=True):
            worth = confidence.worth(asked * UNIT / max(blocks, 1), self._mean)
            parts = min(max(round(value / worth), 1), _MOST)
            numbers += array("q", [number]) * parts
            sizes += array("q", _parts(value, parts))
        return numbers, sizes

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
                self._write(time, array("q", [each.context]), {_MAPPED: [each.resident]})

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
        contexts = self._table.contexts()  # first: what they speak of is there before they are
        if not self._threads:  # the first stands for those of which none is known
            self._threads = [ledger.thread(ledger.pid)]
            self._context_threads.append(self._threads[0])
        self._threads += [ledger.thread(tid) for tid in self._table.threads()]
        self._functions += self._table.functions()
        for parent, function, line, thread in contexts:
            above = self._nodes[parent]
            self._nodes.append(self._node(above, function, line) if function else above)
            self._context_threads.append(self._threads[thread])

    def _node(self, parent: int, number: int, line: int) -> int:
        kind, name, file, first_line, address = self._functions[number]
        if kind == _NATIVE:
            return self._ledger.native(parent, file or "[unknown]", address)
        if kind == _DEEPER:
            return self._ledger.python(parent, "", "<deeper frames>", 0, 0)
        return self._ledger.python(parent, file, name, first_line, line)

    def _write_changes(self, time: int) -> int:
        """Write what has changed; returns how many samples that took."""
        changes = _columns(self._table.changes(time), _CHANGE)
        self._learn()
        number, size, blocks, _, _, brief, samples = (
            columns.pick(each, changes[-1]) for each in changes
        )
        if not number:
            return 0
        if self._is_exact:
            return self._write_counted(time, number, (size, blocks, brief))
        return self._write_drawn(time, zip(number, size, blocks, brief, samples, strict=True))

    def _write_counted(self, time: int, numbers: array[int], asked: tuple[array[int], ...]) -> int:
        """Write a row for each place; contexts that differ by less than a line are one."""
        threads = columns.gather(self._context_threads, numbers, 0)
        nodes = columns.gather(self._nodes, numbers, 0)
        firsts, ranks = columns.rank(columns.fuse(threads, 1 << 32, nodes))
        sums = [array("q", bytes(8 * len(firsts))) for _ in asked]
        for each, column in zip(sums, asked, strict=True):
            columns.scatter(each, ranks, column)
        size, blocks, brief = sums
        values = (size, columns.divide(blocks, UNIT), columns.divide(brief, UNIT))
        at = columns.gather(numbers, firsts, 0)
        self._write(time, at, dict(zip(_REQUESTS, values, strict=True)))
        return len(firsts)

    def _write_drawn(self, time: int, asked: Iterable[_Asked]) -> int:
        """Write as many rows as there were samples, so that chance can be told from their sizes."""
        numbers = array("q")
        drawn: tuple[list[int], ...] = ([], [], [])
        for number, size, blocks, brief, samples in asked:
            parts = min(max(samples, 1), _PARTS)
            numbers += array("q", [number]) * parts
            for column, value in zip(
                drawn, (size, *self._whole(number, blocks, brief)), strict=True
            ):
                column += _parts(value, parts)
        self._write(time, numbers, dict(zip(_REQUESTS, drawn, strict=True)))
        return len(numbers)

    def _whole(self, number: int, blocks: int, brief: int) -> tuple[int, int]:
        """Return whole blocks; what is left over counts the next time."""
        over = self._over[number]
        allocations, over[0] = divmod(over[0] + blocks, UNIT)
        temporary, over[1] = divmod(over[1] + brief, UNIT)
        return allocations, temporary

    def _write(self, time: int, numbers: array[int], values: Columns) -> None:
        """Write a row for each context, given as columns."""
        threads = columns.gather(self._context_threads, numbers, 0)
        nodes = columns.gather(self._nodes, numbers, NO_NODE)
        by_number = {self._first + metric: column for metric, column in values.items()}
        self._ledger.add(time, threads, nodes, by_number)


def _parts(value: int, parts: int) -> list[int]:
    """Return so many whole numbers of about the same size, whose sum is the value."""
    return [value * (part + 1) // parts - value * part // parts for part in range(parts)]


def _columns(rows: bytes, width: int) -> list[array[int]]:
    """Return columns of 64 bits from rows of so many."""
    together = array("q", rows)
    return [together[each::width] for each in range(width)]


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
