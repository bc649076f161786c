"""Who took and gave away the references of single objects, from what the ledger wrote.

>>> at = Place("a.c", 3)
>>> taken, dropped = Event(at, "taken", 2), Event(Place("a.c", 4), "dropped", 1)
>>> [(times, [each.what for each in part]) for times, part in folded([taken, dropped] * 9)]
[(9, ['taken', 'dropped'])]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.model.finding import Place
from wadjet.native.refs.reading import reports, rows, site

VARIABLE = "WADJET_REFS_TRACE"
"""What is traced: a type's name, or FILE:LINE for what that line makes."""

_CHANGES = {"new": 1, "taken": 1, "kept": 1, "dropped": -1, "given": -1, "returned": -1}
_LONGEST = 8
"""Events in a turn of a loop, for turns to be told once."""


@dataclass(frozen=True, slots=True)
class Event:
    """A reference that changes hands: ``what`` it was, and the object's count after it."""

    place: Place
    what: str
    count: int

    @property
    def change(self) -> int:
        """What the extension has more or less: it gives away what it returns."""
        return _CHANGES[self.what]


@dataclass(frozen=True, slots=True)
class Traced:
    """An object's life in the extension; ``alike`` counts those whose events are the same."""

    type: str
    events: tuple[Event, ...]
    alike: int = 1

    @property
    def kept(self) -> int:
        """References that the extension took and neither dropped nor gave away."""
        return sum(each.change for each in self.events)


@dataclass(frozen=True, slots=True)
class Traces:
    """The objects of a run, most telling first. ``is_cut`` says that more events followed."""

    objects: tuple[Traced, ...]
    is_cut: bool

    @property
    def balanced(self) -> int:
        """How many objects were left as they were found."""
        return sum(each.alike for each in self.objects if each.kept == 0)

    @property
    def unbalanced(self) -> list[Traced]:
        """Those that were not, the most kept first."""
        return [each for each in self.objects if each.kept != 0]


def read(folder: Path) -> Traces:
    """Read the traces of all processes; raises ExtensionError as ``reading.read`` does."""
    lives: dict[tuple[Path, int], list[Event]] = defaultdict(list)
    types: dict[tuple[Path, int], str] = {}
    is_cut = False
    for path in reports(folder):
        places: dict[int, Place] = {}
        for row in rows(path):
            if "site" in row and "file" in row:
                places[row["site"]] = site(row)
            elif row.get("event") == "cut":
                is_cut = True
            elif "trace" in row and row["at"] in places:
                key = (path, row["trace"])
                types.setdefault(key, row["type"])
                lives[key].append(Event(places[row["at"]], row["event"], row["count"]))
    counts: dict[tuple[str, tuple[Event, ...]], int] = defaultdict(int)
    for key, events in lives.items():
        counts[types[key], tuple(events)] += 1
    objects = [Traced(*key, alike) for key, alike in counts.items()]
    return Traces(tuple(sorted(objects, key=lambda each: (-abs(each.kept), -each.alike))), is_cut)


def folded(events: Sequence[Event]) -> Iterator[tuple[int, Sequence[Event]]]:
    """Yield parts of a life with the times that each comes in a row; several only if balanced."""
    at = 0
    while at < len(events):
        times, size = max(_turns(events, at), default=(1, 1), key=lambda each: each[0] * each[1])
        yield times, events[at : at + size]
        at += times * size


def _turns(events: Sequence[Event], at: int) -> Iterator[tuple[int, int]]:
    """Yield how often what begins here is repeated, for each length of it."""
    steps = [(each.place, each.what) for each in events]
    for size in range(2, _LONGEST + 1):
        turn, times = steps[at : at + size], 1
        while steps[at + times * size : at + (times + 1) * size] == turn:
            times += 1
        if times > 1 and sum(each.change for each in events[at : at + size]) == 0:
            yield times, size
