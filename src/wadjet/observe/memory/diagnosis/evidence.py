"""What the rules about memory look at; worked out when it is first asked for."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

from wadjet.model import charge, columns, memory, totals
from wadjet.model.confidence import Drawn, Share
from wadjet.model.finding import Place
from wadjet.model.memory import Moment
from wadjet.model.origin import homes, shown
from wadjet.model.profile import Metric, Profile
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

    def share(self, metric: Metric, part: int, doubt: int) -> Share:
        """Return a part of a metric as a share with its bounds; ``doubt`` is the part's."""
        rows = self.fold(metric)
        if rows.doubt is None:
            return Share.of(part, rows.total, rows.grain)
        whole = Drawn(rows.total, sum(rows.doubt), rows.grain)
        return Share.drawn(Drawn(part, doubt, rows.grain), whole)

    def doubts(self, metric: Metric) -> array[int]:
        """Return how much of what each node costs is in doubt; see Fold."""
        found = totals.doubt_by_node(self.profile, metric.name)
        return array("q", bytes(8 * len(self.profile.tree))) if found is None else found

    def share_of_line(self, metric: Metric, place: Place, part: int) -> Share:
        """Return what a line is charged with as a share with its bounds."""
        doubts = charge.sums_by_line(self.profile, self.doubts(metric))
        return self.share(metric, part, doubts[place])

    @cached_property
    def mean(self) -> int:
        """Bytes between samples, 0 where every request was counted."""
        return memory.mean(self.profile)

    @cached_property
    def near(self) -> array[int]:
        """For each node the nearest one of the program's own code, else itself."""
        return charge.charged_nodes(self.profile)

    def asked(self, place: Place) -> list[tuple[int, int]]:
        """Return when how many bytes were asked for at a line, in order of time."""
        samples = self.profile.samples
        values = samples.values[self.profile.metric_index(memory.ALLOCATED.name)]
        here = columns.gather(self._at(place), samples.node, 0)
        times, sums = columns.group(columns.pick(samples.time, here), columns.pick(values, here))
        return sorted(zip(times, sums, strict=True))

    def _at(self, place: Place) -> array[int]:
        """Return for each node whether the nearest one of the program's own is at a line."""
        tree = self.profile.tree
        files = [function.file == place.file for function in tree.functions]
        here = [
            line == place.line and files[function]
            for function, line in zip(tree.frame_function, tree.frame_line, strict=True)
        ]
        return columns.gather(array("i", here), self.bearers, 0)

    @cached_property
    def bearers(self) -> array[int]:
        """For each node the frame of the node that bears what it costs."""
        return columns.gather(self.profile.tree.node_frame, self.near, 0)

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
        tree, near = self.profile.tree, self.near
        below = totals.by_node(self.profile, metric.name)
        sums: defaultdict[int, int] = defaultdict(int)
        here = list(compress(range(len(tree)), self._at(place)))
        for node in reversed(here):  # callees come after their callers
            value = below[node]
            if value and near[node] != node:
                sums[tree.function_of(node)] += value
                below[tree.node_parent[node]] += value
        names: defaultdict[tuple[str, str], int] = defaultdict(int)
        for number, value in sums.items():
            function = tree.functions[number]
            names[shown(function.file), function.name] += value
        return sorted(names, key=lambda key: -names[key])
