"""``@pytest.mark.wadjet_memory(limit="50 MB", leaks=0)``: tests that may use so much memory.

``limit`` is what the test may have at its peak, ``leaks`` what it may leave behind each
time it runs. A test that leaves something behind is run again, once and then some times in
a row: what a cache has already is not made again, and what takes the place of the last
run's does not add up. What grows with every run is a leak.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wadjet.embed.hunting.census import settle
from wadjet.errors import WadjetError
from wadjet.model.charge import by_line
from wadjet.model.finding import Place
from wadjet.model.memory import LIVE, PEAK
from wadjet.model.profile import Profile
from wadjet.model.totals import fold
from wadjet.model.units import parse_size, size

if TYPE_CHECKING:
    from wadjet.observe.memory.inprocess import Watch

MORE = 3
"""How many more runs a leak has to grow by, each time as much."""

_SHOWN = 5
_WADJET = str(Path(__file__).parent.parent)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a test may use, in bytes; None for as much as it likes."""

    peak: int | None
    leaks: int | None

    @classmethod
    def of(cls, marker: pytest.Mark) -> Limits:
        """Read a marker; the test fails if it says something else."""
        known = dict(marker.kwargs)
        try:
            limits = cls(*(_size(known.pop(name, None)) for name in ("limit", "leaks")))
        except ValueError as error:
            trouble = f"wadjet_memory: {error}"
        else:
            if not (known or marker.args or limits == cls(None, None)):
                return limits
            trouble = 'wadjet_memory takes limit="50 MB", leaks=0 or both'
        pytest.fail(trouble, pytrace=False)


def _size(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):
        return parse_size(value)
    if isinstance(value, int) and value >= 0:
        return value
    raise ValueError(f"{value!r} is no size")


def watched(item: pytest.Item, marker: pytest.Mark) -> Generator[None, Any, Any]:
    """Run a test within a hook of pytest's, and fail it if it uses more than it may."""
    limits = Limits.of(marker)
    try:
        watch = _watch()
    except (WadjetError, ImportError) as error:
        item.warn(pytest.PytestWarning(f"wadjet_memory: not watched, for {error}"))
        return (yield)
    try:
        result = yield
        settle()
    finally:
        profile = watch.stop()
    _check_peak(item, limits, profile)
    _check_leaks(item, limits, profile)
    return result


def _watch() -> Watch:
    from wadjet.observe.memory.inprocess import Watch  # where the core is there at all

    settle()
    return Watch()


def _check_peak(item: pytest.Item, limits: Limits, profile: Profile) -> None:
    peak = fold(profile, PEAK.name).total
    if limits.peak is None or peak <= limits.peak:
        return
    head = f"{item.name} had {size(peak)} at its peak, where {size(limits.peak)} are allowed:"
    pytest.fail(
        "\n".join([head, *_rows(Counter(dict(_charges(profile, PEAK.name))))]), pytrace=False
    )


def _check_leaks(item: pytest.Item, limits: Limits, first: Profile) -> None:
    if limits.leaks is None or _sum(_kept(first)) <= limits.leaks:
        return
    once = _kept(_runs(item, 1))
    if _sum(once) <= limits.leaks:
        return
    again = _kept(_runs(item, 1 + MORE))
    leaks = Counter({place: (value - once[place]) // MORE for place, value in again.items()})
    leaks = +leaks
    if _sum(leaks) > limits.leaks:
        allowed = size(limits.leaks) if limits.leaks else "nothing"
        head = (
            f"{item.name} leaves {size(_sum(leaks))} behind each time it runs, where {allowed} "
            "is allowed:"
        )
        pytest.fail("\n".join([head, *_rows(leaks)]), pytrace=False)


def _runs(item: pytest.Item, times: int) -> Profile:
    watch = _watch()
    try:
        for _ in range(times):
            item.runtest()
        settle()
    finally:
        profile = watch.stop()
    return profile


def _kept(profile: Profile) -> Counter[Place]:
    return Counter(dict(_charges(profile, LIVE.name)))


def _sum(places: Counter[Place]) -> int:
    return sum(places.values())


def _charges(profile: Profile, metric: str) -> list[tuple[Place, int]]:
    """Return what lines of the tests and the program are charged with; not what we use."""
    return [
        (place, value)
        for place, value in by_line(profile, metric)
        if place.file and not place.file.startswith(_WADJET)
    ]


def _rows(places: Counter[Place]) -> list[str]:
    rows = []
    for place, value in places.most_common(_SHOWN):
        text = linecache.getline(place.file, place.line).strip()
        where = f"{_near(place.file)}:{place.line}"
        rows.append(f"{size(value):>11}  {where}" + (f"  {text}" if text else f"  {place.label}"))
    more = len(places) - _SHOWN
    return rows + ([f"{'':>11}  and {more} more"] if more > 0 else [])


def _near(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file
