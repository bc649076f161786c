"""Rules about places: whose the peak is, and who asks for much in vain."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator

from wadjet.model import charge, columns, totals
from wadjet.model.finding import Finding, Level, Place
from wadjet.model.memory import ALLOCATED, LIVE, PEAK, REQUESTS
from wadjet.model.origin import library
from wadjet.model.units import percent, size
from wadjet.observe.memory.diagnosis.evidence import MIB, Evidence
from wadjet.observe.memory.diagnosis.treatments import for_library, for_line

WORTH = 16 * MIB
"""A peak at one place that is less than this is nobody's trouble."""

LINE = 0.35
"""A line is told if it surely has this much of the peak."""

SERIOUS = 0.60
"""From here on, and from LARGE on, it is a warning."""

LARGE = 100 * MIB

LIBRARY = 0.50
"""A library is told if it surely has this much of the peak."""

TURNS = 20
"""Churn is to ask in all for so many times the peak..."""

RATE = 500 * MIB
"""...and for so many bytes a second."""

CHURN = 0.30
"""A line is told if it surely asks for this much of all."""

BIG = 128 * 1024
"""Blocks from this size on come fresh from the system, and cost a page fault for each page."""

_ALLOCATORS = re.compile(r"(libc|libm|ld-linux|libstdc\+\+|libpthread|libpython|python\d|wadjet_)")
_NOBODY = ("the program", "Python's library", "(not known)")


def peak_line(evidence: Evidence) -> Iterator[Finding]:
    """Much of the peak was asked for at one line.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS).sample(["load app.py:7"], peak=150 * MIB)
    >>> profile = made.sample(["serve app.py:9"], peak=50 * MIB).build(memory={"mean": 0})
    >>> [found] = peak_line(Evidence(profile))
    >>> found.message
    '75 % of the memory at the peak (150.0 MiB of 200.0 MiB) was asked for at one line: `load` \
(app.py:7).'
    """
    for place, value in evidence.charged(PEAK)[:1]:
        share = evidence.share_of_line(PEAK, place, value)
        if value < WORTH or share.low < LINE:
            return
        code, whole = evidence.text(place), evidence.fold(PEAK).total
        serious = share.low >= SERIOUS and value >= LARGE
        yield Finding(
            rule="peak-line",
            level=Level.WARNING if serious else Level.NOTE,
            message=f"{percent(share.value)} of the memory at the peak ({size(value)} of "
            f"{size(whole)}) was asked for at one line: {evidence.named(place)}"
            + (f", `{code}`." if code else "."),
            place=place,
            treatment=for_line(code, evidence.leaves(place, PEAK)),
            weight=share.value,
        )


def peak_library(evidence: Evidence) -> Iterator[Finding]:
    """Much of the peak was asked for within one library.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> file = "/env/lib/python3.11/site-packages/lxml/etree.cpython-311-x86_64-linux-gnu.so"
    >>> made = Builder(METRICS).sample(["load app.py:7", f"xmlParse {file}:0"], peak=150 * MIB)
    >>> profile = made.sample(["f app.py:9"], peak=50 * MIB).build(memory={"mean": 0})
    >>> [found] = peak_library(Evidence(profile))
    >>> found.message
    '75 % of the memory at the peak (150.0 MiB) was asked for within lxml.etree (C), most of it \
for `load` (app.py:7).'
    """
    buyers = _buyers(evidence, totals.by_node(evidence.profile, PEAK.name))
    sums = {name: sum(places.values()) for name, places in buyers.items()}
    for name, value in sorted(sums.items(), key=lambda item: -item[1])[:1]:
        doubts = _buyers(evidence, evidence.doubts(PEAK))
        share = evidence.share(PEAK, value, sum(doubts[name].values()))
        if name in _NOBODY or value < WORTH or share.low < LIBRARY:
            return
        [(place, _)] = buyers[name].most_common(1)
        yield Finding(
            rule="peak-library",
            level=Level.NOTE,
            message=f"{percent(share.value)} of the memory at the peak ({size(value)}) was asked "
            f"for within {name}, most of it for {evidence.named(place)}.",
            place=place,
            treatment=for_library(name),
            weight=share.value,
        )


def _home(file: str) -> str:
    """Return the library a function belongs to, nothing for what serves every other one."""
    name = library(file)
    return "" if _ALLOCATORS.match(name) else name


def _buyers(evidence: Evidence, by_node: array[int]) -> dict[str, Counter[Place]]:
    """Return for each library what its nodes have, by the line that it was for."""
    tree = evidence.profile.tree
    names = {"": 0}  # by number; the first stands for what no library is above
    homes = [names.setdefault(_home(each.file), len(names)) for each in tree.functions]
    marks = charge.by_node_of(tree, columns.gather(array("i", homes), tree.frame_function, 0))
    above = columns.gather(marks, columns.nearest(tree.node_parent, marks), 0)
    pairs = columns.fuse(above, len(tree.frame_line), evidence.bearers)
    known, buyers = list(names), defaultdict[str, Counter[Place]](Counter)
    for pair, value in zip(*columns.group(pairs, by_node), strict=True):
        number, frame = divmod(pair, len(tree.frame_line))
        buyers[known[number] or _NOBODY[0]][charge.place_of_frame(tree, frame)] += value
    return buyers


def churn(evidence: Evidence) -> Iterator[Finding]:
    """A line asks again and again for memory that it gives back.

    >>> from wadjet.model.memory import METRICS
    >>> from wadjet.model.profile import Builder
    >>> made = Builder(METRICS).sample(["send app.py:7"], allocated=4096 * MIB, allocations=4096)
    >>> made = made.sample(["f app.py:9"], time=2 * 10**9, peak=8 * MIB)
    >>> [found] = churn(Evidence(made.build(memory={"mean": 0})))
    >>> found.message
    'The program never had more than 8.0 MiB, but asked for 4.0 GiB in all (2.0 GiB a second); \
100 % of that at one line: `send` (app.py:7).'
    """
    whole, peak = evidence.fold(ALLOCATED).total, evidence.fold(PEAK).total
    seconds = evidence.profile.duration / 1e9
    if not seconds or whole < TURNS * peak or whole < RATE * seconds:
        return
    kept = dict(evidence.charged(LIVE))
    for place, value in evidence.charged(ALLOCATED)[:1]:
        share = evidence.share_of_line(ALLOCATED, place, value)
        if share.low < CHURN or kept.get(place, 0) > value / TURNS:
            return
        code = evidence.text(place)
        yield Finding(
            rule="churn",
            level=Level.NOTE,
            message=f"The program never had more than {size(peak)}, but asked for {size(whole)} "
            f"in all ({size(whole / seconds)} a second); {percent(share.value)} of that at one "
            f"line: {evidence.named(place)}" + (f", `{code}`." if code else "."),
            place=place,
            treatment=_less_churn(evidence, place, value),
            weight=share.value / 2,
        )


def _less_churn(evidence: Evidence, place: Place, value: int) -> str:
    requests = dict(evidence.charged(REQUESTS)).get(place, 0)
    each = value // requests if requests else 0
    if each >= BIG:
        return (
            f"Blocks of {size(each)} are got from the system and cleared each time: make the "
            "buffer once and fill it again (`readinto`, `out=`, `memoryview` slices)."
        )
    return (
        "Each is small, but all of them cost time: take what makes them out of the loop, pass "
        "generators and `memoryview` slices on in place of copies, and join pieces once."
    )
