"""What changed between two recordings of a program, function by function.

Functions are matched by name and file, so a function that moved to another line, or a
checkout in another directory, is the same function. A change counts as *sure* when it is
more than the sampling of both recordings could bring about by chance; how much two runs of
the same program differ by themselves is not in that bound.

>>> from wadjet.model.profile import Builder
>>> def recording(parse, render):
...     made = Builder([Metric("cpu", "ns", "CPU time")])
...     for tick in range(parse + render):
...         stack = ["parse app.py:41"] if tick < parse else ["render app.py:80"]
...         _ = made.sample(stack, time=tick * 10**6, cpu=10**6)
...     return made.build()
>>> for change in difference(recording(500, 490), recording(300, 500), "cpu").changes:
...     print(change.name, f"{change.delta / 10**6:+.0f} ms", "surely" if change.sure else "maybe")
parse -200 ms surely
render +10 ms maybe
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wadjet.model.confidence import Drawn, surely_differ, variance
from wadjet.model.origin import homes, is_library, shown
from wadjet.model.profile import Metric, Profile
from wadjet.model.totals import by_function, by_node, doubt_by_node, fold

Basis: TypeAlias = Literal["run", "second", "share"]
"""Costs are compared for the whole run, per second of the recording, or as shares of it."""

_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A function's self and total cost, before and after, on the basis that was chosen.

    ``line`` is where it starts now, or started; 0 where that is not known.
    """

    name: str
    file: str
    line: int
    library: bool
    before: float
    after: float
    total_before: float
    total_after: float
    sure: bool

    @property
    def delta(self) -> float:
        """The change of the self cost."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """Changes by function, the largest first, and of the whole."""

    metric: Metric
    basis: Basis
    before: float
    after: float
    sure: bool
    changes: tuple[Change, ...]

    @property
    def delta(self) -> float:
        """The change of the whole."""
        return self.after - self.before


@dataclass(slots=True)
class _Cost:
    line: int = 0
    library: bool = False
    self: float = 0.0
    total: float = 0.0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class _Side:
    """One recording: scaled costs by function, and what is needed for their noise."""

    costs: dict[_Key, _Cost]
    whole: float
    grain: float
    doubt: float | None  # of the whole, where samples are blocks

    def variance(self, key: _Key) -> float:
        cost = self.costs.get(key, _Cost())
        if self.doubt is None:
            return variance(cost.self, self.whole, self.grain)
        return Drawn(cost.self, cost.doubt, self.grain).variance

    @property
    def noise(self) -> float:
        """The variance of the whole: of time it is the clock's."""
        return self.grain**2 if self.doubt is None else self.grain * (self.doubt + self.grain)


def difference(before: Profile, after: Profile, metric: str, basis: Basis = "run") -> Difference:
    """Compare two recordings; raises ValueError if one of them lacks the metric."""
    old, new = _side(before, metric, basis), _side(after, metric, basis)
    keys = [*new.costs, *(key for key in old.costs if key not in new.costs)]
    among = sum(1 for key in keys if _self(old, key) or _self(new, key))
    changes = [_change(old, new, key, among) for key in keys]
    changes.sort(key=lambda each: (-abs(each.delta), -each.after, each.name, each.file))
    noise = old.noise + new.noise
    return Difference(
        after.metrics[after.metric_index(metric)],
        basis,
        old.whole,
        new.whole,
        basis != "share" and surely_differ(old.whole, new.whole, noise),
        tuple(changes),
    )


def _side(profile: Profile, metric: str, basis: Basis) -> _Side:
    rows = fold(profile, metric)
    scale = 1.0
    if basis == "second" and profile.duration:
        scale = 1e9 / profile.duration
    elif basis == "share" and rows.total:
        scale = 1 / rows.total
    known = homes(profile.about)
    costs: defaultdict[_Key, _Cost] = defaultdict(_Cost)
    for number, total in by_function(profile.tree, by_node(profile, metric)).items():
        function = profile.tree.functions[number]
        cost = costs[_key(profile, number, known)]
        cost.line = cost.line or function.line
        cost.library = function.kind != "python" or is_library(function.file)
        cost.self += total.self * scale
        cost.total += total.total * scale
    doubts = doubt_by_node(profile, metric)
    for number, total in by_function(profile.tree, doubts).items() if doubts else ():
        costs[_key(profile, number, known)].doubt += total.self * scale
    doubt = None if doubts is None else sum(doubts) * scale
    return _Side(dict(costs), rows.total * scale, rows.grain * scale, doubt)


def _key(profile: Profile, number: int, known: tuple[str, ...]) -> _Key:
    function = profile.tree.functions[number]
    return function.name, shown(function.file, known)


def _self(side: _Side, key: _Key) -> float:
    cost = side.costs.get(key)
    return cost.self if cost else 0.0


def _change(old: _Side, new: _Side, key: _Key, among: int) -> Change:
    nothing = _Cost()
    was, now = old.costs.get(key, nothing), new.costs.get(key, nothing)
    noise = old.variance(key) + new.variance(key)
    return Change(
        *key,
        line=now.line or was.line,
        library=now.library or was.library,
        before=was.self,
        after=now.self,
        total_before=was.total,
        total_after=now.total,
        sure=surely_differ(was.self, now.self, noise, among=among),
    )
