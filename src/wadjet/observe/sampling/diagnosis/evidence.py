"""What the rules of the diagnosis look at: a Profile from the sides they ask about.

Everything is worked out when it is first asked for, once a recording.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from wadjet.model import charge
from wadjet.model.collection import Run, runs
from wadjet.model.confidence import Share
from wadjet.model.finding import Place
from wadjet.model.origin import homes, shown
from wadjet.model.profile import NO_NODE, Fact, Profile, State
from wadjet.model.totals import Fold, by_node, by_thread, fold
from wadjet.observe.sampling.diagnosis.gil import Contention, contention

SECOND = 1_000_000_000

STALL = 30_000_000
"""Waiting this long (ns) for one holder means C code: Python code lets go every 5 ms."""

_NOTHING = Fold(array("i"), array("i"), array("b"), array("q"), 0, 0, 1.0)


@dataclass(frozen=True, slots=True)
class Life:
    """What a thread did with the wall time it was sampled for, in ns by state."""

    thread: int
    states: Mapping[State, int]
    grain: float

    @property
    def total(self) -> int:
        """The wall time for which the thread was seen."""
        return sum(self.states.values())

    def share(self, state: State) -> Share:
        """Return the part of its life that the thread spent in ``state``."""
        return self.share_of(self.states.get(state, 0))

    def share_of(self, part: int) -> Share:
        """Return ``part`` (ns) of its life as a share with its bounds."""
        return Share.of(part, self.total, self.grain)


@dataclass(frozen=True)
class Evidence:
    """A profile, and what follows from it."""

    profile: Profile

    def _fold(self, metric: str) -> Fold:
        names = [each.name for each in self.profile.metrics]
        return fold(self.profile, metric) if metric in names else _NOTHING

    @cached_property
    def cpu(self) -> Fold:
        """CPU samples."""
        return self._fold("cpu")

    @cached_property
    def wall(self) -> Fold:
        """Wall samples."""
        return self._fold("wall")

    @cached_property
    def cpu_total(self) -> int:
        """CPU time in ns, as sampled."""
        return self.cpu.total

    @cached_property
    def busy(self) -> float:
        """How many cores the program used on average, or would have, had it got them."""
        span = self.profile.duration
        idle = (State.BLOCKED, State.UNKNOWN)
        wanted = sum(
            value
            for life in self.lives.values()
            for state, value in life.states.items()
            if state not in idle
        )
        return max(self.cpu_total, wanted) / span if span else 0.0

    @cached_property
    def cpu_by_node(self) -> array[int]:
        """Self CPU time of each node, in ns."""
        if not self.cpu.count:
            return array("q", bytes(8 * len(self.profile.tree)))
        return by_node(self.profile, "cpu")

    def cpu_share(self, part: int) -> Share:
        """Return a part of the CPU time as a share with its bounds."""
        return Share.of(part, self.cpu_total, self.cpu.grain)

    @cached_property
    def lives(self) -> dict[int, Life]:
        """The life of each thread that has wall samples."""
        if not self.wall.count:
            return {}
        states = by_thread(self.profile, "wall")
        grain = self.wall.grain
        return {thread: Life(thread, states[thread], grain) for thread in sorted(states)}

    @cached_property
    def own(self) -> array[int]:
        """For each node the nearest caller, itself included, in the program's own code."""
        return charge.own_nodes(self.profile)

    @cached_property
    def cpu_by_own_node(self) -> Counter[int]:
        """CPU time in ns by the nearest node of the program's own code, libraries charged to it."""
        charged: Counter[int] = Counter()
        if not self.cpu.count:
            return charged
        for node, value in enumerate(self.cpu_by_node):
            if value and self.own[node] >= 0:
                charged[self.own[node]] += value
        return charged

    @cached_property
    def importing(self) -> array[int]:
        """For each node the outermost frame of the import it is part of, -1 for none."""
        tree = self.profile.tree
        enters = [
            function.name == "_find_and_load" and shown(function.file) == "importlib._bootstrap"
            for function in tree.functions
        ]
        inside = array("i", [NO_NODE]) * (len(tree) + 1)
        for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
            entered = node if enters[tree.frame_function[frame]] else NO_NODE
            inside[node] = inside[parent] if inside[parent] != NO_NODE else entered
        inside.pop()
        return inside

    @cached_property
    def collections(self) -> list[Run]:
        """The runs of the garbage collector, where they were recorded."""
        return runs(self.profile)

    def run_share(self, part: int) -> Share:
        """Return a part of the recording's length as a share with its bounds."""
        grain = self.wall.grain if self.wall.count else self.cpu.grain
        return Share.of(part, self.profile.duration, grain)

    def clock(self, metric: str) -> Mapping[str, Fact]:
        """Return what is known of the clock that sampled ``metric``."""
        clocks = self.profile.about.get("clocks")
        clock = clocks.get(metric) if isinstance(clocks, dict) else None
        return clock if isinstance(clock, dict) else {}

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The directories the program's files are named from."""
        return homes(self.profile.about)

    def place(self, node: int) -> Place:
        """Return where ``node`` was executing."""
        return charge.place(self.profile.tree, node)

    def named(self, place: Place) -> str:
        """Return a place as a reader knows it: ``parse`` (app.py:41)."""
        file = shown(place.file, self.homes)
        where = f"{file}:{place.line}" if place.line else file
        return f"`{place.label}` ({where})" if where else f"`{place.label}`"

    def thread(self, index: int) -> str:
        """Return the thread's name, with the process where there are several."""
        thread = self.profile.threads[index]
        if len(self.profile.processes) < 2:
            return f"`{thread.name}`"
        return f"`{thread.name}` (process {self.profile.processes[thread.process].pid})"

    def text(self, place: Place) -> str:
        """Return the source line at ``place``; empty where it was not recorded."""
        lines = self.profile.sources.get(place.file, "").splitlines()
        return lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""

    @cached_property
    def contention(self) -> Contention:
        """Who held the GIL while others waited for it."""
        return contention(self.profile, least=STALL)
