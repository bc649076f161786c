"""What the rules about memory look at; worked out when it is first asked for."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

from wadjet.model import charge, memory, totals
from wadjet.model.confidence import Share
from wadjet.model.finding import Place
from wadjet.model.memory import Moment
from wadjet.model.origin import homes, shown
from wadjet.model.profile import NO_NODE, Metric, Profile
from wadjet.model.totals import Fold, fold

MIB = 1 << 20


@dataclass(frozen=True)
class Evidence:
    """A profile with memory, and what follows from it."""

    profile: Profile

    def fold(self, metric: Metric) -> Fold:
        """Return the sums of a metric."""
        return fold(self.profile, metric.name)

    def charged(self, metric: Metric) -> list[tuple[Place, int]]:
        """Return what each line of the program is charged with, the largest first."""
        return charge.by_line(self.profile, metric.name)

    def share(self, metric: Metric, part: int) -> Share:
        """Return a part of a metric as a share with its bounds."""
        rows = self.fold(metric)
        return Share.of(part, rows.total, rows.grain)

    @cached_property
    def mean(self) -> int:
        """Bytes between samples, 0 where every request was counted."""
        return memory.mean(self.profile)

    @cached_property
    def near(self) -> array[int]:
        """For each node the nearest one of the program's own code, else itself."""
        own = charge.own_nodes(self.profile)
        return array("i", (near if near != NO_NODE else node for node, near in enumerate(own)))

    def asked(self, place: Place) -> list[tuple[int, int]]:
        """Return when how many bytes were asked for at a line, in order of time."""
        samples = self.profile.samples
        values = samples.values[self.profile.metric_index(memory.ALLOCATED.name)]
        at = self._at(place)
        rows = compress(zip(samples.time, samples.node, values, strict=True), values)
        sums: defaultdict[int, int] = defaultdict(int)
        for time, node, value in rows:
            if node != NO_NODE and at[node]:
                sums[time] += value
        return sorted(sums.items())

    def _at(self, place: Place) -> list[bool]:
        """Return for each node whether the nearest one of the program's own is at a line."""
        tree = self.profile.tree
        here = [
            line == place.line and tree.functions[function].file == place.file
            for function, line in zip(tree.frame_function, tree.frame_line, strict=True)
        ]
        return [here[tree.node_frame[node]] for node in self.near]

    @cached_property
    def moments(self) -> list[Moment]:
        """Memory over time; a moment at which nothing is resident is that of a process's end."""
        return [moment for moment in memory.timeline(self.profile) if moment.resident]

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The directories the program's files are named from."""
        return homes(self.profile.about)

    def named(self, place: Place) -> str:
        """Return a place as a reader knows it: ``parse`` (app.py:41)."""
        file = shown(place.file, self.homes)
        where = f"{file}:{place.line}" if place.line else file
        return f"`{place.label}` ({where})" if where else f"`{place.label}`"

    def text(self, place: Place) -> str:
        """Return the source line at ``place``; empty where it was not recorded."""
        lines = self.profile.sources.get(place.file, "").splitlines()
        return lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""

    def leaves(self, place: Place, metric: Metric) -> list[tuple[str, str]]:
        """Return (file, function) below a line that bear most of a metric, largest first."""
        tree, near, at = self.profile.tree, self.near, self._at(place)
        below = totals.by_node(self.profile, metric.name)
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for node in range(len(tree) - 1, -1, -1):  # callees come after their callers
            value = below[node]
            if value and at[node] and near[node] != node:
                function = tree.functions[tree.function_of(node)]
                sums[shown(function.file), function.name] += value
                below[tree.node_parent[node]] += value
        return sorted(sums, key=lambda key: -sums[key])
