"""What the rules about memory look at; worked out when it is first asked for."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

from wadjet.model import charge, memory
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
        own = charge.own_nodes(self.profile.tree)
        return array("i", (near if near != NO_NODE else node for node, near in enumerate(own)))

    def asked(self, place: Place) -> list[tuple[int, int]]:
        """Return when how many bytes were asked for at a line, in order of time."""
        tree, samples = self.profile.tree, self.profile.samples
        values = samples.values[self.profile.metric_index(memory.ALLOCATED.name)]
        at = [self._is_at(place, node) for node in self.near] if len(tree) else []
        rows = compress(zip(samples.time, samples.node, values, strict=True), values)
        sums: defaultdict[int, int] = defaultdict(int)
        for time, node, value in rows:
            if node != NO_NODE and at[node]:
                sums[time] += value
        return sorted(sums.items())

    def _is_at(self, place: Place, node: int) -> bool:
        tree = self.profile.tree
        function = tree.functions[tree.function_of(node)]
        return function.file == place.file and tree.line_of(node) == place.line

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
        tree = self.profile.tree
        rows = self.fold(metric)
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for node, value in zip(rows.node, rows.value, strict=True):
            if node == NO_NODE or not self._is_at(place, self.near[node]):
                continue
            for each in tree.path(node):
                if each == self.near[node]:
                    break
                function = tree.functions[tree.function_of(each)]
                sums[shown(function.file), function.name] += value
        return sorted(sums, key=lambda key: -sums[key])
